import { describe, expect, it } from "vitest";
import { LiveStream } from "../../../src/streams/live-stream.ts";
import { createManualClock } from "../../support/manual-clock.ts";

function follow(stream: LiveStream<string>, heartbeatMs = 0) {
  const clock = createManualClock();
  const controller = new AbortController();
  let left = 0;
  const reader = stream.follow({
    clock,
    heartbeatMs,
    heartbeat: () => "beat",
    signal: controller.signal,
    onLeave: async () => {
      left++;
    },
  });
  return { clock, controller, reader, left: () => left };
}

async function all(reader: AsyncIterable<string>): Promise<string[]> {
  const events: string[] = [];
  for await (const event of reader) events.push(event);
  return events;
}

describe("LiveStream", () => {
  it("delivers everything in order and then ends, whoever is first", async () => {
    const early = new LiveStream<string>();
    void early.append("a");
    void early.append("b");
    early.end();
    const { reader, left } = follow(early);
    expect(await all(reader)).toEqual(["a", "b"]);
    expect(left()).toBe(1);

    const late = new LiveStream<string>();
    const reading = all(follow(late).reader);
    await Promise.resolve();
    void late.append("a");
    await Promise.resolve();
    void late.append("b");
    late.end();
    expect(await reading).toEqual(["a", "b"]);
  });

  it("holds a producer back whose reader stands still, and keeps few events", async () => {
    const stream = new LiveStream<string>();
    const { reader } = follow(stream);
    let produced = 0;
    const producing = (async () => {
      for (; produced < 100_000; produced++) await stream.append(String(produced));
      stream.end();
    })();
    await reader.next();
    for (let turn = 0; turn < 1_000; turn++) await Promise.resolve();
    expect(produced).toBeLessThan(130);
    const rest = await all(reader);
    await producing;
    expect(rest).toHaveLength(100_000 - 1);
  });

  it("lets a producer go whose reader has left", async () => {
    const stream = new LiveStream<string>();
    const { reader } = follow(stream);
    const producing = (async () => {
      for (let index = 0; index < 1_000; index++) await stream.append("x");
    })();
    await reader.next();
    await reader.return(undefined);
    await producing;
  });

  it("beats in silence only", async () => {
    const stream = new LiveStream<string>();
    const { clock, reader } = follow(stream, 100);
    const events: string[] = [];
    const reading = (async () => {
      for await (const event of reader) events.push(event);
    })();
    await clock.advance(99);
    expect(events).toEqual([]);
    await clock.advance(1);
    expect(events).toEqual(["beat"]);
    await clock.advance(60);
    void stream.append("a");
    await clock.advance(60);
    expect(events).toEqual(["beat", "a"]);
    await clock.advance(100);
    expect(events).toEqual(["beat", "a", "beat"]);
    stream.end();
    await reading;
    expect(clock.pendingTimers).toBe(0);
  });

  it("throws to a reader whose call was cancelled, and leaves", async () => {
    const stream = new LiveStream<string>();
    const { clock, controller, reader, left } = follow(stream, 100);
    const reading = all(reader);
    await clock.advance(10);
    controller.abort();
    await expect(reading).rejects.toMatchObject({ kind: "cancelled" });
    expect(left()).toBe(1);
    expect(clock.pendingTimers).toBe(0);
  });
});
