// Pushes of another writer than the reader's last event has: believed only if the log agrees.
import { expect, it } from "vitest";
import { StreamBus } from "../../../src/streams/stream-bus.ts";
import { StreamReader } from "../../../src/streams/stream-reader.ts";
import type { Batch, NewStream, WriterToken } from "../../../src/streams/stream-record.ts";
import type { StreamStore } from "../../../src/streams/stream-store.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { createMemoryStreams } from "../../support/open-streams.ts";
import { appendTo, batchOf, beginning, encode, newStream } from "../../support/stored-streams.ts";

const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

/** A reader that has events 1 to 3, the last two of `second`, and a store that can be exchanged. */
async function following(stream: NewStream, second: WriterToken) {
  const clock = createManualClock();
  let current: StreamStore = createMemoryStreams({ clock, maxBytes: 1_000_000 });
  const store: StreamStore = {
    ...current,
    read: (...question) => current.read(...question),
  };
  await current.create(stream);
  await current.claim(stream.streamId, 1, { session: "session-b", nonce: second.nonce });
  await current.append(appendTo(stream, 2, 3, { token: second }));
  const bus = new StreamBus();
  const reader = new StreamReader({
    store,
    bus,
    clock,
    streamId: stream.streamId,
    cursor: beginning,
    signal: new AbortController().signal,
    heartbeatMs: 0,
    onListen: () => {},
    isLocal: () => true,
    isTerminal: () => false,
    watch: undefined,
    onFill: () => {},
    onLeave: () => {},
  });
  const received: string[] = [];
  const done = (async () => {
    for await (const delivery of reader.follow()) {
      if (delivery.type !== "events") continue;
      for (const event of delivery.events) received.push(Buffer.from(event).toString());
    }
  })();
  done.catch(() => {});
  await settle();
  expect(received).toHaveLength(3);
  const push = async (batch: Batch): Promise<void> => {
    bus.publish(stream.streamId, { type: "batch", batch, isLast: false });
    await settle();
  };
  const exchange = (other: StreamStore): void => {
    current = other;
  };
  return { clock, received, done, push, exchange, store: current };
}

const second = { epoch: 2, nonce: 22 };

it("goes on with a new owner whose events are in the log", async () => {
  const stream = newStream({ session: "session-gone" });
  const { received, push, store } = await following(stream, second);
  await store.claim(stream.streamId, 2, { session: "session-c", nonce: 33 });
  const token = { epoch: 3, nonce: 33 };
  const append = appendTo(stream, 4, 5, { token });
  await store.append(append);
  await push(append.batch);
  expect(received.slice(3)).toEqual(["event 4 of 33", "event 5 of 33"]);
});

it("leaves out a late push of a writer that the log knows nothing of", async () => {
  const stream = newStream({ session: "session-gone" });
  const { received, push, store } = await following(stream, second);
  await push(batchOf(4, 4, 99));
  expect(received).toHaveLength(3);
  const append = appendTo(stream, 4, 4, { token: second });
  await store.append(append);
  await push(append.batch);
  expect(received.slice(3)).toEqual(["event 4 of 22"]);
});

it("P7: tells of a log that went another way, instead of joining two", async () => {
  const stream = newStream({ session: "session-gone", start: encode("start") });
  const { clock, received, done, push, exchange } = await following(stream, second);
  // The store comes back without the second owner; a third one goes on from its tail.
  const other = createMemoryStreams({ clock, maxBytes: 1_000_000 });
  await other.create(stream);
  await other.claim(stream.streamId, 1, { session: "session-c", nonce: 33 });
  await other.append(appendTo(stream, 2, 3, { token: { epoch: 2, nonce: 33 } }));
  exchange(other);
  const append = appendTo(stream, 4, 4, { token: { epoch: 2, nonce: 33 } });
  await other.append(append);
  await push(append.batch);
  await expect(done).rejects.toMatchObject({ kind: "state-lost" });
  expect(received).toHaveLength(3);
});
