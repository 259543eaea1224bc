// What the store in memory counts is what it holds: one that is full leaves the process its heap.
import { execFile } from "node:child_process";
import { type ClientHttp2Session, connect } from "node:http2";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { AdminService } from "../../gen/es/steer/admin/v1/admin_service_pb.js";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import { createGrpcClient } from "../support/grpc-client.ts";
import { heldBy } from "../support/inspected.ts";
import { rawCall, statusOf } from "../support/raw-grpc.ts";
import { type ServiceProcess, startService } from "../support/service.ts";

const MIB = 1024 * 1024;
const MAX_RATIO = 1.3;
/** What the code of a service, and its caches, may grow by beside what is stored. */
const SERVICE_SLACK = 6 * MIB;
const HEAP = "--max-old-space-size=128";

const MAIN = join(import.meta.dirname, "../support/held-memory-main.ts");
const run = promisify(execFile);

describe("field:S19: what the store counts, beside what its process holds", () => {
  it.each([
    "many tiny streams",
    "few huge streams",
    "streams that run",
    "streams that have only begun",
    "big requests",
    "big details",
    "keys",
    "what is known of expired streams",
  ])("%s", async (kind) => {
    const { stdout } = await run(process.execPath, ["--expose-gc", MAIN, kind]);
    const { counted, held } = JSON.parse(stdout) as { counted: number; held: number };
    expect(counted).toBeGreaterThan(8 * MIB);
    expect(held / counted).toBeLessThanOrEqual(MAX_RATIO);
    // And nothing is counted that is not there: the bound would waste the rest.
    expect(held / counted).toBeGreaterThan(0.6);
  });
});

/** Streams of 4,000 small events, one after another. */
async function generate(session: ClientHttp2Session, streams: number): Promise<void> {
  const request = {
    spec: {
      model: "simulator",
      prompt: "Hi",
      providerOptions: { simulator: { tokens: 4_000 } },
    },
    options: { omitFinalMessage: true },
  };
  for (let index = 0; index < streams; index++) {
    const answer = await rawCall(session, GenerationService.method.streamGenerate, request);
    expect(statusOf(answer)).toBe("0");
  }
}

/** Sizes of the events of the streams that can be replayed, the newest first. */
async function storedBytes(service: ServiceProcess): Promise<number[]> {
  const client = createGrpcClient(service.grpc);
  const sizes: number[] = [];
  for (let pageToken = ""; ; ) {
    const page = await client.unary(AdminService.method.listStreamStates, { pageToken });
    sizes.push(...page.streamStates.map((state) => Number(state.storedBytes)));
    pageToken = page.nextPageToken;
    if (pageToken === "") break;
  }
  client.close();
  return sizes;
}

const sum = (sizes: readonly number[]): number => sizes.reduce((total, size) => total + size, 0);

describe("field:S19: a service with a heap of 128 MiB", () => {
  const start = async (config = "") => {
    const service = await startService({
      env: { NODE_OPTIONS: `--inspect-port=0 ${HEAP}` },
      config,
    });
    return { service, session: connect(`http://${service.grpc}`) };
  };

  it("holds 3 MiB of small events in hardly more memory than that", {
    timeout: 240_000,
  }, async () => {
    const { service, session } = await start();
    await generate(session, 5);
    const before = await heldBy(service);
    const stored = sum(await storedBytes(service));
    while (sum(await storedBytes(service)) < stored + 3 * MIB) await generate(session, 20);
    const after = await heldBy(service);
    const added = sum(await storedBytes(service)) - stored;
    expect(after.held - before.held).toBeLessThan(added * MAX_RATIO + SERVICE_SLACK);
    session.close();
    await service.stop();
  });

  it("lives on far beyond its bound, and keeps the newest", { timeout: 240_000 }, async () => {
    const bound = 2 * MIB;
    const { service, session } = await start(
      "stream: {max_total_bytes: 2MiB} # because: fifty answers fill it",
    );
    await generate(session, 5);
    const before = await heldBy(service);
    await generate(session, 50);
    const after = await heldBy(service);
    const sizes = await storedBytes(service);
    expect(sizes.length).toBeLessThan(25);
    expect(sum(sizes)).toBeGreaterThan(bound * 0.7);
    expect(sum(sizes)).toBeLessThan(bound);
    expect(after.held - before.held).toBeLessThan(bound * MAX_RATIO + SERVICE_SLACK);
    session.close();
    await service.stop();
  });
});
