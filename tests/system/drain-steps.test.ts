// The steps of a drain, on a clock that the test moves: real listeners, real clients.
import http from "node:http";
import http2 from "node:http2";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { ErrorCategory } from "../../gen/es/steer/v1/error_pb.js";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import {
  Health,
  HealthCheckResponse_ServingStatus as ServingStatus,
} from "../../gen/service/grpc/health/v1/health_pb.ts";
import { type FrameTap, startFrameTap } from "../support/frame-tap.ts";
import { createGrpcClient, gatewayErrorOf } from "../support/grpc-client.ts";
import { postGenerate } from "../support/post-generate.ts";
import { rawCall, statusOf } from "../support/raw-grpc.ts";
import { eventually } from "../support/stack.ts";
import { startTimedService, type TimedService } from "../support/timed-service.ts";

const { countTokens, generate, streamGenerate } = GenerationService.method;
const SPEC = { model: "simulator", prompt: "Hi" };
const slow = (ms: number) => ({ ...SPEC, providerOptions: { simulator: { first_token_ms: ms } } });
const NOTICE = `goaway ${2 ** 31 - 1}`;

const ends: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

interface Drained {
  readonly service: TimedService;
  readonly tap: FrameTap;
  readonly session: http2.ClientHttp2Session;
  /** Begins the drain; the steps at its start are done when it resolves. */
  begin(): Promise<void>;
  readonly hurry: AbortController;
  readonly isOver: () => boolean;
}

const TESTED = " # because: the setting is what is tested";
/** A connection of a client that repeats nothing, with one call over it. */
async function start(config = ""): Promise<Drained> {
  const service = await startTimedService(config);
  const tap = await startFrameTap(service.grpc);
  const session = http2.connect(`http://${tap.address}`);
  session.on("error", () => {});
  const hurry = new AbortController();
  let isBegun = false;
  let isOver = false;
  const begin = async (): Promise<void> => {
    if (isBegun) return;
    isBegun = true;
    void service.stop(hurry.signal).then(() => {
      isOver = true;
    });
    await service.clock.advance(0);
  };
  ends.push(async () => {
    hurry.abort();
    await begin();
    session.destroy();
    await tap[Symbol.asyncDispose]();
    await eventually(async () => {
      await service.clock.advance(1_000);
      return isOver;
    });
  });
  expect(statusOf(await rawCall(session, generate, { spec: SPEC }))).toBe("0");
  return { service, tap, session, begin, hurry, isOver: () => isOver };
}

async function ready(service: TimedService): Promise<number> {
  const { status } = await fetch(`${service.http}/readyz`, { headers: { connection: "close" } });
  return status;
}

/** Begins a call that takes so long and resolves when the service has admitted it. Clients stay connected for it. */
async function hold({ service, session }: Drained, ms: number) {
  const call = rawCall(session, generate, { spec: slow(ms) });
  // A test can leave it.
  call.catch(() => {});
  // Answers of one connection come in the order of its calls where the later one takes no time.
  expect(statusOf(await rawCall(session, generate, { spec: SPEC }))).toBe("0");
  await service.clock.advance(0);
  return { call };
}

/** A unary call on a connection of its own. */
async function callAnew(service: TimedService): Promise<string | undefined> {
  const session = http2.connect(`http://${service.grpc}`);
  const connected = new Promise((_resolve, reject) => session.once("error", reject));
  try {
    const call = rawCall(session, generate, { spec: SPEC });
    return statusOf(await Promise.race([call, connected.then(() => call)]));
  } finally {
    session.destroy();
  }
}

/** A provider that takes connections and never says a word. */
async function startMute() {
  const sockets: Socket[] = [];
  const server = createServer((socket) => void sockets.push(socket.on("error", () => {})));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  ends.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, connections: () => sockets.length };
}

function refusesConnections(service: TimedService): Promise<boolean> {
  return callAnew(service).then(
    () => false,
    () => true,
  );
}

describe("a drain, step by step", () => {
  it("field:E25 serves old and new connections until GOAWAY, while health says no", async () => {
    const { service, tap, session, begin } = await start();
    const client = createGrpcClient(service.grpc);
    ends.push(() => client.close());
    await begin();
    expect(await ready(service)).toBe(503);
    const { status } = await client.unary(Health.method.check, {});
    expect(status).toBe(ServingStatus.NOT_SERVING);
    await service.clock.advance(1_999);
    expect(statusOf(await rawCall(session, generate, { spec: SPEC }))).toBe("0");
    expect(statusOf(await rawCall(session, streamGenerate, { spec: SPEC }))).toBe("0");
    expect(await callAnew(service)).toBe("0");
    expect(tap.signs).toEqual([[]]);
  });

  it("field:E25 serves calls that are on their way when GOAWAY comes, and names the last of them", async () => {
    const { service, tap, session, begin } = await start();
    await begin();
    tap.hold();
    // Nothing repeats them: they are lost if the connection does not take them.
    const calls = [generate, streamGenerate, generate].map((method) =>
      rawCall(session, method, { spec: SPEC }),
    );
    await service.clock.advance(2_000);
    await eventually(() => tap.signs[0]?.length === 2);
    expect(tap.signs).toEqual([[NOTICE, "ping"]]);
    tap.release();
    expect((await Promise.all(calls)).map(statusOf)).toEqual(["0", "0", "0"]);
    // Streams 1, 3, 5 and 7.
    await eventually(() => tap.signs[0]?.includes("goaway 7") === true);
  });

  it("waits a second for a client that answers no PING", async () => {
    const drained = await start();
    const { service, tap, begin } = drained;
    const { call } = await hold(drained, 20_000);
    await begin();
    tap.hold();
    await service.clock.advance(2_000);
    await eventually(() => tap.signs[0]?.length === 2);
    await service.clock.advance(999);
    expect(tap.signs).toEqual([[NOTICE, "ping"]]);
    await service.clock.advance(1);
    await eventually(() => tap.signs[0]?.includes("goaway 5") === true);
    tap.release();
    await service.clock.advance(20_000);
    expect(statusOf(await call)).toBe("0");
  });

  it("field:E25 serves a connection that comes after GOAWAY, tells it at once, and closes its listeners last", async () => {
    const drained = await start();
    const { service, tap, begin } = drained;
    await hold(drained, 20_000);
    await begin();
    const lateTap = await startFrameTap(service.grpc);
    ends.push(() => lateTap[Symbol.asyncDispose]());
    // The first client keeps the step open.
    tap.hold();
    await service.clock.advance(2_000);
    await eventually(() => tap.signs[0]?.length === 2);
    const late = http2.connect(`http://${lateTap.address}`);
    ends.push(() => late.destroy());
    expect(statusOf(await rawCall(late, generate, { spec: SPEC }))).toBe("0");
    await eventually(() => lateTap.signs[0]?.length === 2);
    expect(lateTap.signs).toEqual([[NOTICE, "ping"]]);
    expect(await ready(service)).toBe(503);
  });

  it("says GOAWAY in the same steps when no call runs, and then ends at once", async () => {
    const { service, tap, begin, isOver } = await start();
    await begin();
    await service.clock.advance(1_999);
    expect([tap.signs, isOver()]).toEqual([[[]], false]);
    await service.clock.advance(1);
    await eventually(isOver);
    expect(tap.signs[0]?.slice(0, 2)).toEqual([NOTICE, "ping"]);
  });

  it("ends at once without a connection", async () => {
    const service = await startTimedService();
    await service.stop();
    await expect(ready(service)).rejects.toThrow();
  });

  it("lets running calls end after GOAWAY and takes no new connection, and ends with the last call", async () => {
    const drained = await start();
    const { service, tap, session, begin, isOver } = drained;
    const stream = rawCall(session, streamGenerate, { spec: slow(20_000) });
    const { call } = await hold(drained, 20_000);
    await begin();
    await service.clock.advance(2_000);
    await eventually(() => tap.signs[0]?.includes("goaway 7") === true);
    await eventually(() => refusesConnections(service));
    await service.clock.advance(17_999);
    expect(isOver()).toBe(false);
    await service.clock.advance(1);
    expect((await Promise.all([stream, call])).map(statusOf)).toEqual(["0", "0"]);
    await eventually(isOver);
  });

  it.each([
    ["the default", "", 2_000, 25_000],
    ["drain.grace", `drain: {notice: 500ms, grace: 3s}${TESTED}`, 500, 3_000],
  ])("gives calls the grace of %s, then a typed end", async (_what, config, noticeMs, graceMs) => {
    const { service, begin, isOver } = await start(config);
    const client = createGrpcClient(service.grpc);
    ends.push(() => client.close());
    const running = client
      .unary(generate, { spec: slow(600_000) })
      .catch((error: unknown) => error);
    let isEnded = false;
    void running.then(() => {
      isEnded = true;
    });
    await client.unary(generate, { spec: SPEC });
    await begin();
    await service.clock.advance(noticeMs);
    await eventually(() => refusesConnections(service));
    await service.clock.advance(graceMs - noticeMs - 1);
    expect([isEnded, isOver()]).toEqual([false, false]);
    await service.clock.advance(1);
    expect(gatewayErrorOf(await running)?.category).toBe(ErrorCategory.OWNER_LOST);
    await eventually(isOver);
  });

  it("takes the time before GOAWAY from drain.notice", async () => {
    const { service, tap, session, begin } = await start(`drain: {notice: 10s}${TESTED}`);
    await begin();
    await service.clock.advance(9_999);
    expect(statusOf(await rawCall(session, generate, { spec: SPEC }))).toBe("0");
    expect(tap.signs).toEqual([[]]);
    await service.clock.advance(1);
    await eventually(() => tap.signs[0]?.includes(NOTICE) === true);
  });

  it("a second signal skips every wait", async () => {
    const drained = await start();
    const { tap, begin, hurry, isOver } = drained;
    const { call } = await hold(drained, 600_000);
    await begin();
    expect(isOver()).toBe(false);
    hurry.abort();
    expect(statusOf(await call)).toBe("14");
    await eventually(isOver);
    expect(tap.signs[0]?.[0]).toBe(NOTICE);
  });

  it("field:E25 over HTTP/1.1: every call is served, and a connection ends with its next answer", async () => {
    const drained = await start();
    const { service, begin, isOver } = drained;
    const agents = Array.from(
      { length: 2 },
      () => new http.Agent({ keepAlive: true, maxSockets: 1 }),
    );
    const [busy, idle] = agents as [http.Agent, http.Agent];
    ends.push(() => agents.map((agent) => agent.destroy()));
    for (const agent of agents) {
      const { statusCode, headers } = await postGenerate(service.http, agent, SPEC);
      expect([statusCode, headers.connection]).toEqual([200, "keep-alive"]);
    }
    const { call } = await hold(drained, 10_000);
    await begin();
    for (const _turn of [1, 2]) {
      const { statusCode, headers } = await postGenerate(service.http, busy, SPEC);
      expect([statusCode, headers.connection]).toEqual([200, "close"]);
    }
    await service.clock.advance(2_000);
    await eventually(() => refusesConnections(service));
    // The listeners are closed; this connection was open before and has not been told.
    const { statusCode, headers } = await postGenerate(service.http, idle, SPEC);
    expect([statusCode, headers.connection]).toEqual([200, "close"]);
    await service.clock.advance(8_000);
    expect(statusOf(await call)).toBe("0");
    await eventually(isOver);
  });

  it("field:E25 over HTTP/1.1: a call that began before the drain ends its connection with its answer", async () => {
    const drained = await start();
    const { service, begin } = drained;
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const running = postGenerate(service.http, agent, slow(5_000));
    // The answer of a later call has come: the one before it has arrived.
    await hold(drained, 6_000);
    await begin();
    await service.clock.advance(6_000);
    expect((await running).headers.connection).toBe("close");
  });

  it("refuses what comes when running calls have been told to end: DRAINING, on a connection that ends", async () => {
    // It counts tokens for ever, and no generation ends with it.
    const mute = await startMute();
    const drained = await start(
      `providers: [{id: mute, type: anthropic, base_url: "${mute.url}", builtin_models: true}]`,
    );
    const { service, session, begin, isOver } = drained;
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    ends.push(() => agent.destroy());
    expect((await postGenerate(service.http, agent, SPEC)).statusCode).toBe(200);
    const count = { spec: { ...SPEC, model: "mute/claude-haiku-4-5" }, method: 2 };
    const counting = rawCall(session, countTokens, count).catch(() => {});
    await eventually(() => mute.connections() === 1);
    await begin();
    await service.clock.advance(2_000);
    await eventually(() => refusesConnections(service));
    await service.clock.advance(23_000);
    const { statusCode, headers } = await postGenerate(service.http, agent, SPEC);
    expect([statusCode, headers.connection]).toEqual([503, "close"]);
    expect(Number(headers["grpc-retry-pushback-ms"])).toBeGreaterThan(0);
    expect(service.log.at(-1)).toMatchObject({ error: "draining", reason: "DRAINING" });
    await eventually(async () => {
      await service.clock.advance(500);
      return isOver();
    });
    await counting;
  });
});
