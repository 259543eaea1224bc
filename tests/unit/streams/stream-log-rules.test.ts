// What a log tells its callers, its observer and the generations behind its streams.
import { describe, expect, it } from "vitest";
import { StoreHealth } from "../../../src/store/store-health.ts";
import { cancelledBy } from "../../../src/streams/owned-stream.ts";
import { StreamLog } from "../../../src/streams/stream-log.ts";
import { DEFAULT_STREAM_SETTINGS } from "../../../src/streams/stream-settings.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { createMemoryStreams } from "../../support/open-streams.ts";
import { beginning, encode, failure, newStream, success } from "../../support/stored-streams.ts";
import { createTestLog } from "../../support/test-log.ts";
import { createTestReaders, END, eventsOf, isEnd } from "../../support/test-reader.ts";

const shared = { isShared: true };

/** A log whose observer notes everything that it is told. */
function observed() {
  const clock = createManualClock();
  const told: unknown[] = [];
  const log = new StreamLog({
    store: createMemoryStreams({ clock, maxBytes: 1_000_000 }),
    health: new StoreHealth(clock, ({ state }) => void told.push(state)),
    clock,
    settings: () => DEFAULT_STREAM_SETTINGS,
    session: "session-a",
    newNonce: () => 7,
    isTerminal: isEnd,
    observer: {
      created: () => void told.push("created"),
      ended: (phase) => void told.push(`ended ${phase}`),
      readers: (change) => void told.push(change),
      appended: (...facts) => void told.push(facts),
      filled: (cause) => void told.push(`filled ${cause}`),
      lost: (loss) => void told.push(`lost ${loss}`),
    },
  });
  const begin = async () => {
    const stream = newStream({ session: log.session, token: log.newToken() });
    const hooks = {
      disconnect: { policy: "continue" as const },
      stop: () => {},
      endUnstarted: () => END,
    };
    const begun = await log.begin(stream, hooks);
    if (begun.state !== "created") throw new Error(begun.state);
    return { stream, owned: begun.stream };
  };
  return { clock, told, log, begin };
}

describe("what the observer of a log is told", () => {
  it.each([success, failure])("the beginning, each append and the end: %j", async (ending) => {
    const { clock, told, begin, log } = observed();
    const { owned } = await begin();
    await owned.add(encode("e2"), { isContent: true });
    await owned.add(END, { isContent: false, ending });
    await clock.advance(0);
    expect(told).toEqual(["created", ["stored", 1, 0], ["stored", 1, 0], `ended ${ending.phase}`]);
    expect(log.owned.size).toBe(0);
  });

  it("a stream that is left to others has not ended", async () => {
    const { clock, told, begin } = observed();
    (await begin()).owned.leaveToOthers();
    await clock.advance(0);
    expect(told).toEqual(["created", "ended left"]);
  });

  it("each reader when it comes and when it goes, once", async () => {
    const { clock, told, begin, log } = observed();
    const { stream } = await begin();
    told.length = 0;
    const abort = new AbortController();
    const options = {
      streamId: stream.streamId,
      cursor: beginning,
      signal: abort.signal,
      heartbeatMs: 0,
      watch: undefined,
    };
    const reader = log.reader(options);
    expect(log.readerCount(stream.streamId)).toBe(1);
    const done = (async () => {
      for await (const _ of reader.follow());
    })().catch((error: unknown) => error);
    await clock.advance(0);
    abort.abort();
    expect(await done).toMatchObject({ kind: "cancelled" });
    expect(told).toEqual([1, -1]);
    expect(log.readerCount(stream.streamId)).toBe(0);
    expect(log.readerCount("s.unknown")).toBe(0);
  });
});

describe("what a caller is told of a cancel", () => {
  it.each([
    ["caller", "", "the caller cancelled the generation", "CANCELLED_BY_CALLER"],
    ["caller", "not for it", "the caller cancelled the generation", "CANCELLED_BY_CALLER"],
    ["operator", "", "an operator cancelled the generation", "CANCELLED_BY_OPERATOR"],
    [
      "operator",
      "too dear",
      "an operator cancelled the generation: too dear",
      "CANCELLED_BY_OPERATOR",
    ],
    ["disconnect", "", "nobody reads the stream any more", "CANCELLED_BY_DISCONNECT"],
  ] as const)("by %s with the note %j", (reason, note, message, code) => {
    expect(cancelledBy(reason, note)).toMatchObject({ kind: "cancelled", message, reason: code });
  });

  it("has the operator's note, at whichever replica it was given", async () => {
    const set = await createTestReaders(shared);
    const errors: string[] = [];
    const stop = ({ message }: Error): void => void errors.push(message);
    const [here, there, silent] = [
      await set.own({}, { stop }),
      await set.own({}, { stop }),
      await set.own({}, { stop }),
    ];
    const other = createTestLog({ clock: set.clock, store: set.peer, isTerminal: isEnd });
    await set.log.requestCancel(here.stream.streamId, "operator", "seen here");
    await other.requestCancel(there.stream.streamId, "operator", "seen there");
    await other.requestCancel(silent.stream.streamId, "operator");
    await set.clock.advance(0);
    const said = "an operator cancelled the generation";
    expect(errors).toEqual([`${said}: seen here`, `${said}: seen there`, said]);
  });

  it("is no answer where the store has none, in time or at all", async () => {
    const set = await createTestReaders(shared);
    const { stream, stopped } = await set.own();
    set.faults.isDown = true;
    const refused = { kind: "state-unavailable", retryAfterMs: 1_000 };
    await expect(set.log.requestCancel(stream.streamId, "caller")).rejects.toMatchObject(refused);
    set.faults.isDown = false;
    set.faults.hangs = true;
    let outcome: unknown;
    const asking = set.log.requestCancel(stream.streamId, "caller").catch((error: unknown) => {
      outcome = error;
    });
    await set.clock.advance(1_999);
    expect(outcome).toBeUndefined();
    await set.clock.advance(1);
    await asking;
    expect(outcome).toMatchObject(refused);
    expect(stopped).toEqual([]);
  });

  it("leaves alone a stream that has ended", async () => {
    const set = await createTestReaders(shared);
    const { stream, end, stopped } = await set.own();
    end();
    await set.clock.advance(0);
    const broadcasts = set.calls.get("broadcast") ?? 0;
    expect(await set.log.requestCancel(stream.streamId, "caller")).toMatchObject({
      phase: "completed",
      cancel: undefined,
    });
    expect([set.calls.get("broadcast") ?? 0, stopped]).toEqual([broadcasts, []]);
  });
});

describe("a call that begins a stream while the store is not well", () => {
  it.each([
    ["slow", { hangs: true }, true],
    ["away", { isDown: true }, false],
  ] as const)(
    "is unstored, and knows whether the store was late: %s",
    async (_, faults, isLate) => {
      const set = await createTestReaders();
      Object.assign(set.faults, faults);
      const hooks = {
        disconnect: { policy: "continue" as const },
        stop: () => {},
        endUnstarted: () => END,
      };
      const begun = set.log.begin(newStream(), hooks);
      await set.clock.advance(50);
      expect(await begun).toEqual({ state: "unavailable", isLate });
    },
  );

  it("leaves no stream where the answer comes late: its key is free, and no list has it", async () => {
    const set = await createTestReaders();
    const stream = newStream({ requestId: "request-1", session: set.log.session });
    set.faults.delayMs = 60;
    set.faults.only = ["create"];
    const hooks = {
      disconnect: { policy: "continue" as const },
      stop: () => {},
      endUnstarted: () => END,
    };
    const begun = set.log.begin(stream, hooks);
    await set.clock.advance(50);
    expect(await begun).toMatchObject({ state: "unavailable" });
    await set.clock.advance(10);
    expect(await set.peer.find(stream.caller, "request-1")).toBeUndefined();
    const [head] = await set.peer.heads([stream.streamId]);
    expect(head).toMatchObject({ phase: "failed", retentionMs: 0, tail: 2 });
  });
});

describe("what a store that takes nothing means for a running stream", () => {
  it("a store that is full is down from its refusal on; one that is away is found elsewhere", async () => {
    for (const [faults, told] of [
      [{ isFull: true }, ["down"]],
      [{ isDown: true }, []],
    ] as const) {
      const set = await createTestReaders();
      const { add } = await set.own();
      set.told.length = 0;
      Object.assign(set.faults, { ...faults, only: ["append"] });
      add(2, 2);
      await set.clock.advance(100);
      expect(set.told).toEqual(told);
    }
  });

  it("shows what is not stored after 2 s, and no sooner", async () => {
    const set = await createTestReaders();
    const { stream, add } = await set.own();
    const reading = set.read(stream.streamId);
    await set.clock.advance(0);
    set.faults.isDown = true;
    add(2, 2);
    await set.clock.advance(1_999);
    expect(reading.seen).toEqual(["start"]);
    await set.clock.advance(1);
    expect(reading.seen).toEqual(["start", "beat 1 undurable", "e2"]);
  });

  it("gives up after 10 s where events must be stored, and no sooner", async () => {
    const set = await createTestReaders({}, { durability: "required" });
    const { add, stopped } = await set.own();
    set.faults.isDown = true;
    add(2, 2);
    await set.clock.advance(9_999);
    expect(stopped).toEqual([]);
    await set.clock.advance(1);
    expect(stopped).toEqual(["state-unavailable"]);
    expect(set.told).toContain("lost unavailable");
  });

  it.each([
    ["bytes", { maxBytes: 7 }],
    ["events", { maxEvents: 4 }],
  ])("a stream that is too long in %s is stopped with that reason", async (_, settings) => {
    const set = await createTestReaders({}, settings);
    const errors: unknown[] = [];
    const { add } = await set.own({}, { stop: (error) => void errors.push(error) });
    add(2, 4);
    expect(errors).toEqual([]);
    add(5, 6);
    expect(errors).toMatchObject([
      { kind: "stream-limit", message: "the stream is longer than the store takes" },
    ]);
  });
});

it("a stream that was fenced goes on for its readers with the next owner's events", async () => {
  const set = await createTestReaders(shared);
  const { stream, owned, add } = await set.own();
  const reading = set.read(stream.streamId);
  await set.clock.advance(0);
  expect(owned).toMatchObject({
    streamId: stream.streamId,
    token: stream.token,
    writerId: stream.token.nonce,
    tail: 1,
    canMove: true,
    hasEnd: false,
  });
  await set.peer.handOff(stream.streamId, stream.token, "lost");
  await set.peer.claim(stream.streamId, 1, { session: "another", nonce: 5 });
  add(2, 2);
  await set.clock.advance(0);
  await set.peer.append(eventsOf(stream, 2, 2, 5));
  await set.clock.advance(2_000);
  expect(reading.outcome()).toBeUndefined();
  expect(reading.seen).toEqual(["start", "e2"]);
  reading.abort.abort();
});
