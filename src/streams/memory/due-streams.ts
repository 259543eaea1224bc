// Streams by the time at which their retention ends, so that a reaper looks at those alone that are due.
import type { StreamRecord } from "../stream-record.ts";

/** Streams that become due within the same time lie together. */
const SPAN_MS = 8_000;

export class DueStreams<Entry extends { readonly record: StreamRecord }> {
  readonly #spans = new Map<number, Set<Entry>>();
  /** No span before this one has a stream. */
  #first: number;

  constructor(now: number) {
    this.#first = spanOf(now);
  }

  add(entry: Entry): void {
    const span = dueSpan(entry.record);
    const entries = this.#spans.get(span) ?? new Set();
    entries.add(entry);
    this.#spans.set(span, entries);
    this.#first = Math.min(this.#first, span);
  }

  delete(entry: Entry): void {
    const span = dueSpan(entry.record);
    const entries = this.#spans.get(span);
    if (entries?.delete(entry) === true && entries.size === 0) this.#spans.delete(span);
  }

  /** Those whose time has come, and some whose time is near; each can be deleted while it is looked at. */
  *until(now: number): Generator<Entry> {
    const last = spanOf(now);
    for (; this.#first <= last; this.#first++) {
      yield* this.#spans.get(this.#first) ?? [];
      if (this.#first === last) return;
    }
  }
}

function spanOf(time: number): number {
  return Math.floor(time / SPAN_MS);
}

function dueSpan({ endedAt = 0, retentionMs }: StreamRecord): number {
  return spanOf(endedAt + retentionMs);
}
