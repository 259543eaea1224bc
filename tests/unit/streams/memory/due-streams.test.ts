import { expect, it } from "vitest";
import { DueStreams } from "../../../../src/streams/memory/due-streams.ts";
import type { StreamRecord } from "../../../../src/streams/stream-record.ts";

const SPAN_MS = 8_000;

const dueAt = (at: number) => ({
  record: { endedAt: at - 1_000, retentionMs: 1_000 } as StreamRecord,
});

const found = (streams: DueStreams<ReturnType<typeof dueAt>>, now: number): number[] =>
  [...streams.until(now)].map(({ record }) => (record.endedAt ?? 0) + record.retentionMs);

it("those that are due are found again and again until they are deleted, and no later ones", () => {
  const streams = new DueStreams<ReturnType<typeof dueAt>>(0);
  const entries = [0, 1, SPAN_MS - 1, SPAN_MS, 5 * SPAN_MS].map(dueAt);
  for (const entry of entries) streams.add(entry);
  for (let look = 0; look < 2; look++) {
    // One that is near comes with those of its span.
    expect(found(streams, 0)).toEqual([0, 1, SPAN_MS - 1]);
  }
  for (const entry of streams.until(0)) streams.delete(entry);
  expect(found(streams, SPAN_MS)).toEqual([SPAN_MS]);
  expect(found(streams, SPAN_MS)).toEqual([SPAN_MS]);
  for (const entry of streams.until(SPAN_MS)) streams.delete(entry);
  expect(found(streams, 100 * SPAN_MS)).toEqual([5 * SPAN_MS]);
});

it("one that becomes due before those that were looked at is found", () => {
  const streams = new DueStreams<ReturnType<typeof dueAt>>(10 * SPAN_MS);
  expect(found(streams, 20 * SPAN_MS)).toEqual([]);
  streams.add(dueAt(15 * SPAN_MS));
  expect(found(streams, 20 * SPAN_MS)).toEqual([15 * SPAN_MS]);
});

it("a delete takes the one, once", () => {
  const streams = new DueStreams<ReturnType<typeof dueAt>>(0);
  const [one, other] = [dueAt(1), dueAt(2)];
  for (const entry of [one, other]) streams.add(entry);
  streams.delete(one);
  streams.delete(one);
  expect(found(streams, 0)).toEqual([2]);
});
