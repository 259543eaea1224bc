import { expect, it } from "vitest";
import { ReaderInbox } from "../../../src/streams/reader-inbox.ts";
import type { BusMessage } from "../../../src/streams/stream-bus.ts";

const KIB = 1024;

const batch = (sequence: number, bytes: number): BusMessage => ({
  type: "batch",
  batch: { first: sequence, last: sequence, writer: 9, events: [new Uint8Array(bytes)] },
  isLast: false,
});

function filled(count: number, bytes: number, isOnlyHere = false): ReaderInbox {
  const inbox = new ReaderInbox();
  inbox.push({ type: "left" }, false);
  for (let sequence = 1; sequence <= count; sequence++)
    inbox.push(batch(sequence, bytes), isOnlyHere);
  return inbox;
}

function rest(inbox: ReaderInbox): BusMessage[] {
  const messages: BusMessage[] = [];
  for (let next = inbox.shift(); next !== undefined; next = inbox.shift()) messages.push(next);
  return messages;
}

it.each([
  ["messages", 255, 256, 10],
  ["bytes of events", 8, 9, 64 * KIB],
])(
  "what waits for a reader is bounded in %s: more is dropped and asked for",
  (_, fits, more, bytes) => {
    expect(filled(fits, bytes).hasDropped).toBe(false);
    expect(rest(filled(fits, bytes))).toHaveLength(fits + 1);
    const dropped = filled(more, bytes);
    expect(dropped.hasDropped).toBe(true);
    expect(rest(dropped)).toEqual([{ type: "left" }]);
  },
);

it("has place again for what is taken", () => {
  const inbox = filled(8, 64 * KIB);
  expect(inbox.shift()).toEqual({ type: "left" });
  for (let sequence = 9; sequence < 100; sequence++) {
    inbox.shift();
    inbox.push(batch(sequence, 64 * KIB), false);
  }
  expect(inbox.hasDropped).toBe(false);
});

it("drops nothing that no store has", () => {
  const inbox = filled(1_000, 64 * KIB, true);
  expect(inbox.hasDropped).toBe(false);
  expect(rest(inbox)).toHaveLength(1_001);
});

it("has all its place again once it has dropped what waited", () => {
  const inbox = filled(9, 64 * KIB);
  inbox.hasDropped = false;
  for (let sequence = 10; sequence <= 17; sequence++) {
    inbox.push(batch(sequence, 64 * KIB), false);
  }
  expect(inbox.hasDropped).toBe(false);
  expect(rest(inbox)).toHaveLength(9);
});
