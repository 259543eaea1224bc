// Connections that reset streams, or are refused, in bulk; and clients that only look like them.
import { createHash } from "node:crypto";
import { once } from "node:events";
import { constants } from "node:http2";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import { makeCertificates } from "../support/certificates.ts";
import {
  openRequest,
  roundTrips,
  type WatchedSession,
  watchSession,
} from "../support/open-request.ts";
import { rawCall, statusOf } from "../support/raw-grpc.ts";
import { eventually } from "../support/stack.ts";
import { startTimedService, type TimedService } from "../support/timed-service.ts";

const { generate } = GenerationService.method;
const GENERATE = `/${GenerationService.typeName}/Generate`;
const KEY = "key-of-a";
const HASH = createHash("sha256").update(KEY).digest("hex");
const CALLERS = `callers: [{id: a, role: caller, key_sha256: ${HASH}}]`;
const WITH_KEY = { authorization: `Bearer ${KEY}` };
const CALM = constants.NGHTTP2_ENHANCE_YOUR_CALM;
/** As many streams at a time as none of the bounds is about. */
const AT_ONCE = 100;

let service: TimedService;
const ends: (() => unknown)[] = [];

beforeAll(async () => {
  service = await startTimedService(CALLERS);
});

afterAll(() => service.stopAtOnce());

afterEach(() => {
  for (const end of ends.splice(0)) end();
});

async function connect(): Promise<WatchedSession> {
  const watched = watchSession(`http://${service.grpc}`);
  ends.push(() => watched[Symbol.dispose]());
  await once(watched.session, "remoteSettings");
  return watched;
}

/** Opens streams and breaks them off, until the connection ends or there were so many. */
async function reset({ session, goaway }: WatchedSession, count: number): Promise<void> {
  for (let sent = 0; sent < count && !session.destroyed; sent += AT_ONCE) {
    const streams = Array.from({ length: AT_ONCE }, () => {
      const headers = { ":method": "POST", ":path": GENERATE, "content-type": "application/grpc" };
      const stream = session.request({ ...headers, ...WITH_KEY });
      stream.on("error", () => {});
      return stream;
    });
    await Promise.race([roundTrips(session, 1).catch(() => {}), goaway]);
    for (const stream of streams) stream.close(constants.NGHTTP2_CANCEL);
    // A PING that the end of the session overtakes may have no answer.
    await Promise.race([roundTrips(session, 1).catch(() => {}), goaway]);
  }
}

/** Calls without a key, until the connection ends or there were so many. */
async function callInVain({ session }: WatchedSession, count: number): Promise<void> {
  for (let sent = 0; sent < count && !session.destroyed; sent++) {
    await openRequest(session, GENERATE).ended;
  }
}

async function expectServed({ session }: WatchedSession): Promise<void> {
  const request = { spec: { model: "simulator", prompt: "Hi" } };
  expect(statusOf(await rawCall(session, generate, request, WITH_KEY))).toBe("0");
}

describe("a flood", () => {
  it("field:X6: of resets is ended, and other connections are not", async () => {
    const other = await connect();
    const flood = await connect();
    await reset(flood, 3_000);
    expect(await flood.goaway).toBe(CALM);
    await expectServed(other);
    expect(other.goaways).toEqual([]);
  });

  it("field:X6: of calls without a key is ended, and other connections are not", async () => {
    const other = await connect();
    const flood = await connect();
    await callInVain(flood, 300);
    expect(await flood.goaway).toBe(CALM);
    await expectServed(other);
  });
});

/** As many bytes of headers as a call may have, more or less. */
const LARGE: Readonly<Record<string, string>> = Object.fromEntries(
  Array.from({ length: 100 }, (_, index) => [`x-${index}`, "v".repeat(110)]),
);
const CALLS = 150;
/** What a connection may bring at once, and what Node has read before it is told to stop. */
const MOST_AT_ONCE = 40;

describe("headers for which no credential stands", () => {
  it.each([
    ["calls without a key", GENERATE, {}],
    ["calls with a wrong key", GENERATE, { authorization: "Bearer wrong" }],
    ["calls of a method that there is not", "/steer.v1.Nothing/Nothing", {}],
    ["requests of another type", GENERATE, { "content-type": "text/html" }],
    ["health checks", "/grpc.health.v1.Health/Check", {}],
  ])("field:X6: of %s are read no faster than they may cost", async (_name, path, headers) => {
    const other = await connect();
    const { session } = await connect();
    let ended = 0;
    for (let index = 0; index < CALLS; index++) {
      const stream = session.request(
        {
          ":method": "POST",
          ":path": path,
          "content-type": "application/grpc",
          ...LARGE,
          ...headers,
        },
        { endStream: true },
      );
      stream.on("error", () => {});
      stream.on("close", () => ended++);
      stream.resume();
    }
    await eventually(() => ended >= 15);
    // The gateway looks at both connections in each turn of its loop.
    await roundTrips(other.session, 50);
    expect(ended).toBeLessThan(MOST_AT_ONCE);
    await expectServed(other);
    for (let before = 0; ended < CALLS; before = ended) {
      await service.clock.advance(1_000);
      await eventually(() => ended > before);
    }
  });

  it.each([
    ["gRPC", "grpc", "application/grpc"],
    ["HTTP", "http", "application/proto"],
  ] as const)("field:X6: end a connection under TLS to the %s port", async (_name, port, type) => {
    using certificates = makeCertificates("unused.example");
    const { serverCert: cert, serverKey } = certificates;
    const secure = await startTimedService(
      `${CALLERS}\n${port}: {tls: {cert_file: ${cert}, key_file: ${serverKey}}}`,
    );
    const url = port === "grpc" ? `https://${secure.grpc}` : secure.http;
    const ca = certificates.read(certificates.ca);
    using other = watchSession(url, ca);
    using flood = watchSession(url, ca);
    await Promise.all([other, flood].map(({ session }) => once(session, "remoteSettings")));
    const headers = { ...LARGE, "content-type": type };
    const ended = new Promise<void>((resolve) => flood.session.once("close", () => resolve()));
    for (let index = 0; index < CALLS; index++) {
      openRequest(flood.session, GENERATE, headers).end();
    }
    await ended;
    await roundTrips(other.session, 1);
    expect(other.goaways).toEqual([]);
    await secure.stopAtOnce();
  });

  it("field:X6: are read at once where they are small", async () => {
    const { session } = await connect();
    const requests = Array.from({ length: CALLS }, () => openRequest(session, GENERATE));
    const ends = await Promise.all(requests.map(({ ended }) => ended));
    expect(ends.map(({ grpcStatus }) => grpcStatus)).toEqual(Array(CALLS).fill("16"));
  });
});

describe("a client that is no flood", () => {
  it("field:X6: cancels a hundred hedges a second for a minute", async () => {
    const client = await connect();
    for (let second = 0; second < 60; second++) {
      await reset(client, 100);
      await service.clock.advance(1_000);
    }
    await expectServed(client);
    expect(client.goaways).toEqual([]);
  });

  it("field:X6: breaks off all streams that a connection has", async () => {
    const client = await connect();
    await reset(client, 1_000);
    await expectServed(client);
  });

  it("field:X6: has calls without a key among others", async () => {
    const client = await connect();
    await callInVain(client, 100);
    await expectServed(client);
    await service.clock.advance(10_000);
    await callInVain(client, 150);
    await expectServed(client);
    expect(client.goaways).toEqual([]);
  });
});
