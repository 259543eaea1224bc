import { describe, expect, it } from "vitest";
import { type AgeLimit, Http2Sessions } from "../../../src/rpc/http2-sessions.ts";
import { keepAlive } from "../../../src/rpc/keep-alive.ts";
import { expectPreface } from "../../../src/rpc/listen.ts";
import { openHttp2Pair, openSilentSession } from "../../support/http2-pair.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { eventually } from "../../support/stack.ts";

const MINUTE = 60_000;
const HALF_AN_HOUR = 30 * MINUTE;

/** A session that is looked after; its settings have been exchanged. */
async function setUp(ageLimit?: AgeLimit, random = 0.5) {
  const clock = Object.assign(createManualClock(), { random: () => random });
  const sessions = new Http2Sessions(clock, ageLimit);
  const pair = await openHttp2Pair({ onSession: (session) => sessions.add(session) });
  return {
    ...pair,
    clock,
    sessions,
    /** Opens a stream; the result ends it. */
    async open() {
      const count = pair.held.length;
      const stream = pair.request();
      await eventually(() => pair.held.length > count);
      return async () => {
        stream.close();
        await eventually(() => pair.held[count]?.destroyed === true);
      };
    },
  };
}

describe("a session without a stream", () => {
  it("is told to leave after half an hour", async () => {
    using set = await setUp();
    await set.clock.advance(HALF_AN_HOUR - 1);
    expect(set.goaways).toEqual([]);
    await set.clock.advance(1);
    await eventually(() => set.session.closed);
    await eventually(() => set.goaways.length > 0);
  });

  it("is one from the end of its last stream on", async () => {
    using set = await setUp();
    await set.clock.advance(10 * MINUTE);
    const [one, other] = [await set.open(), await set.open()];
    await set.clock.advance(10 * MINUTE);
    await one();
    await set.clock.advance(2 * HALF_AN_HOUR);
    expect(set.session.closed).toBe(false);
    await other();
    await set.clock.advance(HALF_AN_HOUR - 1);
    expect(set.session.closed).toBe(false);
    await set.clock.advance(HALF_AN_HOUR);
    await eventually(() => set.session.closed);
  });

  it("leaves no timer behind", async () => {
    using set = await setUp({ maxMs: MINUTE, graceMs: MINUTE });
    expect(set.clock.pendingTimers).toBe(2);
    set.session.destroy();
    await eventually(() => set.clock.pendingTimers === 0);
  });
});

describe("a session that is old", () => {
  it.each([
    [0, 54_000],
    [0.5, 60_000],
    [1, 66_000],
  ])("is told to leave a tenth before or after its time: %d", async (random, atMs) => {
    using set = await setUp({ maxMs: MINUTE, graceMs: 5_000 }, random);
    const end = await set.open();
    await set.clock.advance(atMs - 1);
    expect(set.session.closed).toBe(false);
    await set.clock.advance(1);
    await eventually(() => set.session.closed);
    // Its calls have the grace.
    await set.clock.advance(4_999);
    expect(set.session.destroyed).toBe(false);
    await set.clock.advance(1);
    expect(set.session.destroyed).toBe(true);
    await end();
  });

  it("is none without a limit", async () => {
    using set = await setUp();
    await set.open();
    await set.clock.advance(100 * HALF_AN_HOUR);
    expect(set.session.closed).toBe(false);
  });
});

describe("a listener that leaves", () => {
  it("tells each client, and those that come later", async () => {
    using set = await setUp();
    const end = await set.open();
    await set.sessions.sayGoaway();
    expect(set.session.closed).toBe(true);
    using late = await openHttp2Pair({ onSession: (session) => set.sessions.add(session) });
    await eventually(() => late.session.closed);
    await end();
  });

  it("does not wait for a client that has not greeted", async () => {
    using silent = await openSilentSession();
    const clock = createManualClock();
    const sessions = new Http2Sessions(clock, undefined);
    sessions.add(silent.session);
    let isOver = false;
    const said = sessions.sayGoaway().then(() => {
      isOver = true;
    });
    await clock.advance(1_499);
    expect(isOver).toBe(false);
    await clock.advance(1);
    await said;
    expect(silent.session.closed).toBe(false);
  });

  it("has nothing to wait for once its clients have left", async () => {
    using set = await setUp();
    set.session.destroy();
    await eventually(() => set.clock.pendingTimers === 0);
    await set.sessions.sayGoaway();
    expect(set.clock.pendingTimers).toBe(0);
  });
});

describe("a client that is asked for a sign of life", () => {
  it("is asked every minute while it answers", async () => {
    using pair = await openHttp2Pair();
    const clock = createManualClock();
    let asked = 0;
    pair.client.on("ping", () => asked++);
    keepAlive(pair.session, clock);
    for (let times = 1; times < 4; times++) {
      await clock.advance(59_999);
      expect(asked).toBe(times - 1);
      await clock.advance(1);
      await eventually(() => asked === times);
      // The answer is one round trip behind: another PING comes back after it.
      await new Promise<void>(
        (resolve) => void pair.session.ping(Buffer.alloc(8), () => resolve()),
      );
      asked = times;
      expect([pair.session.destroyed, clock.pendingTimers]).toEqual([false, 1]);
    }
    pair.session.destroy();
    await eventually(() => clock.pendingTimers === 0);
  });

  it("is cut after twenty seconds without an answer", async () => {
    using pair = await openHttp2Pair();
    const clock = createManualClock();
    pair.session.ping = () => true;
    keepAlive(pair.session, clock);
    await clock.advance(79_999);
    expect(pair.session.destroyed).toBe(false);
    await clock.advance(1);
    expect(pair.session.destroyed).toBe(true);
  });
});

describe("a client that does not finish its preface", () => {
  it("is cut after ten seconds", async () => {
    using silent = await openSilentSession();
    const clock = createManualClock();
    expectPreface(silent.session, clock);
    await clock.advance(9_999);
    expect(silent.session.destroyed).toBe(false);
    await clock.advance(1);
    expect(silent.session.destroyed).toBe(true);
  });

  it("has time once it has, and leaves no timer behind when it goes", async () => {
    const clock = createManualClock();
    using greeted = await openHttp2Pair({ onSession: (session) => expectPreface(session, clock) });
    await clock.advance(3_600_000);
    expect([greeted.session.destroyed, clock.pendingTimers]).toEqual([false, 0]);
    using silent = await openSilentSession();
    expectPreface(silent.session, clock);
    silent.session.destroy();
    await eventually(() => clock.pendingTimers === 0);
  });
});
