// One reader of a stream: from a cursor to the end, each event once and in order.
// First readers and resumed ones take the same way.

import type { Clock } from "../clock.ts";
import type { Cursor } from "../domain/cursor.ts";
import type { StreamDelivery } from "../ports/gateway.ts";
import { storeUnavailable } from "../store/store-errors.ts";
import { within } from "../store/store-health.ts";
import { StoreUnavailable } from "../store/store-unavailable.ts";
import { DeadlineWatch, type ReaderDeadline } from "./reader-deadline.ts";
import { ReaderInbox } from "./reader-inbox.ts";
import type { BusMessage, StreamBus } from "./stream-bus.ts";
import {
  readerLeft,
  sequenceAhead,
  stateLost,
  streamExpired,
  streamNotFound,
} from "./stream-errors.ts";
import type { Batch } from "./stream-record.ts";
import type { ReadResult, StreamStore } from "./stream-store.ts";

/** Batches of one read. */
const READ_LIMIT = 256;
/** A silence after which the store is asked whether a push was lost. */
const POLL_MS = 2_000;
/** How long an owner may take to heal a log that has lost what this reader saw. */
const HEAL_MS = 3_000;
const RETRY_MS = 100;
/** A store that is away for longer ends the readers that need it. */
const OUTAGE_MS = 10_000;
/** Longest wait for one answer. */
const ANSWER_MS = 2_000;

/** A reader that takes nothing for this long counts as gone. */
const STUCK_MS = 60_000;

/** Why a reader asked the store again. */
export type FillCause = "gap" | "writer" | "poll" | "overflow" | "left";

/** Is told how it goes with one reader. */
export interface ReaderWatch {
  /** The first event behind the cursor is taken. */
  first(): void;
  /** Once: `undefined` at the end of the stream, else what broke the reading off. */
  ended(error: unknown): void;
}

export interface ReaderOptions {
  readonly store: StreamStore;
  readonly bus: StreamBus;
  readonly clock: Clock;
  readonly streamId: string;
  readonly cursor: Cursor;
  /** The reader is gone. */
  readonly signal: AbortSignal;
  /** Unset: the caller has none. */
  readonly deadline?: ReaderDeadline | undefined;
  /** Longest silence before a heartbeat, in milliseconds; 0: none. */
  readonly heartbeatMs: number;
  /** This process writes the stream. */
  readonly isLocal: () => boolean;
  /** From now on the reader hears what the writer of this process shows. */
  readonly onListen: () => void;
  /** An encoded event is the last of its stream. */
  readonly isTerminal: (event: Uint8Array) => boolean;
  readonly onFill: (cause: FillCause) => void;
  readonly watch: ReaderWatch | undefined;
  /** The reader has left, at the end or before it. */
  readonly onLeave: () => void;
}

/** Somebody is there who takes what comes. */
export function isRead(readers: Iterable<StreamReader>): boolean {
  for (const reader of readers) if (!reader.isStuck) return true;
  return false;
}

type ReadLog = Extract<ReadResult, { state: "read" }>;

export class StreamReader {
  readonly #options: ReaderOptions;
  #next: number;
  /** Writer of the event before `next`; 0: not known. */
  #writer: number;
  readonly #inbox = new ReaderInbox();
  #hasDelivered = false;
  #isEnded = false;
  #isUndurable = false;
  /** What the reader was told last of `isUndurable`. */
  #toldUndurable = false;
  #lastDelivery: number;
  /** When events came last, or the store said what it has. */
  #lastHeard: number;
  #isBeatDue = false;
  #isPollDue = false;
  #deadline: DeadlineWatch | undefined;
  /** Since when the caller has not taken what it was given; undefined: it has. */
  #waitsSince: number | undefined;
  #wake: (() => void) | undefined;
  #unsubscribe: (() => Promise<void>) | undefined;
  #last: Uint8Array | undefined;

  constructor(options: ReaderOptions) {
    this.#options = options;
    this.#next = options.cursor.sequence + 1;
    this.#writer = options.cursor.writer;
    this.#lastDelivery = options.clock.now();
    this.#lastHeard = this.#lastDelivery;
  }

  /** The last event of the stream; only after `follow` has ended by itself. */
  get terminal(): Uint8Array | undefined {
    return this.#last;
  }

  /** The caller has not taken for so long what it was given that it counts as gone. */
  get isStuck(): boolean {
    if (this.#waitsSince === undefined) return false;
    return this.#options.clock.now() - this.#waitsSince >= STUCK_MS;
  }

  /** Everything behind the cursor. Ends after the last event; throws `GatewayError` otherwise. */
  async *follow(): AsyncGenerator<StreamDelivery, void> {
    const { bus, streamId, signal, isLocal, onListen, clock } = this.#options;
    const stopListening = bus.listen(streamId, (message) => this.#receive(message));
    onListen();
    const onAbort = (): void => this.#wake?.();
    signal.addEventListener("abort", onAbort, { once: true });
    const stopWatch = this.#watchSilence();
    this.#deadline = new DeadlineWatch(clock, this.#options.deadline, onAbort);
    let broken: unknown;
    try {
      if (!isLocal()) await this.#subscribe();
      yield* this.#catchUp();
      while (!this.#isEnded) {
        this.#throwIfOver();
        // Told before anything that is not stored is shown.
        if (this.#isUndurable && !this.#toldUndurable) yield* this.#beat();
        const message = this.#inbox.shift();
        if (message?.type === "batch") {
          const { batch, isLast } = message;
          if (batch.first > this.#next)
            yield* this.#fill(this.#inbox.hasDropped ? "overflow" : "gap");
          // That another writer goes on proves nothing of what this reader has: the log does.
          if (this.#isOfAnother(batch)) yield* this.#fill("writer");
          if (this.#isOfAnother(batch) && !this.#isUndurable) continue;
          const events = this.#accept(batch);
          if (events === undefined) continue;
          this.#waitsSince = clock.now();
          yield { type: "events", events };
          this.#delivered();
          this.#lastHeard = this.#lastDelivery;
          if (isLast) this.#end(events.at(-1));
        } else if (message !== undefined) {
          if (message.type === "over") throw message.error;
          await this.#subscribe();
          yield* this.#fill("left");
          this.#isUndurable = false;
        } else if (this.#inbox.hasDropped || this.#isPollDue) {
          yield* this.#fill(this.#inbox.hasDropped ? "overflow" : "poll");
        } else if (this.#isBeatDue || this.#toldUndurable !== this.#isUndurable) {
          yield* this.#beat();
        } else {
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
          this.#wake = undefined;
        }
      }
    } catch (error) {
      broken = error;
      throw error;
    } finally {
      stopWatch();
      this.#deadline.stop();
      stopListening();
      signal.removeEventListener("abort", onAbort);
      this.#options.watch?.ended(broken ?? (this.#isEnded ? undefined : readerLeft()));
      this.#options.onLeave();
      void this.#unsubscribe?.().catch(() => {});
    }
  }

  *#beat(): Generator<StreamDelivery, void> {
    const isUndurable = this.#isUndurable;
    this.#toldUndurable = isUndurable;
    yield { type: "heartbeat", sequence: this.#next - 1, isUndurable };
    this.#taken();
  }

  #receive(message: BusMessage): void {
    if (message.type === "durability") this.#isUndurable = message.isUndurable;
    else this.#inbox.push(message, this.#isUndurable);
    this.#wake?.();
  }

  #isOfAnother({ last, writer }: Batch): boolean {
    return last >= this.#next && this.#writer !== 0 && writer !== this.#writer;
  }

  /** The part of a batch that comes next; undefined: nothing of it does. */
  #accept(batch: Batch): readonly Uint8Array[] | undefined {
    const { first, last, writer, events } = batch;
    if (last === this.#next - 1 && writer !== this.#writer && this.#writer !== 0) {
      throw stateLost(last);
    }
    // What could not be filled comes with the next poll.
    if (last < this.#next || first > this.#next) return undefined;
    const own = first === this.#next ? events : events.slice(this.#next - first);
    this.#next = last + 1;
    this.#writer = writer;
    return own;
  }

  /** Events have been taken. */
  #delivered(): void {
    if (!this.#hasDelivered) this.#options.watch?.first();
    this.#hasDelivered = true;
    this.#taken();
  }

  #taken(): void {
    this.#waitsSince = undefined;
    this.#isBeatDue = false;
    this.#lastDelivery = this.#options.clock.now();
  }

  #end(last: Uint8Array | undefined): void {
    this.#isEnded = true;
    this.#last = last;
  }

  async #subscribe(): Promise<void> {
    const { store, streamId, isTerminal, clock } = this.#options;
    if (store.subscribe === undefined || this.#unsubscribe !== undefined) return;
    try {
      await within(clock, ANSWER_MS, store.touchReaders([streamId]));
      const subscribed = store.subscribe(streamId, (batch) => {
        const last = batch.events.at(-1);
        const isLast = last !== undefined && isTerminal(last);
        this.#receive({ type: "batch", batch, isLast });
      });
      // Whenever it comes, it is ended with the reader.
      this.#unsubscribe = async () => (await subscribed)();
      await within(clock, ANSWER_MS, subscribed);
    } catch (error) {
      // Without pushes the polls go on.
      if (!(error instanceof StoreUnavailable)) throw error;
    }
  }

  async *#fill(cause: FillCause): AsyncGenerator<StreamDelivery, void> {
    this.#options.onFill(cause);
    this.#inbox.hasDropped = false;
    yield* this.#catchUp();
  }

  /** Delivers what the store holds behind the cursor. */
  async *#catchUp(): AsyncGenerator<StreamDelivery, void> {
    const { clock } = this.#options;
    for (;;) {
      const result = await this.#read({ sequence: this.#next - 1, writer: this.#writer });
      this.#lastHeard = clock.now();
      this.#isPollDue = false;
      if (result === undefined) return;
      let last: Uint8Array | undefined;
      for (const batch of result.batches) {
        const events = this.#accept(batch);
        if (events === undefined) continue;
        last = events.at(-1);
        this.#waitsSince = clock.now();
        yield { type: "events", events };
        this.#delivered();
        this.#throwIfOver();
      }
      if (result.hasMore) continue;
      const { phase, tail } = result.stream;
      if (phase === "running" || this.#next <= tail) return;
      return this.#end(last ?? (await this.#lastEvent(tail)));
    }
  }

  /** The last event of a stream whose reader has it already. */
  async #lastEvent(tail: number): Promise<Uint8Array | undefined> {
    const result = await this.#read({ sequence: tail - 1, writer: 0 });
    return result?.batches.at(-1)?.events.at(-1);
  }

  /** Undefined where the store cannot say, and this reader can go on without it. */
  async #read(cursor: Cursor): Promise<ReadLog | undefined> {
    const { store, streamId, clock, signal, isLocal } = this.#options;
    const startedAt = clock.now();
    for (;;) {
      const waitedMs = clock.now() - startedAt;
      const isServedByWriter = isLocal() && this.#isUndurable;
      try {
        const result = await within(clock, ANSWER_MS, store.read(streamId, cursor, READ_LIMIT));
        switch (result.state) {
          case "read":
            return result;
          case "expired":
            throw streamExpired(streamId);
          case "diverged":
            throw stateLost(result.stream.tail);
          case "gone":
            if (isServedByWriter) return undefined;
            // Its writer can create it again, and does if it is here.
            if (!this.#hasDelivered && !isLocal()) throw streamNotFound(streamId);
            if (waitedMs >= HEAL_MS) throw stateLost(0);
            break;
          case "ahead":
            if (isServedByWriter) return undefined;
            if (cursor.writer === 0) throw sequenceAhead(result.stream.tail);
            if (waitedMs >= HEAL_MS) throw stateLost(result.stream.tail);
        }
      } catch (error) {
        if (!(error instanceof StoreUnavailable)) throw error;
        if (isServedByWriter) return undefined;
        if (!this.#hasDelivered || waitedMs >= OUTAGE_MS) throw storeUnavailable(error);
      }
      await clock.sleep(RETRY_MS, signal).catch(() => {
        throw readerLeft();
      });
      this.#throwIfOver();
    }
  }

  #throwIfOver(): void {
    if (this.#options.signal.aborted) throw readerLeft();
    this.#deadline?.throwIfPassed();
  }

  /** One timer for heartbeats and polls, however many events pass. */
  #watchSilence(): () => void {
    const { clock, heartbeatMs, store, isLocal } = this.#options;
    const beatMs = heartbeatMs > 0 ? heartbeatMs : Number.POSITIVE_INFINITY;
    const pollMs = store.capabilities.isShared ? POLL_MS : Number.POSITIVE_INFINITY;
    if (Math.min(beatMs, pollMs) === Number.POSITIVE_INFINITY) return () => {};
    let stop = (): void => {};
    const watch = (): void => {
      const now = clock.now();
      const toBeat = this.#lastDelivery + beatMs - now;
      const toPoll = this.#lastHeard + pollMs - now;
      if (toBeat <= 0) this.#isBeatDue = true;
      if (toPoll <= 0 && !isLocal()) this.#isPollDue = true;
      if (this.#isBeatDue || this.#isPollDue) this.#wake?.();
      const next = Math.min(toBeat > 0 ? toBeat : beatMs, toPoll > 0 ? toPoll : pollMs);
      stop = clock.schedule(next, watch);
    };
    stop = clock.schedule(Math.min(beatMs, pollMs), watch);
    return () => stop();
  }
}
