// The one writer of a stream: takes events in order and has them stored, then shown.
import { sizeOf } from "./batches.ts";
import type { Batch, CancelReason, Ending, NewStream, StreamProgress } from "./stream-record.ts";
import { type Append, type AppendResult, StoreUnavailable } from "./stream-store.ts";
import type { EventFacts, StreamWriterOptions, WriterLoss } from "./stream-writer-options.ts";

/** Most of one append; a longer event goes alone. */
const MAX_BATCH_EVENTS = 64;
const MAX_BATCH_BYTES = 32 * 1024;
/** Unstored events that hold the provider back. */
const MAX_BACKLOG_EVENTS = 2_000;
const MAX_BACKLOG_BYTES = 1024 * 1024;
/** Waits between tries while the store is away. */
const MIN_RETRY_MS = 10;
const MAX_RETRY_MS = 500;
/** A store that loses what it has stored, over and over, is none. */
const MAX_HEALS = 100;

export class StreamWriter {
  readonly #options: StreamWriterOptions;
  /** Every event of this writer: what the store has lost is sent again. */
  readonly #events: Uint8Array[] = [];
  /** Sequence before the first of them. */
  readonly #base: number;
  #stored: number;
  /** Sequence of the last event that readers were told of. */
  #shown: number;
  #bytes = 0;
  #backlogBytes = 0;
  #firstContent = 0;
  #ending: Ending | undefined;
  /** The latest, until it is stored. */
  #progress: StreamProgress | undefined;
  #latestProgress: StreamProgress | undefined;
  #isAppending = false;
  #isUndurable = false;
  /** Readers were told so, and hold events that are not stored. */
  #isMarked = false;
  #isOver = false;
  #isFull = false;
  /** The store has no room: only the end is sent, and what lies before it. */
  #isRefused = false;
  #heals = 0;
  #oldestWaitSince: number | undefined;
  readonly #waiting: (() => void)[] = [];
  #resolveEnd: (ending: Ending | undefined) => void = () => {};
  /** Resolves when nothing more is stored: the last event is, or (undefined) the writer has stopped before. */
  readonly ended: Promise<Ending | undefined>;

  constructor(options: StreamWriterOptions) {
    this.#options = options;
    const { created, tail } = options;
    this.#base = created === undefined ? tail : tail - 1;
    if (created !== undefined) this.#events.push(created.start);
    this.#stored = tail;
    this.#shown = tail;
    this.ended = new Promise((resolve) => {
      this.#resolveEnd = resolve;
    });
  }

  get tail(): number {
    return this.#base + this.#events.length;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Takes the next event; a promise means: wait, the store lags. */
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
    if (this.#bytes > maxBytes || this.#events.length > maxEvents) this.#reportFull();
    if (this.#isUndurable) this.#showAll();
    this.#flush();
    const isBehind =
      this.tail - this.#stored > MAX_BACKLOG_EVENTS || this.#backlogBytes > MAX_BACKLOG_BYTES;
    if (!isBehind || this.#isOver || this.#isUndurable || this.#isRefused) return undefined;
    return new Promise((resolve) => void this.#waiting.push(resolve));
  }

  /** The store has lost the end, which it had, and what lies behind `tail`: both are sent again. */
  restore(tail: number): void {
    if (this.#ending === undefined || tail < this.#base || tail >= this.#stored) return;
    this.#isOver = false;
    this.#moveTo(tail);
    this.#flush();
  }

  /** Stores nothing more and lets another replica write; what was not stored is never shown. */
  stop(): void {
    this.#end();
  }

  #reportFull(): void {
    if (this.#isFull || this.#ending !== undefined) return;
    this.#isFull = true;
    this.#options.onFull();
  }

  #flush(): void {
    while (!this.#isAppending && !this.#isOver && this.#stored < this.tail) {
      if (this.#isRefused && this.#ending === undefined) return;
      const append = this.#nextAppend();
      const answer = this.#options.store.append(append);
      if (answer instanceof Promise) {
        this.#isAppending = true;
        return void this.#settle(append, answer);
      }
      this.#take(append, answer);
    }
  }

  #nextBatch(): Batch {
    const from = this.#stored - this.#base;
    let count = 0;
    let bytes = 0;
    const most = this.#isRefused ? Number.POSITIVE_INFINITY : MAX_BATCH_EVENTS;
    while (from + count < this.#events.length && count < most) {
      bytes += this.#events[from + count]?.length ?? 0;
      if (count > 0 && bytes > MAX_BATCH_BYTES && !this.#isRefused) break;
      count++;
    }
    return {
      first: this.#stored + 1,
      last: this.#stored + count,
      writer: this.#options.token.nonce,
      events: this.#events.slice(from, from + count),
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

  /** Waits for an append, and repeats the same one for as long as the store is away. */
  async #settle(append: Append, first: Promise<AppendResult>): Promise<void> {
    const stop = this.#watchOutage();
    let answer = first;
    for (let tries = 0; ; tries++) {
      try {
        const result = await answer;
        stop();
        this.#isAppending = false;
        if (this.#isOver) return;
        this.#isUndurable = false;
        this.#take(append, result);
        return this.#flush();
      } catch (error) {
        if (this.#isOver) return stop();
        if (!(error instanceof StoreUnavailable)) {
          stop();
          return this.#lose("lost");
        }
      }
      await this.#pause(tries);
      if (this.#isOver) return stop();
      answer = Promise.resolve(this.#options.store.append(append));
    }
  }

  #pause(tries: number): Promise<void> {
    const { clock } = this.#options;
    const longest = Math.min(MAX_RETRY_MS, MIN_RETRY_MS * 2 ** Math.min(tries, 10));
    return clock.sleep(MIN_RETRY_MS + clock.random() * longest, NEVER);
  }

  /** What happens when the store stays away. */
  #watchOutage(): () => void {
    const { clock, showUnstoredAfterMs, giveUpAfterMs } = this.#options;
    const stops: (() => void)[] = [];
    if (showUnstoredAfterMs !== undefined && !this.#isUndurable) {
      stops.push(
        clock.schedule(showUnstoredAfterMs, () => {
          if (this.#isOver) return;
          this.#isUndurable = true;
          this.#mark(true);
          this.#showAll();
          this.#release();
        }),
      );
    }
    if (Number.isFinite(giveUpAfterMs)) {
      stops.push(clock.schedule(giveUpAfterMs, () => this.#lose("unavailable")));
    }
    return () => {
      for (const stop of stops) stop();
    };
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
        if (result.tail < this.#base || ++this.#heals > MAX_HEALS) return this.#lose("lost");
        return this.#moveTo(result.tail);
      case "gone":
        return this.#recreate();
      case "full":
        // The last event always fits: a store that refuses it is broken.
        if (this.#isRefused && this.#ending !== undefined) return this.#lose("unavailable");
        this.#isRefused = true;
        this.#reportFull();
        return this.#release();
      case "fenced":
        return this.#lose("fenced");
      case "closed":
        return this.#lose("lost");
    }
  }

  #acknowledge({ batch, progress, ending }: Append, cancel: CancelReason | undefined): void {
    this.#stored = batch.last;
    this.#backlogBytes -= sizeOf(batch.events);
    // What came while this was on its way goes with the next.
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

  /** The store is at another event than this writer thought. */
  #moveTo(sequence: number): void {
    this.#stored = sequence;
    this.#progress = this.#latestProgress;
    this.#backlogBytes = sizeOf(this.#events.slice(sequence - this.#base));
  }

  /** The store has lost the whole stream: this writer can still have all of it. */
  #recreate(): void {
    const { created } = this.#options;
    if (created === undefined || ++this.#heals > MAX_HEALS) return this.#lose("lost");
    this.#isAppending = true;
    void this.#createAgain(created);
  }

  async #createAgain(created: NewStream): Promise<void> {
    try {
      const answer = await this.#options.store.create(created);
      if (answer.state !== "created") return this.#lose("lost");
      this.#moveTo(1);
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) return this.#lose("lost");
      // The next append tells how it stands.
      await this.#pause(this.#heals);
    }
    this.#isAppending = false;
    this.#flush();
  }

  /** Shows what is not stored: only while the store is away. */
  #showAll(): void {
    if (this.#shown >= this.tail) return;
    const events = this.#events.slice(this.#shown - this.#base);
    const { streamId, token, bus } = this.#options;
    const batch = { first: this.#shown + 1, last: this.tail, writer: token.nonce, events };
    this.#shown = this.tail;
    bus.publish(streamId, { type: "batch", batch, isLast: this.#ending !== undefined });
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
    this.#release();
    this.#resolveEnd(ending);
  }

  #release(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

/** The waits of a writer are short and end by themselves. */
const NEVER = new AbortController().signal;
