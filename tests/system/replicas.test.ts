import { durationFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  AdminScope,
  AdminService,
  CircuitState,
  StreamPhase,
} from "../../gen/es/steer/admin/v1/admin_service_pb.js";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import { DisconnectPolicy } from "../../gen/es/steer/v1/stream_pb.js";
import { expectOneWithin } from "../support/expect-one-within.ts";
import { createGrpcClient, type GrpcClient, gatewayErrorOf } from "../support/grpc-client.ts";
import { type RedisServer, startRedis } from "../support/redis.ts";
import { ONE_ATTEMPT } from "../support/reset-circuits.ts";
import { type ServiceProcess, startService } from "../support/service.ts";
import { eventually } from "../support/stack.ts";

const { generate, streamGenerate } = GenerationService.method;
const {
  getProviderStatus,
  getRetryMetrics,
  resetCircuit,
  getStreamState,
  listStreamStates,
  cancelStream,
  cleanupStreamStates,
} = AdminService.method;

interface Replica {
  readonly service: ServiceProcess;
  readonly client: GrpcClient;
}

let redis: RedisServer;
let a: Replica;
let b: Replica;

async function startReplica(): Promise<Replica> {
  const service = await startService({
    env: { STEER_STREAM_STORE: redis.url },
    config: `
faults: {allow: true} # because: the simulator shall fail
stream: {store_timeout: 10s} # because: a busy machine is no store that is away
health: {panic: false, ejection: 60s} # because: what one replica opens is looked for at the other
`,
  });
  return { service, client: createGrpcClient(service.grpc) };
}

beforeAll(async () => {
  redis = await startRedis();
  [a, b] = await Promise.all([startReplica(), startReplica()]);
});

afterAll(async () => {
  for (const { client, service } of [a, b]) {
    client.close();
    await service.stop();
  }
  await redis[Symbol.asyncDispose]();
});

const { CLUSTER, REPLICA } = AdminScope;

async function statusAt({ client }: Replica, scope: AdminScope) {
  const response = await client.unary(getProviderStatus, { providers: ["simulator"], scope });
  return { ...response.providers["simulator"], replicaCount: response.replicaCount };
}

/** One call whose only attempt is answered with a fault. */
async function fail({ client }: Replica, fault: Readonly<Record<string, unknown>>) {
  const simulator = { faults: [{ attempt: 1, ...fault }] } as never;
  const spec = {
    model: "simulator",
    prompt: "Hi",
    retry: ONE_ATTEMPT,
    providerOptions: { simulator },
  };
  await client.unary(generate, { spec }).catch(() => {});
}

/** A stream that goes on until somebody ends it, with its error. */
async function openEndless({ client }: Replica) {
  const simulator = { tokens: 100_000, pace_ms: 20 } as never;
  const call = client.stream(streamGenerate, {
    spec: { model: "simulator", prompt: "Hi", providerOptions: { simulator } },
    options: { onDisconnect: DisconnectPolicy.CONTINUE },
  });
  const { promise: id, resolve } = Promise.withResolvers<string>();
  const error = (async () => {
    try {
      for await (const { event } of call) if (event.case === "start") resolve(event.value.streamId);
      return undefined;
    } catch (thrown) {
      return gatewayErrorOf(thrown);
    }
  })();
  return { id: await id, error };
}

it("both replicas are counted, and CLUSTER adds their calls", async () => {
  await eventually(async () => (await statusAt(a, CLUSTER)).replicaCount === 2);
  for (let call = 0; call < 3; call++) await fail(b, { status: 400 });
  await fail(a, { status: 400 });
  await eventually(async () => (await statusAt(a, CLUSTER)).totalRequests === 4n);
  await eventually(async () => (await statusAt(b, CLUSTER)).totalRequests === 4n);
  expect(await statusAt(a, REPLICA)).toMatchObject({ totalRequests: 1n, replicaCount: 1 });
  expect(await statusAt(b, REPLICA)).toMatchObject({ totalRequests: 3n, replicaCount: 1 });
  await eventually(async () => {
    const { total, replicaCount } = await a.client.unary(getRetryMetrics, { scope: CLUSTER });
    return replicaCount === 2 && total?.requests === 4n;
  });
});

it("a circuit that is open at one replica is seen from the other, and reset from there", async () => {
  // Failures of one moment are a blip: they go on until they are an outage.
  await eventually(async () => {
    await fail(b, { status: 503 });
    return (await statusAt(b, REPLICA)).circuit?.state === CircuitState.OPEN;
  });
  expect((await statusAt(a, REPLICA)).circuit?.state).toBe(CircuitState.CLOSED);
  await eventually(async () => (await statusAt(a, CLUSTER)).circuit?.state === CircuitState.OPEN);
  const own = { provider: "simulator", scope: REPLICA };
  await a.client.unary(resetCircuit, own);
  expect((await statusAt(b, REPLICA)).circuit?.state).toBe(CircuitState.OPEN);
  await a.client.unary(resetCircuit, { provider: "simulator", scope: CLUSTER });
  await eventually(async () => (await statusAt(b, REPLICA)).circuit?.state === CircuitState.CLOSED);
});

it("A-52: a cooldown holds at the other replica within 250 ms", async () => {
  const cooling = async (): Promise<boolean> => {
    const { cooldownEndTime } = await statusAt(b, REPLICA);
    return cooldownEndTime !== undefined && timestampMs(cooldownEndTime) > Date.now() + 20_000;
  };
  await expectOneWithin(250, async () => {
    await fail(a, { status: 429, headers: { "retry-after": "30" } });
    const told = performance.now();
    await eventually(cooling);
    const took = performance.now() - told;
    await a.client.unary(resetCircuit, { provider: "simulator", scope: CLUSTER });
    await eventually(async () => !(await cooling()));
    return took;
  });
});

it("a stream is listed and shown by the replica that does not own it, and cancelled with a note", async () => {
  const { id, error } = await openEndless(b);
  const [line] = b.service.log;
  await eventually(async () => {
    const { streamState } = await a.client.unary(getStreamState, { streamId: id });
    return streamState?.phase === StreamPhase.RUNNING;
  });
  const running = { phases: [StreamPhase.RUNNING] };
  const { streamStates } = await a.client.unary(listStreamStates, running);
  expect(streamStates).toMatchObject([
    { streamId: id, owner: line?.["replica"], ownerEpoch: 1, subscriberCount: 0 },
  ]);
  const cancelled = await a.client.unary(cancelStream, { streamId: id, note: "from elsewhere" });
  expect(cancelled).toMatchObject({
    cancelled: true,
    streamState: { phase: StreamPhase.CANCELLED },
  });
  expect(await error).toMatchObject({ reason: "CANCELLED_BY_OPERATOR" });
  expect((await error)?.message).toContain("from elsewhere");
});

it("a page token of one replica leads on at the other, and a cleanup is for all", async () => {
  for (let index = 0; index < 3; index++) {
    const call = (index === 1 ? b : a).client.stream(streamGenerate, {
      spec: { model: "simulator", prompt: "Hi" },
    });
    for await (const _ of call);
  }
  const first = await a.client.unary(listStreamStates, { pageSize: 2 });
  const second = await b.client.unary(listStreamStates, { pageToken: first.nextPageToken });
  const all = await a.client.unary(listStreamStates, {});
  const ids = [...first.streamStates, ...second.streamStates].map(({ streamId }) => streamId);
  expect(ids).toEqual(all.streamStates.map(({ streamId }) => streamId));
  const cleanup = { olderThan: durationFromMs(0) };
  const { deletedCount } = await a.client.unary(cleanupStreamStates, cleanup);
  expect(deletedCount).toBe(BigInt(ids.length));
  expect((await b.client.unary(listStreamStates, {})).streamStates).toEqual([]);
});

it("a replica that was lost is not counted, its streams are orphaned and end", async () => {
  const lost = await startReplica();
  await eventually(async () => (await statusAt(a, CLUSTER)).replicaCount === 3);
  const { id } = await openEndless(lost);
  await eventually(async () => {
    const { streamState } = await a.client.unary(getStreamState, { streamId: id });
    return streamState?.phase === StreamPhase.RUNNING;
  });
  lost.service.signal("SIGKILL");
  lost.client.close();
  await eventually(async () => (await statusAt(a, CLUSTER)).replicaCount === 2);
  await eventually(async () => {
    const { streamState } = await a.client.unary(getStreamState, { streamId: id });
    return streamState?.error?.reason === "OWNER_LOST" && streamState.ownerEpoch === 2;
  });
});

it("while the store is away CLUSTER is the replica that answers, and streams cannot be listed", async () => {
  await redis.kill();
  await eventually(async () => (await statusAt(a, CLUSTER)).replicaCount === 1);
  const listed = await a.client.unary(listStreamStates, {}).catch(gatewayErrorOf);
  expect(listed).toMatchObject({ reason: "STORE_UNAVAILABLE", retryable: true });
  await redis.start();
  await eventually(async () => (await statusAt(a, CLUSTER)).replicaCount === 2);
});
