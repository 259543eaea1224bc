// Streams by the end of their retention, so that a reaper looks only at those that are due.
import type { StreamRecord } from "../stream-record.ts";

/** Width of a span in milliseconds. Streams that become due within one span lie together. */
const SPAN_MS = 8_000;

export class DueStreams<Entry extends { readonly record: StreamRecord }> {
  readonly #spans = new Map<number, Set<Entry>>();
  /** Spans before this one have no streams. */
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

  /** Streams that are due, and some that will be due soon. A stream can be deleted during the iteration. */
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
