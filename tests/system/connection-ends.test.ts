// How the service ends connections by itself: by age, without calls, without a sign of life, under TLS.
import http2 from "node:http2";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import { Health } from "../../gen/service/grpc/health/v1/health_pb.ts";
import { type Certificates, makeCertificates } from "../support/certificates.ts";
import { startCutProxy } from "../support/cut-proxy.ts";
import { startFrameTap } from "../support/frame-tap.ts";
import { rawCall, statusOf } from "../support/raw-grpc.ts";
import { eventually } from "../support/stack.ts";
import { startTimedService, type TimedService } from "../support/timed-service.ts";

const { generate, streamGenerate } = GenerationService.method;
const SPEC = { model: "simulator", prompt: "Hi" };
const slow = (ms: number) => ({ ...SPEC, providerOptions: { simulator: { first_token_ms: ms } } });
const MAX_ID = 2 ** 31 - 1;
const MINUTE = 60_000;
const NOTICE = `goaway ${MAX_ID}`;
const LONG = { ...SPEC, providerOptions: { simulator: { tokens: 20_000 } } };

let certificates: Certificates;
const ends: (() => unknown)[] = [];

beforeAll(() => {
  certificates = makeCertificates("client.example");
});

afterAll(() => {
  certificates[Symbol.dispose]();
});

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function start(config = "", random?: number): Promise<TimedService> {
  const service = await startTimedService(config, random);
  ends.push(() => service.stopAtOnce());
  return service;
}

const tls = (): string =>
  `{cert_file: ${certificates.serverCert}, key_file: ${certificates.serverKey}}`;

interface Connected {
  readonly session: http2.ClientHttp2Session;
  /** Last stream ids of the GOAWAYs so far. */
  readonly goaways: number[];
}

function connect(url: string): Connected {
  const ca = certificates.read(certificates.ca);
  const session = http2.connect(url, url.startsWith("https:") ? { ca } : {});
  const goaways: number[] = [];
  session.on("goaway", (_code, lastId) => goaways.push(lastId ?? 0));
  session.on("error", () => {});
  ends.push(() => session.destroy());
  return { session, goaways };
}

/** A call over the HTTP port by HTTP/2, with its status. */
function post(session: http2.ClientHttp2Session, spec: object): Promise<number> {
  return new Promise((resolve, reject) => {
    const path = `/${GenerationService.typeName}/Generate`;
    const headers = { ":method": "POST", ":path": path, "content-type": "application/json" };
    const stream = session.request(headers);
    stream.end(JSON.stringify({ spec }));
    let status: number | undefined;
    stream.once("response", (answer) => {
      status = answer[":status"];
    });
    stream.resume();
    stream.once("error", reject);
    stream.once("close", () => {
      if (status === undefined) reject(new Error("no answer"));
      else resolve(status);
    });
  });
}

/** Each port by HTTP/2, with a call over it that succeeds if it gives true. */
const PORTS = [
  {
    port: "gRPC",
    url: (service: TimedService) => `https://${service.grpc}`,
    call: (session: http2.ClientHttp2Session, spec: object) =>
      rawCall(session, generate, { spec }).then((answer) => statusOf(answer) === "0"),
  },
  {
    port: "HTTP",
    url: (service: TimedService) => service.http,
    call: (session: http2.ClientHttp2Session, spec: object) =>
      post(session, spec).then((status) => status === 200),
  },
];

describe.each(PORTS)("an HTTP/2 connection of the $port port under TLS", ({ url, call }) => {
  const start2 = () => start(`grpc: {tls: ${tls()}}\nhttp: {tls: ${tls()}}`);

  it("is told in a drain which call was the last, and its running calls end in full", async () => {
    const service = await start2();
    const { session, goaways } = connect(url(service));
    const running = call(session, slow(10_000));
    expect(await call(session, SPEC)).toBe(true);
    const stopped = service.stop(new AbortController().signal);
    await service.clock.advance(1_999);
    expect(await call(session, SPEC)).toBe(true);
    expect(goaways).toEqual([]);
    // A look at the client takes 50 ms of the clock: until it has opened nothing for one of them.
    await eventually(async () => {
      await service.clock.advance(50);
      return goaways.length > 0;
    });
    expect(goaways).toEqual([5]);
    await service.clock.advance(10_000);
    expect(await running).toBe(true);
    await eventually(async () => {
      await service.clock.advance(100);
      return session.destroyed;
    });
    await stopped;
  });

  it("is served if it comes after GOAWAY: it is told after its first call", async () => {
    const service = await start2();
    // A client that has not called yet keeps the step open, for a second at most.
    const first = connect(url(service));
    await new Promise((resolve) => first.session.once("remoteSettings", resolve));
    const stopped = service.stop(new AbortController().signal);
    await service.clock.advance(2_000);
    const late = connect(url(service));
    expect(await call(late.session, SPEC)).toBe(true);
    await eventually(async () => {
      await service.clock.advance(50);
      return late.goaways.length > 0;
    });
    expect(late.goaways).toEqual([1]);
    await eventually(async () => {
      await service.clock.advance(100);
      return first.session.destroyed;
    });
    expect(first.goaways[0]).toBe(0);
    await stopped;
  });

  it("ends when it has had no call for half an hour, and not while one runs", async () => {
    const service = await start2();
    const { session, goaways } = connect(url(service));
    const running = call(session, slow(9 * MINUTE));
    expect(await call(session, SPEC)).toBe(true);
    const stop = keepAnswering(service, session);
    await stop.advance(29 * MINUTE);
    expect(await running).toBe(true);
    expect(await call(session, SPEC)).toBe(true);
    await stop.advance(29 * MINUTE);
    expect(goaways).toEqual([]);
    await stop.advance(2 * MINUTE);
    await eventually(async () => {
      await service.clock.advance(50);
      return goaways.length > 0;
    });
  });
});

/** Moves the clock in steps that leave a real client the time to answer PINGs. */
function keepAnswering({ clock }: TimedService, session: http2.ClientHttp2Session) {
  return {
    async advance(ms: number): Promise<void> {
      for (let left = ms; left > 0; left -= MINUTE / 6) {
        await clock.advance(MINUTE / 6);
        if (!session.destroyed) await new Promise((resolve) => session.ping(resolve));
      }
    },
  };
}

describe("a client of the HTTP port by HTTP/2", () => {
  it.each([
    ["is cut when it gives no sign of life for 20 s after a PING", true],
    ["stays when it answers", false],
  ])("%s", async (_what, isFrozen) => {
    const service = await start(`http: {tls: ${tls()}}`);
    await using proxy = await startCutProxy(service.http.slice("https://".length));
    const { session } = connect(`https://${proxy.address}`);
    expect(await post(session, SPEC)).toBe(200);
    if (isFrozen) proxy.freeze();
    let pings = 0;
    session.on("ping", () => pings++);
    await service.clock.advance(60_000);
    if (!isFrozen) {
      await eventually(() => pings === 1);
      // What the client has sent before it has arrived.
      expect(await post(session, SPEC)).toBe(200);
    }
    await service.clock.advance(19_999);
    expect(session.destroyed).toBe(false);
    await service.clock.advance(1);
    if (isFrozen) await eventually(() => session.destroyed);
    else expect(await post(session, SPEC)).toBe(200);
  });
});

describe("field:X16: grpc.max_connection_age", () => {
  it.each([
    [0, 9_000],
    [0.5, 10_000],
    [0.75, 10_500],
  ])(
    "ends a connection in two steps, a tenth earlier or later: drawn %d, after %d ms",
    async (random, afterMs) => {
      const service = await start(
        "grpc: {max_connection_age: 10s} # because: shipped there is none",
        random,
      );
      await using tap = await startFrameTap(service.grpc);
      const { session, goaways } = connect(`http://${tap.address}`);
      const running = rawCall(session, generate, { spec: slow(20_000) });
      expect(statusOf(await rawCall(session, generate, { spec: SPEC }))).toBe("0");
      await service.clock.advance(afterMs - 1);
      expect(statusOf(await rawCall(session, generate, { spec: SPEC }))).toBe("0");
      expect(goaways).toEqual([]);
      tap.hold();
      const onItsWay = rawCall(session, generate, { spec: SPEC });
      await service.clock.advance(1);
      await eventually(() => goaways.length === 1);
      expect(goaways).toEqual([MAX_ID]);
      tap.release();
      expect(statusOf(await onItsWay)).toBe("0");
      await eventually(() => tap.signs[0]?.includes("goaway 7") === true);
      // Other connections have an age of their own.
      const other = connect(`http://${service.grpc}`);
      expect(statusOf(await rawCall(other.session, generate, { spec: SPEC }))).toBe("0");
      await service.clock.advance(20_000);
      expect(statusOf(await running)).toBe("0");
    },
  );

  it.each([
    ["an hour", "", 60 * MINUTE],
    ["max_connection_age_grace", ", max_connection_age_grace: 5s", 5_000],
  ])("gives running calls %s", async (_what, config, graceMs) => {
    const service = await start(
      `grpc: {max_connection_age: 1s${config}} # because: shipped there is none`,
    );
    const { session } = connect(`http://${service.grpc}`);
    // It has no end of its own.
    const watch = rawCall(session, Health.method.watch, {});
    const ended = watch.catch(() => {});
    expect(statusOf(await rawCall(session, generate, { spec: SPEC }))).toBe("0");
    await service.clock.advance(1_000);
    await service.clock.advance(graceMs - 1);
    await new Promise((resolve) => session.ping(resolve));
    expect(session.destroyed).toBe(false);
    await service.clock.advance(1);
    await ended;
    await eventually(() => session.destroyed);
  });

  it("is off by default", async () => {
    const service = await start();
    const { session, goaways } = connect(`http://${service.grpc}`);
    expect(statusOf(await rawCall(session, generate, { spec: SPEC }))).toBe("0");
    for (let minute = 0; minute < 25; minute++) await service.clock.advance(MINUTE);
    expect(statusOf(await rawCall(session, generate, { spec: SPEC }))).toBe("0");
    expect(goaways).toEqual([]);
  });

  it("damages no stream in whose midst it ends a connection", async () => {
    const service = await start("grpc: {max_connection_age: 1s} # because: shipped there is none");
    await using tap = await startFrameTap(service.grpc);
    const { session } = connect(`http://${tap.address}`);
    const stream = rawCall(session, streamGenerate, { spec: LONG });
    await eventually(() => tap.bytes() > 10_000);
    await service.clock.advance(1_000);
    expect(statusOf(await stream)).toBe("0");
    await eventually(() => tap.signs[0]?.includes("goaway 1") === true);
    expect(tap.signs[0]?.[0]).toBe(NOTICE);
  });
});
