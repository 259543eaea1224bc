import { describe, expect, it } from "vitest";
import type { StreamDelivery } from "../../../src/ports/gateway.ts";
import { LiveStream } from "../../../src/streams/live-stream.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { encode } from "../../support/stored-streams.ts";

const decoder = new TextDecoder();

function follow(stream: LiveStream, heartbeatMs = 0) {
  const clock = createManualClock();
  const controller = new AbortController();
  let left = 0;
  const deliveries = stream.follow({
    clock,
    heartbeatMs,
    signal: controller.signal,
    onLeave: async () => {
      left++;
    },
  });
  const reader = deliveries[Symbol.asyncIterator]();
  return { clock, controller, reader, left: () => left };
}

/** Events as text; a heartbeat names the sequence before it. */
async function* words(reader: AsyncIterable<StreamDelivery>): AsyncGenerator<string, void> {
  for await (const delivery of reader) {
    if (delivery.type === "heartbeat") {
      expect(delivery.isUndurable).toBe(false);
      yield `beat ${delivery.sequence}`;
    } else for (const event of delivery.events) yield decoder.decode(event);
  }
}

async function all(reader: AsyncIterable<StreamDelivery>): Promise<string[]> {
  const found: string[] = [];
  for await (const word of words(reader)) found.push(word);
  return found;
}

describe("LiveStream", () => {
  it("delivers everything in order and then ends, whoever is first", async () => {
    const early = new LiveStream();
    void early.add(encode("a"));
    void early.add(encode("b"));
    early.end();
    const { reader, left } = follow(early);
    expect(await all(reader)).toEqual(["a", "b"]);
    expect(decoder.decode(early.terminal)).toBe("b");
    expect(left()).toBe(1);

    const late = new LiveStream();
    const reading = all(follow(late).reader);
    await Promise.resolve();
    void late.add(encode("a"));
    await Promise.resolve();
    void late.add(encode("b"));
    late.end();
    expect(await reading).toEqual(["a", "b"]);
  });

  it("holds a producer back whose reader stands still, and keeps few events", async () => {
    const stream = new LiveStream();
    const { reader } = follow(stream);
    let produced = 0;
    const producing = (async () => {
      for (; produced < 100_000; produced++) await stream.add(encode(String(produced)));
      stream.end();
    })();
    const first = await reader.next();
    for (let turn = 0; turn < 1_000; turn++) await Promise.resolve();
    expect(produced).toBeLessThan(130);
    const rest = await all(reader);
    await producing;
    if (first.value?.type !== "events") throw new Error("no event came first");
    const begun = first.value.events.map((event) => decoder.decode(event));
    expect([...begun, ...rest]).toEqual(
      Array.from({ length: 100_000 }, (_, index) => String(index)),
    );
  });

  it("holds a producer back from the 64th event on that nobody has taken", async () => {
    const stream = new LiveStream();
    const { reader } = follow(stream);
    for (let index = 1; index < 64; index++) expect(stream.add(encode("x"))).toBeUndefined();
    expect(stream.tail).toBe(63);
    const wait = stream.add(encode("x"));
    expect(wait).toBeInstanceOf(Promise);
    expect((await reader.next()).value).toMatchObject({ type: "events", events: { length: 64 } });
    // What was handed over is taken when more is asked for.
    const next = reader.next();
    await wait;
    expect(stream.add(encode("y"))).toBeUndefined();
    expect((await next).value).toMatchObject({ events: { length: 1 } });
    expect(stream.tail).toBe(65);
    await reader.return(undefined);
    expect(stream.add(encode("z"))).toBeUndefined();
  });

  it("lets a producer go whose reader has left", async () => {
    const stream = new LiveStream();
    const { reader } = follow(stream);
    const producing = (async () => {
      for (let index = 0; index < 1_000; index++) await stream.add(encode("x"));
    })();
    await reader.next();
    await reader.return(undefined);
    await producing;
  });

  it("beats in silence only", async () => {
    const stream = new LiveStream();
    const { clock, reader } = follow(stream, 100);
    const events: string[] = [];
    const reading = (async () => {
      for await (const word of words(reader)) events.push(word);
    })();
    await clock.advance(99);
    expect(events).toEqual([]);
    await clock.advance(1);
    expect(events).toEqual(["beat 0"]);
    await clock.advance(60);
    void stream.add(encode("a"));
    await clock.advance(60);
    expect(events).toEqual(["beat 0", "a"]);
    await clock.advance(100);
    expect(events).toEqual(["beat 0", "a", "beat 1"]);
    // The next one comes a whole silence after the last.
    await clock.advance(39);
    expect(events).toHaveLength(3);
    await clock.advance(1);
    expect(events).toHaveLength(4);
    stream.end();
    await reading;
    expect(clock.pendingTimers).toBe(0);
  });

  it("throws to a reader whose call was cancelled, and leaves", async () => {
    const stream = new LiveStream();
    const { clock, controller, reader, left } = follow(stream, 100);
    const reading = all(reader);
    await clock.advance(10);
    controller.abort();
    await expect(reading).rejects.toMatchObject({ kind: "cancelled" });
    expect(left()).toBe(1);
    expect(clock.pendingTimers).toBe(0);
  });
});
