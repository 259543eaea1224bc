// One reader of a stream: from a cursor to the end, each event once and in order. First and resumed readers use the
// same code.

import type { Cursor } from "../domain/cursor.ts";
import { InputWait } from "../domain/input-wait.ts";
import { LEFT, PushIterable, type Take } from "../domain/push-iterable.ts";
import type { StreamDelivery } from "../ports/gateway.ts";
import { storeUnavailable } from "../store/store-errors.ts";
import { within } from "../store/store-health.ts";
import { StoreUnavailable } from "../store/store-unavailable.ts";
import { DeadlineWatch } from "./reader-deadline.ts";
import { ReaderInbox } from "./reader-inbox.ts";
import type { BusMessage } from "./stream-bus.ts";
import {
  readerLeft,
  sequenceAhead,
  stateLost,
  streamExpired,
  streamNotFound,
} from "./stream-errors.ts";
import type { FillCause, ReaderOptions } from "./stream-reader-options.ts";
import type { Batch } from "./stream-record.ts";
import type { ReadResult } from "./stream-store.ts";

/** Most batches in one read. */
const READ_LIMIT = 256;
/** After this silence in milliseconds, the reader asks the store whether a push was lost. */
const POLL_MS = 2_000;
/** Milliseconds in which an owner must heal a log that has lost events this reader has delivered. */
const HEAL_MS = 3_000;
const RETRY_MS = 100;
/** A longer outage of the store, in milliseconds, ends the readers that need it. */
const OUTAGE_MS = 10_000;
/** Longest wait in milliseconds for one answer. */
const ANSWER_MS = 2_000;

/** A reader that accepts nothing for this long, in milliseconds, counts as gone. */
const STUCK_MS = 60_000;

/** Whether at least one reader accepts deliveries. */
export function isRead(readers: Iterable<StreamReader>): boolean {
  for (const reader of readers) if (!reader.isStuck) return true;
  return false;
}

type BatchMessage = Extract<BusMessage, { type: "batch" }>;
type ReadLog = Extract<ReadResult, { state: "read" }>;

export class StreamReader {
  readonly #options: ReaderOptions;
  #next: number;
  /** Writer of the event before `next`; 0: unknown. */
  #writer: number;
  readonly #inbox = new ReaderInbox();
  #hasDelivered = false;
  #isEnded = false;
  #isUndurable = false;
  /** The last value of `isUndurable` that the reader was told. */
  #toldUndurable = false;
  #lastDelivery: number;
  /** Time of the last events, or of the store's last answer about its tail. */
  #lastHeard: number;
  #isBeatDue = false;
  #isPollDue = false;
  #deadline: DeadlineWatch | undefined;
  /** Time since which the caller has not accepted a delivery; undefined: no delivery waits. */
  #waitsSince: number | undefined;
  /** The wait for a message. */
  readonly #wait = new InputWait();
  /** Delivers a batch that the reader waits for. */
  readonly #passBatch: Take<BatchMessage>;
  #take: Take<StreamDelivery> = () => undefined;
  #unsubscribe: (() => Promise<void>) | undefined;
  #last: Uint8Array | undefined;

  constructor(options: ReaderOptions) {
    this.#options = options;
    this.#next = options.cursor.sequence + 1;
    this.#writer = options.cursor.writer;
    this.#lastDelivery = options.clock.now();
    this.#lastHeard = this.#lastDelivery;
    const passBatch: Take<BatchMessage> = ({ batch, isLast }) => {
      this.#next = batch.last + 1;
      this.#writer = batch.writer;
      return this.#pass(batch.events, isLast);
    };
    this.#passBatch = passBatch;
  }

  /** The last event of the stream. Valid only after `follow` has ended normally. */
  get terminal(): Uint8Array | undefined {
    return this.#last;
  }

  /** Whether the caller has not accepted a delivery for so long that it counts as gone. */
  get isStuck(): boolean {
    if (this.#waitsSince === undefined) return false;
    return this.#options.clock.now() - this.#waitsSince >= STUCK_MS;
  }

  /** Delivers all events after the cursor. Ends after the last event; throws `GatewayError` otherwise. */
  follow(): PushIterable<StreamDelivery> {
    return new PushIterable((take) => this.#follow(take));
  }

  async #follow(take: Take<StreamDelivery>): Promise<void> {
    const { bus, streamId, signal, isLocal, onListen, clock } = this.#options;
    this.#take = take;
    const stopListening = bus.listen(streamId, (message) => this.#receive(message));
    onListen();
    const onAbort = (): void => this.#wait.end();
    signal.addEventListener("abort", onAbort, { once: true });
    const stopWatch = this.#watchSilence();
    this.#deadline = new DeadlineWatch(clock, this.#options.deadline, onAbort);
    let broken: unknown;
    try {
      if (!isLocal()) await this.#subscribe();
      await this.#catchUp();
      while (!this.#isEnded) {
        this.#throwIfOver();
        await this.#step();
      }
    } catch (error) {
      if (error !== LEFT) broken = error;
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

  /** Takes the next message, or what the silence requires; otherwise waits. */
  async #step(): Promise<void> {
    // The reader must know before it gets events that are not stored.
    if (this.#isUndurable && !this.#toldUndurable) await this.#beat();
    const message = this.#inbox.shift();
    if (message?.type === "batch") return this.#takeBatch(message.batch, message.isLast);
    if (message !== undefined) {
      if (message.type === "over") throw message.error;
      await this.#subscribe();
      await this.#fill("left");
      this.#isUndurable = false;
    } else if (this.#inbox.hasDropped || this.#isPollDue) {
      await this.#fill(this.#inbox.hasDropped ? "overflow" : "poll");
    } else if (this.#isBeatDue || this.#toldUndurable !== this.#isUndurable) {
      await this.#beat();
    } else {
      await this.#wait.begin();
    }
  }

  async #takeBatch(batch: Batch, isLast: boolean): Promise<void> {
    if (batch.first > this.#next) await this.#fill(this.#inbox.hasDropped ? "overflow" : "gap");
    // Another writer's batch does not prove that the log contains the events this reader has. Only the log does.
    if (this.#isOfAnother(batch)) await this.#fill("writer");
    if (this.#isOfAnother(batch) && !this.#isUndurable) return;
    const events = this.#accept(batch);
    if (events === undefined) return;
    await this.#pass(events, isLast);
  }

  /** Delivers events. A returned promise resolves when the caller has accepted them; undefined: it already has. */
  #pass(events: readonly Uint8Array[], isLast: boolean): Promise<void> | undefined {
    this.#waitsSince = this.#options.clock.now();
    const wait = this.#take({ type: "events", events });
    if (wait !== undefined) return wait.then(() => this.#delivered(events, isLast));
    this.#delivered(events, isLast);
    return undefined;
  }

  async #beat(): Promise<void> {
    const isUndurable = this.#isUndurable;
    this.#toldUndurable = isUndurable;
    await this.#take({ type: "heartbeat", sequence: this.#next - 1, isUndurable });
    this.#taken();
  }

  #receive(message: BusMessage): void {
    if (message.type === "batch" && this.#isAwaited(message.batch)) {
      return this.#wait.handOn(this.#passBatch, message);
    }
    if (message.type === "durability") this.#isUndurable = message.isUndurable;
    else this.#inbox.push(message, this.#isUndurable);
    this.#wait.end();
  }

  /** Whether the reader waits, and for this batch. */
  #isAwaited({ first, writer }: Batch): boolean {
    const isNext = first === this.#next && (writer === this.#writer || this.#writer === 0);
    return isNext && this.#wait.isWaiting && !this.#options.signal.aborted;
  }

  #isOfAnother({ last, writer }: Batch): boolean {
    return last >= this.#next && this.#writer !== 0 && writer !== this.#writer;
  }

  /** The part of a batch that comes next; undefined: no part does. */
  #accept(batch: Batch): readonly Uint8Array[] | undefined {
    const { first, last, writer, events } = batch;
    if (last === this.#next - 1 && writer !== this.#writer && this.#writer !== 0) {
      throw stateLost(last);
    }
    // The next poll reads events that could not be filled in.
    if (last < this.#next || first > this.#next) return undefined;
    const own = first === this.#next ? events : events.slice(this.#next - first);
    this.#next = last + 1;
    this.#writer = writer;
    return own;
  }

  /** Called when a delivery with events was accepted. */
  #delivered(events: readonly Uint8Array[], isLast: boolean): void {
    if (!this.#hasDelivered) this.#options.watch?.first();
    this.#hasDelivered = true;
    this.#taken();
    this.#lastHeard = this.#lastDelivery;
    if (isLast) this.#end(events.at(-1));
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
      // The subscription ends with the reader, even if it is confirmed later.
      const unsubscribe = async (): Promise<void> => (await subscribed)();
      this.#unsubscribe = unsubscribe;
      await within(clock, ANSWER_MS, subscribed);
    } catch (error) {
      // Without pushes, the polls continue.
      if (!(error instanceof StoreUnavailable)) throw error;
    }
  }

  async #fill(cause: FillCause): Promise<void> {
    this.#options.onFill(cause);
    this.#inbox.hasDropped = false;
    await this.#catchUp();
  }

  /** Delivers the events that the store has after the cursor. */
  async #catchUp(): Promise<void> {
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
        await this.#pass(events, false);
        this.#throwIfOver();
      }
      if (result.hasMore) continue;
      const { phase, tail } = result.stream;
      if (phase === "running" || this.#next <= tail) return;
      return this.#end(last ?? (await this.#lastEvent(tail)));
    }
  }

  /** The last event of a stream, for a reader that already has it. */
  async #lastEvent(tail: number): Promise<Uint8Array | undefined> {
    const result = await this.#read({ sequence: tail - 1, writer: 0 });
    return result?.batches.at(-1)?.events.at(-1);
  }

  /** Undefined if the store does not answer and this reader can continue without it. */
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
            // The stream's writer can create the stream again, and will if the writer is in this process.
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

  /** One timer for heartbeats and polls, independent of the number of events. */
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
      if (this.#isBeatDue || this.#isPollDue) this.#wait.end();
      const next = Math.min(toBeat > 0 ? toBeat : beatMs, toPoll > 0 ? toPoll : pollMs);
      stop = clock.schedule(next, watch);
    };
    stop = clock.schedule(Math.min(beatMs, pollMs), watch);
    return () => stop();
  }
}
