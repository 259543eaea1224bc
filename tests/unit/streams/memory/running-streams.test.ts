import { describe, expect, it } from "vitest";
import { RunningStreams } from "../../../../src/streams/memory/running-streams.ts";
import { type Linked, StreamList } from "../../../../src/streams/memory/stream-list.ts";
import { created } from "../../../../src/streams/stream-machine.ts";
import type { StreamRecord } from "../../../../src/streams/stream-record.ts";
import { newStream } from "../../../support/stored-streams.ts";

/** Counts how often it is looked at. */
class Entry implements Linked<Entry> {
  static looks = 0;
  list: Linked<Entry>["list"];
  before: Entry | undefined;
  after: Entry | undefined;
  #record: StreamRecord;

  constructor(session: string, createdAt: number) {
    this.#record = created(newStream({ session }), createdAt);
  }

  get record(): StreamRecord {
    Entry.looks++;
    return this.#record;
  }

  change(change: Partial<StreamRecord>): void {
    this.#record = { ...this.#record, ...change };
  }
}

function filled(count: number) {
  const running = new RunningStreams<Entry>();
  const entries = Array.from({ length: count }, (_, index) => new Entry("alive", index));
  for (const entry of entries) running.add(entry);
  return { running, entries, living: new Set(["alive"]) };
}

describe("running streams", () => {
  it("cost the search for orphans nothing, however many there are", () => {
    const { running, living } = filled(10_000);
    const orphan = new Entry("gone", 3);
    running.add(orphan);
    Entry.looks = 0;
    expect([...running.orphans(living)]).toEqual([orphan]);
    expect(Entry.looks).toBe(0);
  });

  it("are orphans while they are handed off, or without a living owner", () => {
    const { running, entries, living } = filled(3);
    const orphans = (): Entry[] => [...running.orphans(living)];
    const [first, second, third] = entries as [Entry, Entry, Entry];
    first.change({ handedOff: true });
    running.moved(first);
    expect(orphans()).toEqual([first]);
    second.change({ owner: "gone" });
    running.moved(second);
    expect(orphans()).toEqual([first, second]);
    for (const entry of [first, second]) {
      entry.change({ handedOff: false, owner: "alive" });
      running.moved(entry);
    }
    expect(orphans()).toEqual([]);
    living.clear();
    expect(orphans()).toEqual([third, first, second]);
    const ended = new StreamList<Entry>();
    ended.add(third);
    running.ended();
    expect(orphans()).toEqual([first, second]);
  });

  it("are listed without those that have ended, for the cost of a page", () => {
    const { running, entries } = filled(10_000);
    const ended = new StreamList<Entry>();
    for (const entry of entries.splice(9_000, 500)) {
      entry.change({ phase: "completed" });
      ended.add(entry);
      running.ended();
    }
    Entry.looks = 0;
    const page: Entry[] = [];
    for (const entry of running.behind(entries[9_001]?.record)) {
      if (page.push(entry) === 50) break;
    }
    expect(page).toEqual(entries.slice(8_951, 9_001).reverse());
    expect(Entry.looks).toBeLessThan(600);
  });
});
