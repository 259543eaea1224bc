import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import { DisconnectPolicy } from "../../gen/es/steer/v1/stream_pb.js";
import { createGrpcClient, type GrpcClient } from "../support/grpc-client.ts";
import { isNightly } from "../support/nightly.ts";
import { openFiles, residentMiB } from "../support/process-figures.ts";
import { type ServiceProcess, startService } from "../support/service.ts";
import { eventually } from "../support/stack.ts";

const { generate, streamGenerate } = GenerationService.method;
/** A start takes 40 MiB of it. */
const HEAP_MIB = 192;
const SMALL_HEAP = { NODE_OPTIONS: `--max-old-space-size=${HEAP_MIB}` };
/** Each request is a kilobyte and more: the heap has been filled some times by then. */
const REQUESTS = isNightly ? 100_000 : 25_000;
const spec = { model: "simulator", prompt: "Hi" };

let service: ServiceProcess;
let client: GrpcClient;

beforeAll(async () => {
  service = await startService({ env: SMALL_HEAP });
  client = createGrpcClient(service.grpc);
});

afterAll(async () => {
  client.close();
  await service.stop();
});

/** So many calls, some at a time. */
async function inTurn(calls: number, width: number, call: () => Promise<unknown>): Promise<void> {
  let left = calls;
  const lane = async (): Promise<void> => {
    while (left > 0) {
      left--;
      await call();
    }
  };
  await Promise.all(Array.from({ length: width }, lane));
}

async function readStream(by: GrpcClient): Promise<void> {
  const options = { omitFinalMessage: true };
  for await (const _ of by.stream(streamGenerate, { spec, options }));
}

describe("A-5: a thousand cancelled streams", () => {
  const slow = { ...spec, providerOptions: { simulator: { tokens: 400, pace_ms: 50 } } };
  const endings = {
    stored: { onDisconnect: DisconnectPolicy.CANCEL },
    ephemeral: { ephemeral: true },
  };

  async function cancelThousand(connections: number, kind: keyof typeof endings): Promise<void> {
    const clients = Array.from({ length: connections }, () => createGrpcClient(service.grpc));
    for (let round = 0; round < 1_000 / (connections * 25); round++) {
      const streams = clients.flatMap((each) =>
        Array.from({ length: 25 }, () =>
          each.stream(streamGenerate, { spec: slow, options: endings[kind] }),
        ),
      );
      await Promise.all(streams.map(({ headers }) => headers));
      for (const stream of streams) stream.cancel();
      await client.unary(generate, { spec });
    }
    for (const each of clients) each.close();
  }

  beforeAll(async () => {
    await client.unary(generate, { spec });
    const before = openFiles(service.pid);
    // The heap of a new process finds its size first.
    await cancelThousand(4, "stored");
    await eventually(() => openFiles(service.pid) <= before + 1);
  });

  it.each([
    [4, "stored"],
    [1, "stored"],
    [4, "ephemeral"],
    [1, "ephemeral"],
  ] as const)(
    "over %i connections, %s: nothing is left, other calls are unharmed",
    async (connections, kind) => {
      const before = openFiles(service.pid);
      const memory = residentMiB(service.pid);
      await cancelThousand(connections, kind);
      await eventually(() => openFiles(service.pid) <= before + 1);
      expect(residentMiB(service.pid) - memory).toBeLessThan(100);
      expect(service.log.filter(({ event }) => event === "defect")).toEqual([]);
    },
  );
});

it("A-63: ten thousands of requests go through a small heap", { timeout: 600_000 }, async () => {
  // V8 lets a heap grow for as long as there is memory. In one that cannot grow, what each request
  // left behind would end the process long before the last of them.
  const small = await startService({
    env: SMALL_HEAP,
  });
  const own = createGrpcClient(small.grpc);
  const files = openFiles(small.pid);
  await inTurn(REQUESTS * 0.96, 32, () => own.unary(generate, { spec }));
  await inTurn(REQUESTS * 0.04, 32, () => readStream(own));
  expect(residentMiB(small.pid)).toBeLessThan(HEAP_MIB + 250);
  expect(openFiles(small.pid)).toBeLessThanOrEqual(files + 1);
  own.close();
  await small.stop();
});
