// Events that a reader waits for: they reach it in the turn in which the writer has stored them.
import { expect, it } from "vitest";
import type { Take } from "../../../src/domain/push-iterable.ts";
import type { StreamDelivery } from "../../../src/ports/gateway.ts";
import { LiveStream } from "../../../src/streams/live-stream.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { beginning, encode } from "../../support/stored-streams.ts";
import { createTestReaders } from "../../support/test-reader.ts";

const decoder = new TextDecoder();

/** Takes events as text, each by `take`. */
function wordsTo(take: Take<string>): Take<StreamDelivery> {
  return (delivery) => {
    if (delivery.type !== "events") return undefined;
    return take(delivery.events.map((event) => decoder.decode(event)).join(" "));
  };
}

/** A stream with a reader that waits for its next event. */
async function stored(take: Take<string>, abort = new AbortController()) {
  const readers = await createTestReaders();
  const { owned, stream, add, end } = await readers.own();
  const watched: unknown[] = [];
  const watch = { first: () => {}, ended: (error: unknown) => void watched.push(error) };
  const { streamId } = stream;
  const reader = readers.log.reader({
    streamId,
    cursor: beginning,
    signal: abort.signal,
    heartbeatMs: 0,
    watch,
  });
  const reading = reader.follow().pushTo(wordsTo(take));
  reading.catch(() => {});
  await readers.clock.advance(1);
  const other = readers.read(streamId);
  await readers.clock.advance(1);
  return { ...readers, owned, add, end, watched, reading, other };
}

async function ephemeral(take: Take<string>) {
  const stream = new LiveStream();
  const clock = createManualClock();
  let left = 0;
  const reading = stream
    .follow({
      clock,
      heartbeatMs: 0,
      signal: new AbortController().signal,
      onLeave: async () => void left++,
    })
    .pushTo(wordsTo(take));
  reading.catch(() => {});
  await clock.advance(1);
  return { clock, stream, reading, left: () => left };
}

it("a stored event is taken when it is added, and so is the last one", async () => {
  const seen: string[] = [];
  const { add, end, reading, watched } = await stored((word) => void seen.push(word));
  expect(seen).toEqual(["start"]);
  add(2, 2);
  expect(seen).toEqual(["start", "e2"]);
  add(3, 4);
  expect(seen).toEqual(["start", "e2", "e3", "e4"]);
  end();
  expect(seen.at(-1)).toBe("end");
  await reading;
  expect(watched).toEqual([undefined]);
});

it("a stored event waits for the one before, and nothing overtakes it", async () => {
  const seen: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const take = (word: string): Promise<void> | undefined => {
    seen.push(word);
    return word === "e2" ? promise : undefined;
  };
  const { add, end, clock, reading } = await stored(take);
  add(2, 5);
  await clock.advance(1);
  expect(seen).toEqual(["start", "e2"]);
  resolve();
  await clock.advance(1);
  end();
  await reading;
  expect(seen).toEqual(["start", "e2", "e3", "e4", "e5", "end"]);
});

it.each([
  [
    "throws",
    () => {
      throw new Error("no more");
    },
  ],
  ["rejects", () => Promise.reject(new Error("no more"))],
])(
  "a reader that %s ends alone: neither the writer nor another reader is told",
  async (_, fail) => {
    const take = (word: string) => (word === "e2" ? fail() : undefined);
    const { add, end, clock, reading, watched, other, owned } = await stored(take);
    add(2, 3);
    expect(owned.tail).toBe(3);
    await expect(reading).rejects.toThrow("no more");
    expect(watched).toMatchObject([{ kind: "cancelled" }]);
    end();
    await clock.advance(1);
    expect(other.seen).toEqual(["start", "e2", "e3", "end"]);
  },
);

it("nothing is taken for a call that has been cancelled", async () => {
  const seen: string[] = [];
  const abort = new AbortController();
  let add = (_first: number, _last: number): void => {};
  // Whoever is told of the abort before the reader can still write.
  abort.signal.addEventListener("abort", () => add(2, 2));
  const { reading, ...writer } = await stored((word) => void seen.push(word), abort);
  add = writer.add;
  abort.abort();
  add(3, 3);
  await expect(reading).rejects.toMatchObject({ kind: "cancelled" });
  expect(seen).toEqual(["start"]);
});

it("an event that is not stored is taken when it is added", async () => {
  const seen: string[] = [];
  const { stream, reading, left } = await ephemeral((word) => void seen.push(word));
  expect(stream.add(encode("a"))).toBeUndefined();
  expect(seen).toEqual(["a"]);
  expect(stream.tail).toBe(1);
  void stream.add(encode("b"));
  stream.end();
  await reading;
  expect(seen).toEqual(["a", "b"]);
  expect(left()).toBe(1);
});

it("a reader of events that are not stored ends by its own error, and the producer goes on", async () => {
  const { stream, reading, left } = await ephemeral(() => {
    throw new Error("no more");
  });
  expect(stream.add(encode("a"))).toBeUndefined();
  await expect(reading).rejects.toThrow("no more");
  expect(left()).toBe(1);
  expect(stream.add(encode("b"))).toBeUndefined();
});
