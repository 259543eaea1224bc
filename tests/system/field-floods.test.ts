// Connections that reset streams, or are refused, in bulk; and clients that only look like them.
import { createHash } from "node:crypto";
import { once } from "node:events";
import { constants } from "node:http2";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import {
  openRequest,
  roundTrips,
  type WatchedSession,
  watchSession,
} from "../support/open-request.ts";
import { rawCall, statusOf } from "../support/raw-grpc.ts";
import { startTimedService, type TimedService } from "../support/timed-service.ts";

const { generate } = GenerationService.method;
const GENERATE = `/${GenerationService.typeName}/Generate`;
const KEY = "key-of-a";
const WITH_KEY = { authorization: `Bearer ${KEY}` };
const CALM = constants.NGHTTP2_ENHANCE_YOUR_CALM;
/** As many streams at a time as none of the bounds is about. */
const AT_ONCE = 100;

let service: TimedService;
const ends: (() => unknown)[] = [];

beforeAll(async () => {
  const hash = createHash("sha256").update(KEY).digest("hex");
  service = await startTimedService(`callers: [{id: a, role: caller, key_sha256: ${hash}}]`);
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
