import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NewestStreams } from "../../../../src/streams/memory/newest-streams.ts";
import { created } from "../../../../src/streams/stream-machine.ts";
import { newestFirst } from "../../../../src/streams/stream-query.ts";
import type { StreamRecord } from "../../../../src/streams/stream-record.ts";
import { newStream } from "../../../support/stored-streams.ts";

/** Counts how often it is looked at. */
class Entry {
  static looks = 0;
  #record: StreamRecord;

  constructor(createdAt: number) {
    this.#record = created(newStream(), createdAt);
  }

  get record(): StreamRecord {
    Entry.looks++;
    return this.#record;
  }

  expire(): void {
    this.#record = { ...this.#record, expiredAt: 1 };
  }
}

const isKept = ({ expiredAt }: StreamRecord): boolean => expiredAt === undefined;

function filled(count: number) {
  const newest = new NewestStreams<Entry>(isKept);
  const entries = Array.from({ length: count }, (_, index) => new Entry(index >> 1));
  for (const entry of entries) newest.add(entry);
  return { newest, entries };
}

function page(newest: NewestStreams<Entry>, size: number, after?: Entry): Entry[] {
  const found: Entry[] = [];
  for (const entry of newest.behind(after?.record)) {
    found.push(entry);
    if (found.length === size) break;
  }
  return found;
}

describe("streams in the order of their creation", () => {
  it("cost a page what it shows, however many there are", () => {
    const { newest, entries } = filled(50_000);
    Entry.looks = 0;
    expect(page(newest, 50)).toHaveLength(50);
    expect(page(newest, 50, entries[20_000])).toHaveLength(50);
    expect(Entry.looks).toBeLessThan(150);
  });

  it("cost no more where others have expired, behind and between them", () => {
    const { newest, entries } = filled(20_000);
    for (const [index, entry] of entries.entries()) {
      if (index < 15_000 || index % 2 === 0) {
        entry.expire();
        newest.left();
      }
    }
    Entry.looks = 0;
    const found: Entry[] = page(newest, 3_000);
    expect(found).toEqual(
      entries.filter((_, index) => index >= 15_000 && index % 2 === 1).reverse(),
    );
    expect(Entry.looks).toBeLessThan(3_000);
  });

  it("go on behind a stream that has expired since, or was never there", () => {
    const { newest, entries } = filled(100);
    const [, , , , last] = page(newest, 5);
    const rest = page(newest, 200, last);
    expect(rest).toEqual(page(newest, 200).slice(5));
    last?.expire();
    newest.left();
    expect(page(newest, 200, last)).toEqual(rest);
    expect(page(newest, 200, new Entry(10_000))[0]).toBe(page(newest, 1)[0]);
    expect(page(newest, 200, new Entry(-1))).toEqual([]);
    expect(entries).toContain(rest[0]);
  });

  it("come in their own order, whatever the order they are added in", () => {
    const newest = new NewestStreams<Entry>(isKept);
    const times = [5, 3, 9, 3, 5, 1, 9];
    for (const at of times) newest.add(new Entry(at));
    const found = page(newest, 10).map(({ record }) => record);
    expect(found.map(({ createdAt }) => createdAt)).toEqual([9, 9, 5, 5, 3, 3, 1]);
    expect(found).toEqual([...found].sort(newestFirst));
  });

  it("are swept now and then, and not at each that expires", () => {
    const { newest, entries } = filled(100);
    const expire = (count: number): number => {
      Entry.looks = 0;
      for (const entry of entries.splice(0, count)) {
        entry.expire();
        newest.left();
      }
      return Entry.looks;
    };
    // 64, and one for every eight of a hundred.
    expect(expire(76)).toBe(0);
    expect(expire(1)).toBe(100);
    expect(expire(20)).toBe(0);
    expect(page(newest, 10)).toHaveLength(3);
  });

  it("are walked over to the end, though others are swept away meanwhile", () => {
    const { newest, entries } = filled(200);
    const walk = newest.behind(undefined);
    const seen = [walk.next().value];
    for (const entry of entries.slice(0, 150)) {
      entry.expire();
      newest.left();
    }
    seen.push(...walk);
    expect(seen).toHaveLength(50);
    expect(new Set(seen)).toEqual(new Set(entries.slice(150)));
  });

  it("are those of a plain sort, whatever comes and goes", () => {
    const step = fc.record({
      addedAt: fc.nat(20),
      expires: fc.option(fc.nat()),
      pageSize: fc.integer({ min: 1, max: 20 }),
      after: fc.option(fc.nat()),
    });
    const property = fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const newest = new NewestStreams<Entry>(isKept);
      const all: Entry[] = [];
      for (const { addedAt, expires, pageSize, after } of steps) {
        const entry = new Entry(addedAt);
        all.push(entry);
        newest.add(entry);
        const leaving = expires === null ? undefined : all[expires % all.length];
        if (leaving !== undefined && isKept(leaving.record)) {
          leaving.expire();
          newest.left();
        }
        const place = after === null ? undefined : all[after % all.length];
        const expected = all
          .filter(({ record }) => isKept(record))
          .filter(({ record }) => place === undefined || newestFirst(place.record, record) < 0)
          .sort((a, b) => newestFirst(a.record, b.record));
        expect(page(newest, pageSize, place)).toEqual(expected.slice(0, pageSize));
      }
    });
    fc.assert(property, { numRuns: 50 });
  });
});
