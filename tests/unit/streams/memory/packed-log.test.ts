import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PackedLog } from "../../../../src/streams/memory/packed-log.ts";
import type { Batch } from "../../../../src/streams/stream-record.ts";

/** Lengths at the edges of a varint, of a small event, of a block and beyond. */
const length = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 80 }) },
  fc.constantFrom(0, 1, 63, 64, 8_191, 8_192, 32_767, 32_768, 70_000),
);

const batches = fc
  .array(
    fc.record({
      lengths: fc.array(length, { minLength: 1, maxLength: 5 }),
      changesHands: fc.oneof({ weight: 6, arbitrary: fc.constant(false) }, fc.boolean()),
    }),
    { minLength: 1, maxLength: 40 },
  )
  .map((plans) => {
    const made: Batch[] = [];
    let writer = 7;
    for (const { lengths, changesHands } of plans) {
      if (changesHands) writer++;
      const first = (made.at(-1)?.last ?? 4) + 1;
      const events = lengths.map((size, index) => new Uint8Array(size).fill(first + index));
      made.push({ first, last: first + events.length - 1, writer, events });
    }
    return made;
  });

function packed(given: readonly Batch[]): PackedLog {
  const log = new PackedLog();
  for (const batch of given) log.append(batch);
  return log;
}

describe("a packed log", () => {
  it("reads what was appended, from every event on and with every limit", () => {
    fc.assert(
      fc.property(batches, fc.nat(200), fc.integer({ min: 1, max: 50 }), (given, from, limit) => {
        const log = packed(given);
        const behind = given.filter(({ last }) => last > from);
        expect(log.read(from, limit)).toEqual({
          batches: behind.slice(0, limit),
          hasMore: behind.length > limit,
        });
        const holder = given.find(({ first, last }) => first <= from && from <= last);
        if (holder !== undefined) expect(log.writerOf(from)).toBe(holder.writer);
      }),
    );
  });

  it("says before by how much it grows at most, and holds no more than twice its bytes", () => {
    fc.assert(
      fc.property(batches, (given) => {
        const log = new PackedLog();
        let blocks = 1;
        let bytes = 0;
        for (const [index, batch] of given.entries()) {
          const most = log.held + log.growthOf(batch);
          log.append(batch);
          expect(log.held).toBeLessThanOrEqual(most);
          if (batch.writer !== given[index - 1]?.writer) blocks++;
          for (const event of batch.events) bytes += event.length + 3;
          expect(log.held).toBeLessThanOrEqual(2 * bytes + 1_000 * (blocks + bytes / 16_384));
        }
        const before = log.read(0, 1_000);
        log.seal();
        expect(log.held).toBeLessThanOrEqual(bytes + 1_000 * (blocks + bytes / 16_384));
        expect(log.read(0, 1_000)).toEqual(before);
      }),
    );
  });

  it("copies: what was read stays what it was, and what was given may change", () => {
    const event = new Uint8Array(400).fill(1);
    const log = packed([{ first: 1, last: 1, writer: 9, events: [event] }]);
    const [read] = log.read(0, 1).batches;
    event.fill(2);
    for (let first = 2; first < 400; first++) {
      log.append({ first, last: first, writer: 9, events: [new Uint8Array(400).fill(3)] });
    }
    expect(read?.events).toEqual([new Uint8Array(400).fill(1)]);
    expect(log.read(0, 1).batches[0]?.events).toEqual([new Uint8Array(400).fill(1)]);
  });

  it("holds a few blocks, however many events there are", () => {
    const log = new PackedLog();
    for (let first = 1; first <= 100_000; first++) {
      log.append({ first, last: first, writer: 9, events: [new Uint8Array(20)] });
    }
    log.seal();
    expect(log.held).toBeLessThan(100_000 * 21 * 1.05);
  });
});
