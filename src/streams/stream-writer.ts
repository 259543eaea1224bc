// The writer of a stream: accepts events in order, stores them, then shows them to readers.

import { StoreUnavailable } from "../store/store-unavailable.ts";
import { pauseAfter, sendTo, watchOutage } from "./append-outage.ts";
import { sizeOf } from "./batches.ts";
import { SentEvents } from "./sent-events.ts";
import type { Batch, CancelReason, Ending, NewStream, StreamProgress } from "./stream-record.ts";
import type { Append, AppendResult } from "./stream-store.ts";
import type { EventFacts, StreamWriterOptions, WriterLoss } from "./stream-writer-options.ts";

/** Most events and bytes of one append. A longer event is sent alone. */
const MAX_BATCH_EVENTS = 64;
const MAX_BATCH_BYTES = 32 * 1024;
/** The producer must wait while this many events or bytes are not stored. */
const MAX_BACKLOG_EVENTS = 2_000;
const MAX_BACKLOG_BYTES = 1024 * 1024;
/** The writer gives up after this many losses of stored events. */
const MAX_HEALS = 100;

export class StreamWriter {
  readonly #options: StreamWriterOptions;
  /** Events that can be sent again after the store has lost them. */
  readonly #events: SentEvents;
  /** Sequence before the first event of this writer. */
  readonly #base: number;
  #stored: number;
  /** Sequence of the last event shown to readers. */
  #shown: number;
  #bytes = 0;
  #backlogBytes = 0;
  #firstContent = 0;
  #ending: Ending | undefined;
  /** The latest progress that is not stored yet. */
  #progress: StreamProgress | undefined;
  #latestProgress: StreamProgress | undefined;
  #isAppending = false;
  #isUndurable = false;
  /** Readers know that they have events that are not stored. */
  #isMarked = false;
  #isOver = false;
  #isFull = false;
  /** The store has no room. It still accepts the last event, together with all events before it. */
  #isRoomless = false;
  #heals = 0;
  #oldestWaitSince: number | undefined;
  readonly #waiting: (() => void)[] = [];
  #resolveEnd: (ending: Ending | undefined) => void = () => {};
  /**
   * Resolves when nothing more will be stored: with the ending if the last event is stored, with undefined if the
   * writer stopped before.
   */
  readonly ended: Promise<Ending | undefined>;

  constructor(options: StreamWriterOptions) {
    this.#options = options;
    const { created, tail } = options;
    this.#base = created === undefined ? tail : tail - 1;
    const canLose = options.store.capabilities.durability !== "process";
    this.#events = new SentEvents(options.token.nonce, this.#base, canLose);
    if (created !== undefined) {
      this.#events.push(created.start);
      this.#events.store(tail);
    }
    this.#stored = tail;
    this.#shown = tail;
    this.ended = new Promise((resolve) => {
      this.#resolveEnd = resolve;
    });
  }

  get tail(): number {
    return this.#events.tail;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Whether the last event of the stream was added. */
  get hasEnd(): boolean {
    return this.#ending !== undefined;
  }

  /** Accepts the next event. If a promise is returned, the store lags and the producer must wait for it. */
  add(event: Uint8Array, facts: EventFacts): Promise<void> | undefined {
    if (this.#isOver) return undefined;
    this.#events.push(event);
    this.#bytes += event.length;
    this.#backlogBytes += event.length;
    this.#oldestWaitSince ??= this.#options.clock.now();
    if (facts.isContent && this.#firstContent === 0) this.#firstContent = this.tail;
    this.#progress = facts.progress ?? this.#progress;
    this.#latestProgress = this.#progress ?? this.#latestProgress;
    this.#ending = facts.ending;
    const { maxBytes, maxEvents } = this.#options;
    if (this.#bytes > maxBytes || this.tail - this.#base > maxEvents) this.#reportFull();
    if (this.#isUndurable) this.#showAll();
    this.#flush();
    const isBehind =
      this.tail - this.#stored > MAX_BACKLOG_EVENTS || this.#backlogBytes > MAX_BACKLOG_BYTES;
    if (!isBehind || this.#isOver || this.#isUndurable) return undefined;
    return new Promise((resolve) => void this.#waiting.push(resolve));
  }

  /** Bytes of memory kept to send stored events again. */
  get held(): number {
    return this.#events.held;
  }

  /** Called when the store has lost a stored end, and with it the events after `tail`. Sends both again. */
  restore(tail: number): void {
    if (this.#ending === undefined || tail < this.#events.first || tail >= this.#stored) return;
    this.#isOver = false;
    this.#moveTo(tail);
    this.#flush();
  }

  /** Stores nothing more and lets another replica write. Events that were not stored are never shown. */
  stop(): void {
    this.#end();
  }

  /** Shows a late reader the events that other readers already have and the store does not. */
  showAgain(): void {
    if (!this.#isMarked || this.#isOver) return;
    this.#mark(true);
    const events = this.#events.behind(this.#stored, this.#shown - this.#stored);
    if (events.length > 0) this.#show(this.#stored + 1, events);
  }

  #reportFull(): void {
    if (this.#isFull || this.#ending !== undefined) return;
    this.#isFull = true;
    this.#options.onFull();
  }

  #flush(): void {
    while (!this.#isAppending && !this.#isOver && this.#stored < this.tail) {
      const append = this.#nextAppend();
      const answer = sendTo(this.#options.store, append);
      if (answer instanceof Promise) {
        this.#isAppending = true;
        return void this.#settle(append, answer);
      }
      this.#take(append, answer);
    }
  }

  #nextBatch(): Batch {
    const isWhole = this.#isRoomless && this.#ending !== undefined;
    const most = isWhole ? Number.POSITIVE_INFINITY : MAX_BATCH_EVENTS;
    const events = this.#events.behind(this.#stored, most);
    let count = 0;
    let bytes = 0;
    for (const { length } of events) {
      bytes += length;
      if (count > 0 && bytes > MAX_BATCH_BYTES && !isWhole) break;
      count++;
    }
    events.length = count;
    return {
      first: this.#stored + 1,
      last: this.#stored + count,
      writer: this.#options.token.nonce,
      events,
    };
  }

  #nextAppend(): Append {
    const { streamId, token } = this.#options;
    const batch = this.#nextBatch();
    const isWithin = this.#firstContent >= batch.first && this.#firstContent <= batch.last;
    return {
      streamId,
      token,
      batch,
      firstContent: isWithin ? this.#firstContent : 0,
      ending: batch.last === this.tail ? this.#ending : undefined,
      progress: this.#progress,
    };
  }

  /** Waits for the answer to an append, and repeats the append while the store is away. */
  async #settle(first: Append, sent: Promise<AppendResult>): Promise<void> {
    const stop = this.#watchOutage();
    let append = first;
    let answer = sent;
    for (let tries = 0; ; tries++) {
      try {
        const result = await answer;
        stop();
        this.#isAppending = false;
        if (this.#isOver) return;
        this.#isUndurable = false;
        this.#isRoomless = false;
        this.#take(append, result);
        return this.#flush();
      } catch (error) {
        if (this.#isOver) return stop();
        if (!(error instanceof StoreUnavailable)) {
          stop();
          return this.#lose("lost");
        }
        this.#isRoomless = error.trouble.cause === "full";
        this.#options.onOutage(error.trouble);
      }
      await pauseAfter(this.#options.clock, tries);
      if (this.#isOver) return stop();
      // Events never change after they were added, so a longer append repeats the one before.
      if (this.#isRoomless && this.#ending !== undefined) append = this.#nextAppend();
      answer = Promise.resolve(sendTo(this.#options.store, append));
    }
  }

  /** Schedules the steps of a long outage. */
  #watchOutage(): () => void {
    const { clock, showUnstoredAfterMs, giveUpAfterMs } = this.#options;
    const show = this.#isUndurable ? undefined : showUnstoredAfterMs;
    return watchOutage(clock, [
      [show, () => this.#showUnstored()],
      [giveUpAfterMs, () => this.#lose("unavailable")],
    ]);
  }

  #showUnstored(): void {
    if (this.#isOver) return;
    this.#isUndurable = true;
    this.#mark(true);
    this.#showAll();
    this.#release();
  }

  #take(append: Append, result: AppendResult): void {
    const { batch } = append;
    const waitedMs = this.#options.clock.now() - (this.#oldestWaitSince ?? 0);
    this.#options.onAppended(result.state, batch.events.length, waitedMs);
    switch (result.state) {
      case "stored":
      case "repeated":
        this.#heals = 0;
        return this.#acknowledge(append, result.cancel);
      case "overlap":
      case "gap":
        if (result.tail < this.#events.first || ++this.#heals > MAX_HEALS)
          return this.#lose("lost");
        return this.#moveTo(result.tail);
      case "gone":
        return this.#recreate();
      case "fenced":
        return this.#lose("fenced");
      case "closed":
        return this.#lose("lost");
    }
  }

  #acknowledge({ batch, progress, ending }: Append, cancel: CancelReason | undefined): void {
    this.#stored = batch.last;
    this.#events.store(batch.last);
    this.#backlogBytes -= sizeOf(batch.events);
    // Progress that arrived during this append goes with the next one.
    if (this.#progress === progress) this.#progress = undefined;
    this.#oldestWaitSince = this.#stored < this.tail ? this.#options.clock.now() : undefined;
    const isLast = ending !== undefined;
    if (this.#isMarked && batch.last >= this.#shown) this.#mark(false);
    if (batch.last > this.#shown) {
      this.#shown = batch.last;
      this.#options.bus.publish(this.#options.streamId, { type: "batch", batch, isLast });
    }
    this.#release();
    if (isLast) return this.#end(this.#ending);
    if (cancel !== undefined) this.#options.onCancel(cancel);
  }

  /** Continues from the store's last event, which differs from the expected one. */
  #moveTo(sequence: number): void {
    this.#stored = sequence;
    this.#events.lose(sequence);
    this.#progress = this.#latestProgress;
    this.#backlogBytes = sizeOf(this.#events.behind(sequence));
  }

  /** The store has lost the whole stream. The writer creates it again if it still has all events. */
  #recreate(): void {
    const { created } = this.#options;
    const hasAll = created !== undefined && this.#events.first < 1;
    if (!hasAll || ++this.#heals > MAX_HEALS) return this.#lose("lost");
    this.#isAppending = true;
    void this.#createAgain(created);
  }

  async #createAgain(created: NewStream): Promise<void> {
    const stop = this.#watchOutage();
    for (let tries = 0; !this.#isOver; tries++) {
      try {
        const answer = await this.#options.store.create(created);
        stop();
        if (this.#isOver) return;
        if (answer.state === "created") return this.#goOnFrom(1);
        const isTaken = answer.state === "exists" && answer.stream.streamId === created.streamId;
        return this.#lose(isTaken ? "fenced" : "lost");
      } catch (error) {
        if (!(error instanceof StoreUnavailable)) {
          stop();
          return this.#lose("lost");
        }
        this.#options.onOutage(error.trouble);
      }
      await pauseAfter(this.#options.clock, tries);
    }
    stop();
  }

  #goOnFrom(sequence: number): void {
    this.#isAppending = false;
    this.#moveTo(sequence);
    this.#flush();
  }

  /** Shows events that are not stored. Used only while the store is away. */
  #showAll(): void {
    if (this.#shown >= this.tail) return;
    const events = this.#events.behind(this.#shown);
    const first = this.#shown + 1;
    this.#shown = this.tail;
    this.#show(first, events);
  }

  #show(first: number, events: readonly Uint8Array[]): void {
    const { streamId, token, bus } = this.#options;
    const last = first + events.length - 1;
    const isLast = this.#ending !== undefined && last === this.tail;
    const batch = { first, last, writer: token.nonce, events };
    bus.publish(streamId, { type: "batch", batch, isLast });
  }

  #mark(isUndurable: boolean): void {
    this.#isMarked = isUndurable;
    this.#options.bus.publish(this.#options.streamId, { type: "durability", isUndurable });
  }

  #lose(loss: WriterLoss): void {
    if (this.#isOver) return;
    this.#end();
    this.#options.onLoss(loss);
  }

  #end(ending?: Ending): void {
    this.#isOver = true;
    this.#events.seal();
    this.#release();
    this.#resolveEnd(ending);
  }

  #release(): void {
    if (this.#waiting.length > 0) for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
