// Streams that a living process owns by name only, and that nobody else could claim.
import { describe, expect, it } from "vitest";
import { StoreHealth } from "../../../src/store/store-health.ts";
import { StoreUnavailable } from "../../../src/store/store-unavailable.ts";
import { AbandonedStreams } from "../../../src/streams/abandoned-streams.ts";
import { StreamLog } from "../../../src/streams/stream-log.ts";
import type { StreamObserver } from "../../../src/streams/stream-observer.ts";
import { DEFAULT_STREAM_SETTINGS } from "../../../src/streams/stream-settings.ts";
import type { StreamStore } from "../../../src/streams/stream-store.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { createMemoryStreams } from "../../support/open-streams.ts";
import { appendTo, encode, LONG_MS, newStream, success } from "../../support/stored-streams.ts";

const session = "session-here";
const hooks = { disconnect: { policy: "continue", graceMs: 0 } as const, stop: () => {} };

const observer: StreamObserver = {
  created() {},
  ended() {},
  readers() {},
  appended() {},
  filled() {},
  lost() {},
};

/** An orphan of three events, and a process whose store is changed for the test. */
async function prepare(change: (store: StreamStore) => Partial<StreamStore>) {
  const clock = createManualClock();
  const store = createMemoryStreams({ clock, maxBytes: 1_000_000 });
  await store.openSession(session, LONG_MS);
  const stream = newStream({ session: "session-gone" });
  await store.create(stream);
  await store.append(appendTo(stream, 2, 3));
  const log = new StreamLog({
    store: { ...store, ...change(store) },
    health: new StoreHealth(clock, () => {}),
    clock,
    settings: () => DEFAULT_STREAM_SETTINGS,
    session,
    newNonce: () => 77,
    isTerminal: () => false,
    observer,
  });
  const [orphan] = await store.orphans(1);
  if (orphan === undefined) throw new Error("no orphan");
  const orphans = async () => (await store.orphans(10)).map(({ streamId }) => streamId);
  return { store, log, stream, orphan, orphans };
}

describe("a stream is handed off", () => {
  it("when the answer to its claim was lost", async () => {
    const { log, stream, orphan, orphans } = await prepare((store) => ({
      async claim(...question) {
        await store.claim(...question);
        throw new StoreUnavailable("unknown", "the answer is lost");
      },
    }));
    await expect(log.claim(orphan, hooks)).rejects.toThrow(StoreUnavailable);
    expect(await orphans()).toEqual([]);
    await log.releaseAbandoned();
    expect(await orphans()).toEqual([stream.streamId]);
  });

  it("when the store has lost what its writer does not have", async () => {
    const { log, stream, orphan, orphans } = await prepare(() => ({
      append: () => ({ state: "gap", tail: 1 }),
    }));
    const claimed = await log.claim(orphan, hooks);
    void claimed?.owned.add(encode("event 4"), { isContent: true });
    await claimed?.owned.ended;
    expect(await orphans()).toEqual([]);
    await log.releaseAbandoned();
    expect(await orphans()).toEqual([stream.streamId]);
  });

  it("when its creation arrives after its call has gone another way", async () => {
    const clock = createManualClock();
    const store = createMemoryStreams({ clock, maxBytes: 1_000_000 });
    await store.openSession(session, LONG_MS);
    const abandoned = new AbandonedStreams(clock);
    const stream = newStream({ session });
    let ends = 0;
    abandoned.add(stream.streamId, { token: stream.token, end: async () => void ends++ });
    await abandoned.release(store, session, new Map());
    await store.create(stream);
    await clock.advance(10_000);
    await abandoned.release(store, session, new Map());
    const [head] = await store.heads([stream.streamId]);
    expect([head?.handedOff, ends]).toEqual([false, 1]);
  });

  it("when the store forgets that it has ended", async () => {
    const clock = createManualClock();
    const store = createMemoryStreams({ clock, maxBytes: 1_000_000 });
    await store.openSession(session, LONG_MS);
    const abandoned = new AbandonedStreams(clock);
    // Its last event was acknowledged, and is not there any more.
    const stream = newStream({ session });
    await store.create(stream);
    abandoned.addEnded(stream.streamId);
    await abandoned.release(store, session, new Map());
    expect((await store.heads([stream.streamId]))[0]).toMatchObject({ handedOff: false });
    await clock.advance(10_000);
    await abandoned.release(store, session, new Map());
    expect((await store.heads([stream.streamId]))[0]).toMatchObject({ handedOff: true });
  });

  it("when the store forgets who took it over", async () => {
    const { store, log, stream, orphan, orphans } = await prepare(() => ({
      append: () => ({ state: "fenced" }),
    }));
    const claimed = await log.claim(orphan, hooks);
    void claimed?.owned.add(encode("event 4"), { isContent: true });
    await claimed?.owned.ended;
    const [head] = await store.heads([stream.streamId]);
    expect(head?.owner).toBe(session);
    await log.releaseAbandoned();
    expect(await orphans()).toEqual([stream.streamId]);
  });
});

it("leaves alone what it writes, what others own, and what has ended", async () => {
  const { store, log, stream, orphan, orphans } = await prepare(() => ({}));
  const claimed = await log.claim(orphan, hooks);
  await log.releaseAbandoned();
  expect(await orphans()).toEqual([]);

  await store.openSession("session-other", LONG_MS);
  await store.handOff(stream.streamId, { epoch: 2, nonce: 77 }, "planned");
  const next = { session: "session-other", nonce: 88 };
  await store.claim(stream.streamId, 2, next);
  void claimed?.owned.add(encode("event 4"), { isContent: true });
  await claimed?.owned.ended;
  await log.releaseAbandoned();
  expect(await orphans()).toEqual([]);
  const token = { epoch: 3, nonce: 88 };
  await store.append(appendTo(stream, 4, 4, { token, ending: success }));
  await log.releaseAbandoned();
  expect((await store.heads([stream.streamId]))[0]).toMatchObject({ phase: "completed" });
});
