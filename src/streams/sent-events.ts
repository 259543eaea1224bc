// The events of one writer. Unstored events are kept as they came. Stored events are packed, or dropped if the store
// is the memory of this process and can lose nothing.
import { PackedLog } from "./memory/packed-log.ts";

export class SentEvents {
  readonly #writer: number;
  /** Undefined: stored events are not kept. */
  readonly #log: PackedLog | undefined;
  /** Sequence of the last event of the log. */
  #packed: number;
  /** Sequence before the first event that can be sent again. */
  #first: number;
  #recent: Uint8Array[] = [];
  /** Sequence before the first event of `#recent`. */
  #base: number;

  /** `tail`: the sequence before the first event. */
  constructor(writer: number, tail: number, keepsStored: boolean) {
    this.#writer = writer;
    this.#log = keepsStored ? new PackedLog() : undefined;
    this.#packed = tail;
    this.#first = tail;
    this.#base = tail;
  }

  /** Sequence of the last event. */
  get tail(): number {
    return this.#base + this.#recent.length;
  }

  /** Sequence before the first event that can be sent again. */
  get first(): number {
    return this.#first;
  }

  /** Memory that the packed events take, in bytes. */
  get held(): number {
    return this.#log?.held ?? 0;
  }

  push(event: Uint8Array): void {
    this.#recent.push(event);
  }

  /** Up to `most` events after a sequence. Stored events before it must not be requested any more. */
  behind(sequence: number, most = Number.POSITIVE_INFINITY): Uint8Array[] {
    const from = sequence - this.#base;
    return this.#recent.slice(from, from + most);
  }

  /** Marks all events up to this one as stored. */
  store(sequence: number): void {
    const count = sequence - this.#base;
    if (count <= 0) return;
    if (this.#log === undefined) this.#first = sequence;
    else if (sequence > this.#packed) {
      const events = this.#recent.slice(this.#packed - this.#base, count);
      this.#log.append({ first: this.#packed + 1, last: sequence, writer: this.#writer, events });
      this.#packed = sequence;
    }
    // The usual single event keeps the array, which would otherwise be allocated anew for each.
    if (this.#recent.length === 1) this.#recent.pop();
    else this.#recent = this.#recent.slice(count);
    this.#base = sequence;
  }

  /** Called when the last event is stored: frees unused memory. */
  seal(): void {
    this.#log?.seal();
  }

  /** Marks the events after `sequence`, which is at or after `first`, as lost by the store. */
  lose(sequence: number): void {
    if (sequence >= this.#base || this.#log === undefined) return;
    const { batches } = this.#log.read(sequence, Number.POSITIVE_INFINITY);
    const lost = batches.flatMap(({ first, events }) =>
      events.slice(Math.max(0, sequence + 1 - first)),
    );
    this.#recent = [...lost.slice(0, this.#base - sequence), ...this.#recent];
    this.#base = sequence;
  }
}
