import { describe, expect, it } from "vitest";
import { ReadPacer } from "../../../src/rpc/read-pacer.ts";
import { openHttp2Pair } from "../../support/http2-pair.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { eventually } from "../../support/stack.ts";

const KIB = 1024;
/** What may come at once beyond a kilobyte a call, and a second. */
const BURST = 256 * KIB;
const PER_SECOND = 128 * KIB;

async function setUp(options = {}) {
  const pair = await openHttp2Pair(options);
  const clock = createManualClock();
  const turns: (() => void)[] = [];
  const pacer = new ReadPacer(clock, (next) => turns.push(next));
  /** What the client sends now arrives. */
  const readsOn = async (): Promise<void> => {
    const count = pair.held.length;
    pair.request();
    await eventually(() => pair.held.length > count);
  };
  /** What the client sends now stays in the kernel, however many turns pass. */
  const holdsBack = async (): Promise<void> => {
    const count = pair.held.length;
    pair.request();
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(pair.held.length).toBe(count);
  };
  return {
    ...pair,
    clock,
    readsOn,
    holdsBack,
    turns,
    /** Begins the next turn of the event loop. */
    turn: () => {
      for (const next of turns.splice(0)) next();
    },
    count: (bytes = 0) => pacer.count(pair.session, bytes),
    pacer,
  };
}

describe("calls of one turn", () => {
  it("are sixteen; then the next turn comes first", async () => {
    using set = await setUp();
    for (let calls = 0; calls < 15; calls++) expect(set.count()).toBe(true);
    await set.readsOn();
    expect(set.count()).toBe(true);
    // More that were read already change nothing.
    expect(set.turns).toHaveLength(2);
    expect(set.count()).toBe(true);
    expect(set.turns).toHaveLength(2);
    await set.holdsBack();
    set.turn();
    await set.readsOn();
    expect(set.clock.pendingTimers).toBe(0);
  });

  it("are counted anew in the next one", async () => {
    using set = await setUp();
    for (let turn = 0; turn < 4; turn++) {
      for (let calls = 0; calls < 15; calls++) set.count();
      expect(set.turns).toHaveLength(1);
      set.turn();
    }
    await set.readsOn();
    for (let calls = 0; calls < 16; calls++) set.count();
    await set.holdsBack();
  });
});

describe("calls of one turn of all connections", () => {
  it("are thirty-two; then each connection has one", async () => {
    using set = await setUp();
    using first = await openHttp2Pair();
    using second = await openHttp2Pair();
    using third = await openHttp2Pair();
    for (const { session } of [first, second]) {
      for (let calls = 0; calls < 15; calls++) set.pacer.count(session, 0);
    }
    set.count();
    await set.readsOn();
    set.count();
    await set.holdsBack();
    set.pacer.count(third.session, 0);
    third.request();
    // Who has said nothing since is not held.
    for (const pair of [first, second]) {
      pair.request();
      await eventually(() => pair.held.length === 1);
    }
    expect(third.held).toHaveLength(0);
    set.turn();
    await set.readsOn();
    await eventually(() => third.held.length === 1);
  });
});

describe("large headers", () => {
  it("are waited for as long as their bytes take", async () => {
    using set = await setUp();
    set.count(BURST + KIB);
    await set.readsOn();
    set.count(PER_SECOND + KIB);
    await set.holdsBack();
    await set.clock.advance(999);
    await set.holdsBack();
    await set.clock.advance(1);
    await eventually(() => set.held.length === 3);
    // The pause has paid for them.
    set.count(KIB);
    await set.readsOn();
    set.count(KIB + 128);
    await set.holdsBack();
  });

  it("of a kilobyte cost nothing", async () => {
    using set = await setUp();
    for (let turn = 0; turn < 1_000; turn++) {
      set.count(KIB);
      set.turn();
    }
    set.count(BURST + KIB);
    await set.readsOn();
  });

  it("are saved up for no further than the burst", async () => {
    using set = await setUp();
    set.count(BURST + KIB);
    await set.clock.advance(3_600_000);
    set.turn();
    set.count(BURST + KIB);
    await set.readsOn();
    set.turn();
    set.count(KIB + 128);
    await set.holdsBack();
  });

  it("are waited for five seconds at most", async () => {
    using set = await setUp();
    set.count(BURST + 60 * PER_SECOND);
    await set.clock.advance(4_999);
    await set.holdsBack();
    await set.clock.advance(1);
    await eventually(() => set.held.length === 1);
  });

  it("leave no timer behind their connection", async () => {
    using set = await setUp();
    set.count(BURST + 3 * PER_SECOND);
    expect(set.clock.pendingTimers).toBe(1);
    set.session.destroy();
    await eventually(() => set.clock.pendingTimers === 0);
  });

  it("are too many of a connection under TLS, which cannot be held back", async () => {
    using set = await setUp({ isEncrypted: true });
    expect(set.count(BURST + KIB)).toBe(true);
    expect(set.count(KIB + 1)).toBe(false);
    await set.clock.advance(1_000);
    for (let calls = 0; calls < 100; calls++) expect(set.count()).toBe(true);
  });
});
