import { once } from "node:events";
import { constants } from "node:http2";
import { type AddressInfo, createServer, Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { Code } from "../../../src/domain/error-table.ts";
import type { RpcStatus } from "../../../src/rpc/call.ts";
import { FloodGuard } from "../../../src/rpc/flood-guard.ts";
import { openHttp2Pair } from "../../support/http2-pair.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { eventually } from "../../support/stack.ts";

const REFUSAL: RpcStatus = { code: Code.UNAUTHENTICATED, message: "", details: [], trailers: {} };
const DRAINING: RpcStatus = { ...REFUSAL, code: Code.UNAVAILABLE };
const { NGHTTP2_CANCEL, NGHTTP2_ENHANCE_YOUR_CALM } = constants;

async function setUp(options = {}) {
  const pair = await openHttp2Pair(options);
  const clock = createManualClock();
  const guard = new FloodGuard(clock);
  return {
    ...pair,
    clock,
    guard,
    refuse(times: number, status = REFUSAL): void {
      for (let time = 0; time < times; time++) guard.refused(pair.session, status, {});
    },
  };
}

/** Ends before and after this many, each for ten of 2,000. */
const REFUSALS = 200;

describe("a connection that is refused again and again", () => {
  it("is ended with ENHANCE_YOUR_CALM by the one that is too many", async () => {
    using set = await setUp();
    set.refuse(REFUSALS - 1);
    expect(set.session.destroyed).toBe(false);
    set.refuse(1);
    expect(set.session.destroyed).toBe(true);
    await eventually(() => set.goaways.length > 0);
    expect(set.goaways).toEqual([NGHTTP2_ENHANCE_YOUR_CALM]);
    // What comes after its end changes nothing.
    set.refuse(1);
  });

  it("may be refused twenty times a second", async () => {
    using set = await setUp();
    set.refuse(REFUSALS - 1);
    for (let second = 0; second < 60; second++) {
      await set.clock.advance(1_000);
      set.refuse(20);
    }
    expect(set.session.destroyed).toBe(false);
    await set.clock.advance(950);
    set.refuse(20);
    expect(set.session.destroyed).toBe(true);
  });

  it("saves no more than the whole while it is quiet", async () => {
    using set = await setUp();
    await set.clock.advance(3_600_000);
    set.refuse(REFUSALS - 1);
    expect(set.session.destroyed).toBe(false);
    set.refuse(1);
    expect(set.session.destroyed).toBe(true);
  });

  it("is not to blame for a replica that drains", async () => {
    using set = await setUp();
    set.refuse(10 * REFUSALS, DRAINING);
    expect(set.session.destroyed).toBe(false);
  });

  it("has an allowance of its own", async () => {
    using set = await setUp();
    using other = await openHttp2Pair();
    set.refuse(REFUSALS - 1);
    for (let times = 0; times < REFUSALS - 1; times++) {
      set.guard.refused(other.session, REFUSAL, {});
    }
    expect([set.session.destroyed, other.session.destroyed]).toEqual([false, false]);
  });

  it("of HTTP/1.1 is ended too", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const accepted = once(server, "connection");
    const client = new Socket().connect((server.address() as AddressInfo).port, "127.0.0.1");
    client.on("error", () => {});
    const [socket] = (await accepted) as [Socket];
    const guard = new FloodGuard(createManualClock());
    for (let times = 1; times < REFUSALS; times++) guard.refused(socket, REFUSAL, {});
    // Its headers may be as long as they are: one call at a time has them.
    guard.unknown(socket, { x: "y".repeat(10_000_000) });
    expect(socket.destroyed).toBe(false);
    guard.refused(socket, REFUSAL, {});
    expect(socket.destroyed).toBe(true);
    client.destroy();
    server.close();
  });
});

describe("streams that a client breaks off", () => {
  const ALLOWANCE = 2_000;

  /** Streams of a session that is watched: each is ended as `end` says. */
  async function close(
    set: Awaited<ReturnType<typeof setUp>>,
    end: "reset" | "answer" | "reset after headers",
  ): Promise<void> {
    const count = set.held.length;
    const stream = set.request();
    await eventually(() => set.held.length > count);
    const own = set.held[count];
    if (own === undefined) throw new Error("no stream");
    const closed = once(own, "close");
    if (end !== "reset") own.respond({ ":status": 200 });
    if (end === "answer") {
      own.end();
      stream.end();
      stream.resume();
    } else stream.close(NGHTTP2_CANCEL);
    await closed;
  }

  it("cost one each, and a call with an answer pays for one", async () => {
    using set = await setUp();
    set.guard.watch(set.session);
    set.refuse(REFUSALS - 1);
    // Ten are left.
    for (const end of ["reset", "reset after headers"] as const) {
      for (let times = 0; times < 3; times++) await close(set, end);
    }
    for (let times = 0; times < 4; times++) await close(set, "answer");
    for (let times = 0; times < 7; times++) await close(set, "reset");
    expect(set.session.destroyed).toBe(false);
    await close(set, "reset");
    expect(set.session.destroyed).toBe(true);
  });

  it("are as many as the allowance, answered ones aside", async () => {
    using set = await setUp();
    set.guard.watch(set.session);
    for (let times = 0; times < 5; times++) await close(set, "answer");
    // An answer is no credit beyond the whole.
    set.refuse(REFUSALS - 1);
    expect(set.session.destroyed).toBe(false);
    set.refuse(1);
    expect(set.session.destroyed).toBe(true);
    expect(ALLOWANCE / REFUSALS).toBe(10);
  });
});

describe("headers of calls without a credential", () => {
  const KIB = 1024;
  const headers = (bytes: number) => ({ x: "y".repeat(bytes - 1) });

  it("hold back a connection under TLS by its end: their burst is 256 KiB beyond 1 KiB each", async () => {
    using set = await setUp({ isEncrypted: true });
    for (let times = 0; times < 16; times++) set.guard.unknown(set.session, headers(17 * KIB));
    expect(set.session.destroyed).toBe(false);
    set.guard.unknown(set.session, headers(1_024));
    expect(set.session.destroyed).toBe(false);
    set.guard.unknown(set.session, headers(1_025));
    expect(set.session.destroyed).toBe(true);
  });

  it("count in lists of values and where there is none", async () => {
    using set = await setUp({ isEncrypted: true });
    const values = Array.from({ length: 4 }, () => "y".repeat(64 * KIB));
    set.guard.unknown(set.session, { none: undefined, x: values });
    expect(set.session.destroyed).toBe(false);
    // As the other protocols have them.
    set.guard.refused(set.session, REFUSAL, new Headers(headers(1_100 + KIB)));
    expect(set.session.destroyed).toBe(true);
  });
});
