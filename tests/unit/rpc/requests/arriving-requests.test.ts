import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { Caller } from "../../../../src/domain/caller.ts";
import { GatewayError } from "../../../../src/domain/gateway-error.ts";
import { RpcStatusError } from "../../../../src/rpc/call.ts";
import { ArrivingRequests, NOBODY } from "../../../../src/rpc/requests/arriving-requests.ts";
import { createManualClock } from "../../../support/manual-clock.ts";

const LARGEST = 1_000;
const MEBIBYTE = 1024 * 1024;
const A: Caller = { id: "a", role: "caller" };
const B: Caller = { id: "b", role: "caller" };

/** Requests on their way, with the errors by which they were ended. */
function setUp(largest = LARGEST) {
  const clock = createManualClock();
  const all = new ArrivingRequests(clock, largest);
  const reported: GatewayError[] = [];
  const begin = (caller: Caller, connection: object = {}) =>
    all.begin(caller, connection, (error) => {
      reported.push(error);
      return new RpcStatusError({ code: 8, message: "", details: [], trailers: {} }, error);
    });
  return { clock, all, begin, reported };
}

describe("bytes of requests that are not whole", () => {
  it("do not count after the end of the request", () => {
    const { all, begin } = setUp();
    const arrival = begin(NOBODY);
    arrival.receive(10);
    arrival.end();
    arrival.receive(10);
    expect(all.bytes).toBe(0);
  });

  it("of one connection are those of two requests", () => {
    const { all, begin, reported } = setUp();
    const connection = {};
    const [first, second, elsewhere] = [begin(A, connection), begin(B, connection), begin(A)];
    first.receive(LARGEST);
    second.receive(LARGEST);
    expect([first.error, second.error, all.bytes]).toEqual([undefined, undefined, 2 * LARGEST]);
    second.receive(1);
    expect(reported).toMatchObject([
      {
        kind: "caller-limit",
        reason: "UNFINISHED_REQUESTS",
        message: "requests of this connection that are not whole hold too many bytes",
      },
    ]);
    expect([first.error, elsewhere.error]).toEqual([undefined, undefined]);
    expect(second.error).toBeInstanceOf(RpcStatusError);
    expect(all.bytes).toBe(LARGEST);
  });

  it("of one caller are those of four requests", () => {
    const { begin, reported } = setUp();
    const arrivals = Array.from({ length: 4 }, () => begin(A));
    for (const arrival of arrivals) arrival.receive(LARGEST);
    begin(B).receive(LARGEST);
    expect(reported).toEqual([]);
    begin(A).receive(1);
    expect(reported).toMatchObject([
      {
        kind: "caller-limit",
        reason: "UNFINISHED_REQUESTS",
        message: "requests of this caller that are not whole hold too many bytes",
      },
    ]);
  });

  it("of all callers are those of eight requests", () => {
    const { begin, reported } = setUp();
    for (let index = 0; index < 8; index++) {
      begin({ id: `c${index}`, role: "caller" }).receive(LARGEST);
    }
    expect(reported).toEqual([]);
    begin(A).receive(1);
    expect(reported).toMatchObject([
      { kind: "gateway-overloaded", message: "too many requests are on their way" },
    ]);
  });

  it("of nobody are four megabytes, however large a request may be", () => {
    const { begin, reported } = setUp(64 * MEBIBYTE);
    begin(NOBODY).receive(4 * MEBIBYTE);
    expect(reported).toEqual([]);
    begin(NOBODY).receive(1);
    expect(reported).toMatchObject([{ kind: "caller-limit" }]);
  });

  it("are given back once with the end of their request", () => {
    const { all, begin, reported } = setUp();
    const connection = {};
    for (let times = 0; times < 20; times++) {
      const arrival = begin(A, connection);
      arrival.receive(2 * LARGEST);
      arrival.end();
      arrival.end();
      expect(all.bytes).toBe(0);
    }
    expect(reported).toEqual([]);
    const [one, other] = [begin(A, connection), begin(A, connection)];
    one.receive(LARGEST);
    other.receive(LARGEST);
    one.end();
    other.receive(LARGEST);
    expect([other.error, all.bytes]).toEqual([undefined, 2 * LARGEST]);
  });

  it("are not counted any more once the request was ended", () => {
    const { all, begin, reported } = setUp();
    const arrival = begin(A);
    arrival.receive(2 * LARGEST + 1);
    arrival.receive(5 * LARGEST);
    expect([all.bytes, reported.length]).toEqual([0, 1]);
  });
});

describe("the end of a request that is not whole", () => {
  it("comes after a minute, for each of them", async () => {
    const { clock, begin, reported } = setUp();
    const early = begin(A);
    await clock.advance(20_000);
    const late = begin(A);
    await clock.advance(39_999);
    expect(early.error).toBeUndefined();
    await clock.advance(1);
    expect(early.error).toBeDefined();
    await clock.advance(19_999);
    expect(late.error).toBeUndefined();
    await clock.advance(1);
    expect(reported).toMatchObject(
      Array(2).fill({
        kind: "total-timeout",
        reason: "REQUEST_TIMEOUT",
        message: "the request was not whole after 60 s",
      }),
    );
    expect(clock.pendingTimers).toBe(0);
    begin(A);
    await clock.advance(60_000);
    expect(reported).toHaveLength(3);
  });

  it("leaves no timer behind once all are whole", async () => {
    const { clock, begin, reported } = setUp();
    const [one, other] = [begin(A), begin(B)];
    one.end();
    expect(clock.pendingTimers).toBe(1);
    other.end();
    expect(clock.pendingTimers).toBe(0);
    await clock.advance(120_000);
    expect(reported).toEqual([]);
  });

  it("is told to the one who waits, before it and after it", () => {
    const { all, begin } = setUp();
    const told: unknown[] = [];
    const [one, other, whole] = [begin(A), begin(A), begin(A)];
    one.whenCut((error) => told.push(error));
    whole.whenCut((error) => told.push(error));
    whole.end();
    const error = new GatewayError("unauthenticated", "removed");
    all.endOf((caller) => caller === "a", error);
    other.whenCut((error) => told.push(error));
    expect(told).toEqual([one.error, other.error]);
    expect(told).toMatchObject([{ cause: error }, { cause: error }]);
    expect(whole.error).toBeUndefined();
  });

  it("is for the callers that are meant", () => {
    const { all, begin } = setUp();
    const [mine, others] = [begin(A), begin(B)];
    all.endOf((caller) => caller === "a", new GatewayError("unauthenticated", "removed"));
    expect(mine.error).toBeDefined();
    expect(others.error).toBeUndefined();
  });
});

describe("what a request inflates to", () => {
  const bytes = gzipSync("hello");

  it("is held until it is dropped, or the next message of the request comes", async () => {
    const { all, begin } = setUp();
    const arrival = begin(A);
    expect((await arrival.inflate(bytes, "gzip", MEBIBYTE)).toString()).toBe("hello");
    expect(all.inflater.held).toBe(MEBIBYTE);
    await arrival.inflate(bytes, "gzip", MEBIBYTE);
    expect(all.inflater.held).toBe(MEBIBYTE);
    arrival.drop();
    arrival.drop();
    expect(all.inflater.held).toBe(0);
  });

  it("is not held where the request is over by then", async () => {
    const { all, begin } = setUp();
    const arrival = begin(A);
    const inflated = arrival.inflate(bytes, "gzip", MEBIBYTE);
    arrival.drop();
    expect((await inflated).toString()).toBe("hello");
    expect(all.inflater.held).toBe(0);
  });
});

describe("the requests for which a drain waits", () => {
  it("are those of known callers, until the last is complete or ended", async () => {
    const { all, begin } = setUp();
    await all.idle();
    const [whole, cut, unknown] = [begin(A), begin(B), begin(NOBODY)];
    let isIdle = false;
    const idle = all.idle().then(() => {
      isIdle = true;
    });
    whole.end();
    whole.end();
    await Promise.resolve();
    expect([all.active, isIdle]).toEqual([1, false]);
    all.endOf((caller) => caller === "b", new GatewayError("gateway-overloaded", "x"));
    await idle;
    expect(all.active).toBe(0);
    all.endOf(() => true, new GatewayError("gateway-overloaded", "x"));
    expect([cut.error, unknown.error].map((error) => error instanceof RpcStatusError)).toEqual([
      true,
      true,
    ]);
    await all.idle();
  });
});
