// A caller that a reload removes has no call, no reader and no generation left, at any replica.
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { afterEach, describe, expect, it } from "vitest";
import { AdminService, StreamPhase } from "../../gen/es/steer/admin/v1/admin_service_pb.js";
import { GatewayErrorSchema } from "../../gen/es/steer/v1/error_pb.js";
import {
  GenerationService,
  TokenCountMethod,
} from "../../gen/es/steer/v1/generation_service_pb.js";
import { DisconnectPolicy, type StreamEvent } from "../../gen/es/steer/v1/stream_pb.js";
import { createGrpcClient, type GrpcClient, gatewayErrorOf } from "../support/grpc-client.ts";
import { startRedis } from "../support/redis.ts";
import { startReloadableStack } from "../support/reloadable-stack.ts";
import { type ServiceProcess, startService } from "../support/service.ts";
import { eventually } from "../support/stack.ts";

const { generate, streamGenerate, resumeStream, countTokens } = GenerationService.method;
const REVOKED = { code: 16, reason: "CREDENTIALS_REVOKED" };

const sha256 = (key: string): string => createHash("sha256").update(key).digest("hex");
const caller = (id: string, key = id, role = "caller"): string =>
  `  - {id: ${id}, role: ${role}, key_sha256: ${sha256(key)}}\n`;
const OPERATOR = caller("ops", "ops", "operator");

const as = (key: string) => ({ metadata: { authorization: `Bearer ${key}` } });

/** A request that goes on until somebody ends it. */
const endless = {
  model: "simulator",
  prompt: "Hi",
  providerOptions: { simulator: { tokens: 100_000, pace_ms: 20 } } as never,
};
const brief = { model: "simulator", prompt: "Hi" };
/** The same, answered as a whole after a long time. */
const slow = { ...brief, providerOptions: { simulator: { first_token_ms: 25_000 } } as never };

interface Replica {
  readonly service: ServiceProcess;
  readonly client: GrpcClient;
  /** Changes the callers and waits until they are in force. */
  reload(callers: string): Promise<void>;
}

const cleanups: (() => PromiseLike<void>)[] = [];

afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

async function startReplica(callers: string, store = "memory"): Promise<Replica> {
  const folder = mkdtempSync(join(tmpdir(), "steer-callers-"));
  const file = join(folder, "steer.yaml");
  const write = (text: string): void =>
    writeFileSync(file, text === "" ? "{}\n" : `callers:\n${text}`);
  write(callers);
  const env = { STEER_CONFIG: file, STEER_STREAM_STORE: store };
  const service = await startService({ env });
  const client = createGrpcClient(service.grpc);
  cleanups.push(async () => {
    client.close();
    await service.stop();
    rmSync(folder, { recursive: true });
  });
  const reloads = () => service.log.filter(({ event }) => event === "reloaded").length;
  return {
    service,
    client,
    async reload(next) {
      const before = reloads();
      write(next);
      service.signal("SIGHUP");
      await eventually(() => reloads() > before);
    },
  };
}

interface Reading {
  readonly events: StreamEvent[];
  /** Code and reason of its end. */
  readonly end: Promise<{ readonly code: number | undefined; readonly reason: string | undefined }>;
}

function endOf(error: unknown) {
  if (error instanceof ConnectError) {
    return { code: error.code as number, reason: error.findDetails(GatewayErrorSchema)[0]?.reason };
  }
  const { code } = error as { code?: number };
  return { code, reason: gatewayErrorOf(error)?.reason };
}

function read(messages: AsyncIterable<StreamEvent>): Reading {
  const events: StreamEvent[] = [];
  const end = (async () => {
    try {
      for await (const event of messages) events.push(event);
      return { code: 0, reason: undefined };
    } catch (error) {
      return endOf(error);
    }
  })();
  return { events, end };
}

const failure = (call: Promise<unknown>) => call.then(() => ({ code: 0 }), endOf);

/** A stream of a caller, once it delivers. */
async function open({ client }: Replica, key: string, options: object = {}): Promise<Reading> {
  const reading = read(client.stream(streamGenerate, { spec: endless, options }, as(key)));
  await delivers(reading);
  return reading;
}

async function delivers({ events, end }: Reading): Promise<void> {
  const before = events.length;
  const more = eventually(() => events.length > before + 1);
  await Promise.race([
    more,
    end.then((ended) => Promise.reject(new Error(`it has ended: ${JSON.stringify(ended)}`))),
  ]);
}

function idOf({ events }: Reading): string {
  const [first] = events;
  return first?.event.case === "start" ? first.event.value.streamId : "";
}

/** Calls of every kind that a caller can have at a replica. */
async function callsOf(replica: Replica, key: string) {
  const { client, service } = replica;
  const begun = await open(replica, key);
  const ephemeral = await open(replica, key, { ephemeral: true });
  const resumed = read(client.stream(resumeStream, { streamId: idOf(begun) }, as(key)));
  const { authorization } = as(key).metadata;
  const overConnect = read(
    createClient(
      GenerationService,
      createConnectTransport({ baseUrl: service.http, httpVersion: "1.1" }),
    ).streamGenerate({ spec: endless } as never, { headers: { authorization } }),
  );
  for (const reading of [resumed, overConnect]) await delivers(reading);
  const unary = failure(client.unary(generate, { spec: slow }, as(key)));
  const keyed = { spec: slow, requestId: `request-of-${key}` };
  const stored = failure(client.unary(generate, keyed, as(key)));
  const joined = failure(client.unary(generate, keyed, as(key)));
  const { getProviderStatus } = AdminService.method;
  // All of them run: each call of another kind has one generation, and the last joins the one before.
  await eventually(async () => {
    const { providers } = await client.unary(getProviderStatus, {}, as("ops"));
    return (providers["simulator"]?.inFlight ?? 0) >= 5;
  });
  return {
    streams: { begun, ephemeral, resumed, overConnect },
    unary: { unary, stored, joined },
  };
}

async function phaseOf({ client }: Replica, streamId: string) {
  const { streamState } = await client.unary(
    AdminService.method.getStreamState,
    { streamId },
    as("ops"),
  );
  return streamState?.phase;
}

describe("field:X20: a caller that is removed", () => {
  it("has all its calls ended with UNAUTHENTICATED, and others have none", async () => {
    const replica = await startReplica(caller("a") + caller("b") + OPERATOR);
    const ofA = await callsOf(replica, "a");
    const ofB = await callsOf(replica, "b");
    await replica.reload(caller("b") + OPERATOR);
    for (const [name, { end }] of Object.entries(ofA.streams)) {
      expect(await end, name).toEqual(REVOKED);
    }
    for (const [name, end] of Object.entries(ofA.unary)) expect(await end, name).toEqual(REVOKED);
    for (const reading of Object.values(ofB.streams)) await delivers(reading);
    expect(await failure(replica.client.unary(generate, { spec: brief }, as("a")))).toMatchObject({
      code: 16,
      reason: "CREDENTIALS_INVALID",
    });
    await eventually(async () => {
      const phase = await phaseOf(replica, idOf(ofA.streams.begun));
      return phase === StreamPhase.CANCELLED;
    });
    expect(await phaseOf(replica, idOf(ofB.streams.begun))).toBe(StreamPhase.RUNNING);
  });

  it("has no generation left that nobody reads", async () => {
    const replica = await startReplica(caller("a") + OPERATOR);
    const call = replica.client.stream(
      streamGenerate,
      { spec: endless, options: { onDisconnect: DisconnectPolicy.CONTINUE } },
      as("a"),
    );
    const reading = read(call);
    await delivers(reading);
    call.cancel();
    await reading.end;
    await replica.reload(OPERATOR);
    await eventually(async () => {
      return (await phaseOf(replica, idOf(reading))) === StreamPhase.CANCELLED;
    });
  });

  it("has no generation left although the store is away", async () => {
    const redis = await startRedis();
    cleanups.push(() => redis[Symbol.asyncDispose]());
    const replica = await startReplica(caller("a") + OPERATOR, redis.url);
    const reading = await open(replica, "a", { onDisconnect: DisconnectPolicy.CONTINUE });
    await redis.stop();
    await replica.reload(OPERATOR);
    expect(await reading.end).toEqual(REVOKED);
    await eventually(async () => {
      const { getProviderStatus } = AdminService.method;
      const { providers } = await replica.client.unary(getProviderStatus, {}, as("ops"));
      return providers["simulator"]?.inFlight === 0;
    });
  });

  it("has no call left that is no generation", async () => {
    const callers = (text: string) => ({ more: `callers:\n${text}` });
    const on = await startReloadableStack(callers(caller("a") + OPERATOR));
    cleanups.push(() => on[Symbol.asyncDispose]());
    on.upstream.hold();
    const request = {
      spec: { model: "claude", prompt: "Hi" },
      method: TokenCountMethod.PROVIDER,
    };
    const count = failure(on.client.unary(countTokens, request, as("a")));
    await on.received(1);
    await on.reload(callers(OPERATOR));
    expect(await count).toEqual(REVOKED);
    await eventually(() => on.upstream.requests[0]?.closedAt !== undefined);
  });

  it("is the machine itself, where the first callers are configured", async () => {
    const replica = await startReplica("");
    const reading = read(replica.client.stream(streamGenerate, { spec: endless }));
    await delivers(reading);
    await replica.reload(OPERATOR);
    expect(await reading.end).toEqual(REVOKED);
  });

  it("has none left at another replica, which still knows the caller", async () => {
    const redis = await startRedis();
    cleanups.push(() => redis[Symbol.asyncDispose]());
    const callers = caller("a") + caller("b") + OPERATOR;
    const [here, there] = await Promise.all([
      startReplica(callers, redis.url),
      startReplica(callers, redis.url),
    ]);
    const written = await open(there, "a", { onDisconnect: DisconnectPolicy.CONTINUE });
    const other = await open(there, "b");
    // The stream of the other replica, read at this one.
    const readHere = read(here.client.stream(resumeStream, { streamId: idOf(written) }, as("a")));
    await delivers(readHere);
    await here.reload(caller("b") + OPERATOR);
    expect(await readHere.end).toEqual(REVOKED);
    // Its reader there is told the same by the stream itself.
    expect(await written.end).toEqual(REVOKED);
    expect(written.events.at(-1)?.event.case).toBe("error");
    expect(await phaseOf(here, idOf(written))).toBe(StreamPhase.CANCELLED);
    await delivers(other);
  });
});

describe("a caller that stays", () => {
  it.each([
    ["with another key", caller("a", "new-key"), "new-key"],
    ["with another role", caller("a", "a", "operator"), "a"],
  ])("keeps its calls: %s", async (_name, next, key) => {
    const replica = await startReplica(caller("a") + OPERATOR);
    const { streams } = await callsOf(replica, "a");
    await replica.reload(next + OPERATOR);
    for (const reading of Object.values(streams)) await delivers(reading);
    await replica.client.unary(generate, { spec: brief }, as(key));
    for (const [name, reading] of Object.entries(streams)) {
      if (name !== "ephemeral") await delivers(reading);
    }
  });
});
