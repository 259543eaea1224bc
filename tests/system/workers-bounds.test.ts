// What bounds the load of a target, and what is known of it, is one for all workers of a command.
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  AdminScope,
  AdminService,
  CircuitState,
} from "../../gen/es/steer/admin/v1/admin_service_pb.js";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import { createGrpcClient, type GrpcClient } from "../support/grpc-client.ts";
import {
  type HttpUpstream,
  type SeenRequest,
  startHttpUpstream,
} from "../support/http-upstream.ts";
import { ONE_ATTEMPT } from "../support/reset-circuits.ts";
import { eventually } from "../support/stack.ts";
import { startWorkers, type Workers } from "../support/workers.ts";

const WORKERS = 2;
const PLACES = 8;
const CALLS = 80;

const { generate } = GenerationService.method;
const { getProviderStatus, resetCircuit } = AdminService.method;

/** A provider that keeps requests until they are released. */
class Provider {
  readonly #held: SeenRequest[] = [];
  most = 0;
  isBroken = false;

  readonly answer = (seen: SeenRequest): void => {
    if (this.isBroken) return void seen.response.writeHead(500).end();
    this.#held.push(seen);
    this.most = Math.max(this.most, this.#held.length);
  };

  get running(): number {
    return this.#held.length;
  }

  /** Answers the oldest request. */
  release(): void {
    const choices = [{ message: { role: "assistant", content: "ok" }, finish_reason: "stop" }];
    const body = JSON.stringify({ id: "x", model: "m", choices });
    this.#held.shift()?.response.writeHead(200, { "content-type": "application/json" }).end(body);
  }
}

let provider: Provider;
let upstream: HttpUpstream;
let service: Workers;
/** One connection to each worker: the primary hands them out in turn. */
let clients: readonly GrpcClient[];

beforeAll(async () => {
  provider = new Provider();
  upstream = await startHttpUpstream(provider.answer);
  service = await startWorkers(WORKERS, {
    config: `
providers:
  - {id: held, type: openai, api: chat, base_url: "${upstream.baseUrl}", api_key_env: HELD_KEY}
models:
  - id: m
    provider: held
    limit: {max_in_flight: ${PLACES}, queue_wait: 600s} # because: few calls shall reach the bound, and none of them wait in vain
`,
    env: { HELD_KEY: "none" },
  });
  clients = await Promise.all(Array.from({ length: WORKERS }, (_, index) => clientOf(index)));
});

afterAll(async () => {
  for (const client of clients) client.close();
  await service[Symbol.asyncDispose]();
  await upstream[Symbol.asyncDispose]();
});

/** A client whose connection is at this worker. */
async function clientOf(worker: number): Promise<GrpcClient> {
  for (;;) {
    const client = createGrpcClient(service.grpc);
    // The line of a call can come after lines of later calls: each call has a name of its own.
    const name = randomUUID();
    const metadata = { "x-request-id": name };
    await client.unary(getProviderStatus, { scope: AdminScope.REPLICA }, { metadata });
    const line = () => service.lines("call").find((call) => call["x_request_id"] === name);
    await eventually(() => line() !== undefined);
    if (line()?.["worker"] === worker) return client;
    client.close();
  }
}

function call(client: GrpcClient): Promise<unknown> {
  return client.unary(generate, { spec: { model: "m", prompt: "Hi", retry: ONE_ATTEMPT } });
}

async function statusOf(client: GrpcClient) {
  const { providers } = await client.unary(getProviderStatus, { scope: AdminScope.REPLICA });
  return providers["held"];
}

describe("two workers", () => {
  it("send no more calls at a time to a target than one process may, and no fewer", async () => {
    const [first, second] = clients;
    if (first === undefined || second === undefined) throw new Error("no clients");
    // All calls of this target come by one connection, and the other worker lends its places.
    const calls = Array.from({ length: CALLS }, () => call(first));
    await eventually(() => provider.running === PLACES);
    // Then by both.
    calls.push(...Array.from({ length: CALLS }, () => call(second)));
    for (let left = calls.length; left > 0; left--) {
      await eventually(() => provider.running === Math.min(PLACES, left));
      provider.release();
    }
    await Promise.all(calls);
    expect(provider.most).toBe(PLACES);
  });

  it("are one replica for operators, with one limit", async () => {
    const expected = { totalRequests: BigInt(2 * CALLS), concurrencyLimit: 512 };
    for (const client of clients) {
      await eventually(async () => (await statusOf(client))?.totalRequests === BigInt(2 * CALLS));
      expect(await statusOf(client)).toMatchObject(expected);
    }
  });

  it("send nothing more to a target whose circuit one of them has opened, and reset it together", async () => {
    const [first, second] = clients;
    if (first === undefined || second === undefined) throw new Error("no clients");
    provider.isBroken = true;
    const isOpen = () => service.lines("circuit").some(({ state }) => state === "open");
    while (!isOpen()) await call(first).catch(() => {});
    expect(service.lines("circuit")).toMatchObject([{ worker: 0, state: "open" }]);
    await eventually(async () => (await statusOf(second))?.circuit?.state === CircuitState.OPEN);
    await second.unary(resetCircuit, { provider: "held", scope: AdminScope.REPLICA });
    await eventually(async () => (await statusOf(first))?.circuit?.state === CircuitState.CLOSED);
    await expect(call(first)).rejects.toThrow("500");
  });
});
