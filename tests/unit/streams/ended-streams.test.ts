import { describe, expect, it } from "vitest";
import { StoreUnavailable } from "../../../src/store/store-unavailable.ts";
import { EndedStreams } from "../../../src/streams/ended-streams.ts";
import type { OwnedStream } from "../../../src/streams/owned-stream.ts";
import { created } from "../../../src/streams/stream-machine.ts";
import type { StoredStream } from "../../../src/streams/stream-store.ts";
import { createFaultyStore } from "../../support/faulty-store.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { encode, newStream, success } from "../../support/stored-streams.ts";
import { createTestLog } from "../../support/test-log.ts";

const MIB = 1024 * 1024;

/** Streams with so many bytes of events each, that have ended. */
async function endedStreams(count: number, bytes: number) {
  const clock = createManualClock();
  const faulty = createFaultyStore(clock, { isShared: true, maxBytes: 256 * MIB });
  const log = createTestLog({ clock, store: faulty.store });
  await faulty.peer.openSession(log.session, 0);
  const streams: OwnedStream[] = [];
  for (let index = 0; index < count; index++) {
    const hooks = {
      disconnect: { policy: "continue" },
      stop: () => {},
      endUnstarted: () => new Uint8Array(),
    } as const;
    const begun = await log.begin(
      newStream({ token: log.newToken(), session: log.session }),
      hooks,
    );
    if (begun.state !== "created") throw new Error(begun.state);
    for (let at = 0; at < bytes; at += MIB) {
      void begun.stream.add(new Uint8Array(MIB), { isContent: true });
    }
    void begun.stream.add(encode("end"), { isContent: false, ending: success });
    await begun.stream.ended;
    streams.push(begun.stream);
  }
  return { streams, store: faulty.store };
}

it("keeps 64 MiB of what the store has been given, the latest of it", async () => {
  const { streams, store } = await endedStreams(12, 7 * MIB);
  const ended = new EndedStreams();
  for (const stream of streams) ended.add(stream, 0);
  const asked: string[] = [];
  const heads = async (ids: readonly string[]) => {
    asked.push(...ids);
    return ids.map(() => undefined);
  };
  await ended.heal({ ...store, heads }, 10_000);
  expect(asked).toEqual(streams.slice(-9).map(({ streamId }) => streamId));
  for (const stream of streams) ended.add(stream, 20_000);
  asked.length = 0;
  await ended.heal({ ...store, heads }, 30_000);
  expect(asked).toHaveLength(9);
});

/** Streams that hold so many bytes, and a store in which they are what `heads` says. */
function setUp(count: number, held: number) {
  const restored: string[] = [];
  const streams = Array.from({ length: count }, (_, index) => ({
    streamId: `s.${index}`,
    writerId: 100 + index,
    held,
    restore: (tail: number) => void restored.push(`s.${index} from ${tail}`),
  }));
  const heads = new Map<string, Partial<StoredStream>>();
  const asked: (readonly string[])[] = [];
  let isAway = false;
  const store = {
    async heads(ids: readonly string[]) {
      asked.push(ids);
      if (isAway) throw new StoreUnavailable("unknown", "away");
      return ids.map((id) => {
        const known = heads.get(id);
        return known && { ...created(newStream(), 0), now: 0, isOwnerAlive: true, ...known };
      });
    },
  };
  const ended = new EndedStreams();
  return {
    streams,
    heads,
    asked,
    restored,
    store,
    ended,
    leave(away: boolean) {
      isAway = away;
    },
  };
}

describe("streams that have ended", () => {
  it.each([
    ["1,000 streams", 1_000, 1],
    ["64 MiB", 8, 8 * MIB],
  ])("are kept up to %s, and the oldest go first", async (_, most, held) => {
    const { streams, ended, store, asked } = setUp(most + 2, held);
    for (const stream of streams.slice(0, most)) ended.add(stream, 0);
    await ended.heal(store, 10_000);
    for (const stream of streams) ended.add(stream, 20_000);
    await ended.heal(store, 30_000);
    expect(asked.map(({ length }) => length)).toEqual([most, most]);
    expect(asked[1]?.[0]).toBe("s.2");
  });

  it("are looked at once, 3 s after their end", async () => {
    const { streams, ended, store, asked } = setUp(3, 1);
    const [first, second, third] = streams;
    if (!first || !second || !third) throw new Error("three");
    ended.add(first, 1_000);
    ended.add(second, 1_500);
    ended.add(third, 1_501);
    await ended.heal(store, 3_999);
    expect(asked).toEqual([]);
    await ended.heal(store, 4_500);
    expect(asked).toEqual([["s.0", "s.1"]]);
    await ended.heal(store, 4_500);
    expect(asked).toHaveLength(1);
    await ended.heal(store, 9_000);
    expect(asked).toEqual([["s.0", "s.1"], ["s.2"]]);
    await ended.heal(store, 99_000);
    expect(asked).toHaveLength(2);
  });

  it("get their end back where it is lost, and only that", async () => {
    const { streams, ended, store, heads, restored } = setUp(5, 1);
    for (const stream of streams) ended.add(stream, 0);
    heads.set("s.0", { phase: "running", token: { epoch: 1, nonce: 100 }, tail: 7 });
    // Another has gone on with it.
    heads.set("s.1", { phase: "running", token: { epoch: 2, nonce: 5 }, tail: 7 });
    heads.set("s.2", { phase: "completed", token: { epoch: 1, nonce: 102 }, tail: 9 });
    heads.set("s.3", { phase: "running", token: { epoch: 1, nonce: 103 }, tail: 2 });
    await ended.heal(store, 3_000);
    expect(restored).toEqual(["s.0 from 7", "s.3 from 2"]);
  });

  it("are looked at again where the store has not answered", async () => {
    const { streams, ended, store, heads, restored, leave } = setUp(1, 1);
    for (const stream of streams) ended.add(stream, 0);
    heads.set("s.0", { phase: "running", token: { epoch: 1, nonce: 100 }, tail: 7 });
    leave(true);
    await expect(ended.heal(store, 5_000)).rejects.toThrow(StoreUnavailable);
    leave(false);
    await ended.heal(store, 6_000);
    expect(restored).toEqual(["s.0 from 7"]);
  });
});
