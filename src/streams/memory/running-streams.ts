// Running streams by their owners, so that orphans are found without a look at the other streams.
import type { StreamRecord } from "../stream-record.ts";
import { NewestStreams, type Place } from "./newest-streams.ts";
import { type Linked, StreamList } from "./stream-list.ts";

type Running<Entry> = Linked<Entry> & { readonly record: StreamRecord };

export class RunningStreams<Entry extends Running<Entry>> {
  readonly #owned = new Map<string, StreamList<Entry>>();
  readonly #handedOff = new StreamList<Entry>();
  readonly #newest = new NewestStreams<Entry>(({ phase }) => phase === "running");

  add(entry: Entry): void {
    this.#newest.add(entry);
    this.moved(entry);
  }

  /** Called when a stream has another owner, or is handed off. */
  moved(entry: Entry): void {
    this.#listOf(entry.record).add(entry);
  }

  /** Called when a stream has ended and is in another list. */
  ended(): void {
    this.#newest.left();
  }

  /** The newest first, beginning after `after`. */
  behind(after: Place | undefined): Iterable<Entry> {
    return this.#newest.behind(after);
  }

  /** Streams that were handed off, and those whose owner is not among the living. */
  *orphans(living: ReadonlySet<string>): Generator<Entry> {
    yield* this.#handedOff;
    for (const [owner, streams] of this.#owned) {
      if (living.has(owner)) continue;
      yield* streams;
      if (streams.first === undefined) this.#owned.delete(owner);
    }
  }

  #listOf({ owner, handedOff }: StreamRecord): StreamList<Entry> {
    if (handedOff) return this.#handedOff;
    const known = this.#owned.get(owner);
    if (known !== undefined) return known;
    const list = new StreamList<Entry>();
    this.#owned.set(owner, list);
    return list;
  }
}
