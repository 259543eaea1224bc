import type { Clock } from "../clock.ts";
import type { OnDefect } from "../domain/defect.ts";
import { within } from "../store/store-health.ts";
import type { StoreTrouble } from "../store/store-trouble.ts";
import { StoreUnavailable } from "../store/store-unavailable.ts";
import type { UsageRecord, UsageSink } from "../usage/usage-sink.ts";
import type { LedgerSettings } from "./ledger-settings.ts";
import type { BatchRow, LedgerBatch, LedgerStore } from "./ledger-store.ts";
import { hourOf } from "./periods.ts";
import { decodeKey, encodeKey, otherKey } from "./row-key.ts";
import { RowNames } from "./row-names.ts";
import { rowsOfCall } from "./rows-of-call.ts";
import { addSums, createSums, type Sums, storedSums } from "./sums.ts";

/** From the first call of a batch to its writing. */
const WRITE_AFTER_MS = 250;
/** A batch that the store did not take is repeated after this wait. */
const REPEAT_AFTER_MS = 1_000;
const ANSWER_MS = 5_000;
/** Calls that wait longer are told of: the store is away. */
const BEHIND_MS = 5_000;
const TIDY_MS = 60_000;
const CLOSE_MS = 1_000;
/** Rows of one batch, which is one step of the store. */
const BATCH_ROWS = 500;
/** Rows that wait. Calls beyond are added to the rows of `other`, so that their sums are not lost. */
const MAX_WAITING_ROWS = 10_000;

export interface LedgerOptions {
  readonly clock: Clock;
  readonly settings: () => LedgerSettings;
  /** Group of a caller; "": none. */
  readonly groupOf: (caller: string) => string;
  /** Whether the configuration or a provider's list has the model. */
  readonly isListed: (model: string) => boolean;
  /** Calls wait because the store does not take them. Called once, until it does. */
  readonly onBehind: (trouble: StoreTrouble) => void;
  readonly onCaughtUp: (seconds: number) => void;
  /** Calls that no store will have, at the end of the process. */
  readonly onLost: (calls: number) => void;
  readonly onDefect: OnDefect;
}

/** A row that waits to be written. */
interface WaitingRow {
  readonly hour: number;
  readonly key: string;
  readonly sums: Sums;
}

/** What is on its way to the store, and stays until the store has answered. */
interface Sending {
  readonly batch: LedgerBatch;
  readonly since: number;
  readonly calls: number;
}

/**
 * Sums calls, and writes the sums. Calls of a store that is away stay summed in memory, which is bounded by the
 * number of rows; the batch on its way is repeated unchanged, so that the store adds it once.
 */
export class Ledger implements UsageSink {
  readonly #options: LedgerOptions;
  readonly #names: RowNames;
  #rows = new Map<string, WaitingRow>();
  /** Calls in the rows, and the clock's time of the first of them. */
  #calls = 0;
  #since: number | undefined;
  #sending: Sending | undefined;
  #isWriting = false;
  #number = 0;
  #store: LedgerStore | undefined;
  #session = "";
  #cancelWrite: (() => void) | undefined;
  #cancelTidy: (() => void) | undefined;
  #behindSince: number | undefined;
  /** Number of the last batch that a defect has stopped: its repetitions are not told again. */
  #toldDefect = 0;

  constructor(options: LedgerOptions) {
    this.#options = options;
    this.#names = new RowNames(options.isListed);
  }

  /** Writes from now on. `session`: one that the store counts as alive. */
  start(store: LedgerStore, session: string): void {
    this.#store = store;
    this.#session = session;
    if (this.#since !== undefined) this.#writeLater(WRITE_AFTER_MS);
    this.#tidyLater();
  }

  record(record: UsageRecord): void {
    if (record.type !== "call") return;
    const { clock, settings, groupOf } = this.#options;
    const hour = hourOf(clock.wallTime());
    for (const { key, sums } of rowsOfCall(record, groupOf(record.caller), settings().labels)) {
      this.#add(hour, this.#names.bound(key, hour), sums);
    }
    this.#calls++;
    this.#since ??= clock.now();
    this.#writeLater(WRITE_AFTER_MS);
  }

  /** Age of the oldest call that the store has not, in milliseconds. */
  get lagMs(): number {
    const since = this.#sending?.since ?? this.#since;
    return since === undefined ? 0 : this.#options.clock.now() - since;
  }

  /** Writes what is left. What the store does not take within a second is lost, and told. */
  async close(): Promise<void> {
    const { clock, onLost } = this.#options;
    this.#cancelWrite?.();
    this.#cancelTidy?.();
    const store = this.#store;
    if (store === undefined) return;
    const writing = this.#writeAll(store);
    await Promise.resolve(within(clock, CLOSE_MS, writing)).catch(this.#tellDefect);
    this.#store = undefined;
    const left = this.#calls + (this.#sending?.calls ?? 0);
    if (left > 0) onLost(left);
  }

  async #writeAll(store: LedgerStore): Promise<void> {
    while (this.#sending !== undefined || this.#rows.size > 0) {
      this.#take();
      if (!(await this.#send(store))) return;
    }
    await store.closeSession(this.#session);
  }

  #add(hour: number, key: string, sums: Sums): void {
    const isFull = this.#rows.size >= MAX_WAITING_ROWS && !this.#rows.has(`${hour} ${key}`);
    const place = isFull ? encodeKey(otherKey(decodeKey(key))) : key;
    const name = `${hour} ${place}`;
    const row = this.#rows.get(name) ?? { hour, key: place, sums: createSums() };
    addSums(row.sums, sums);
    this.#rows.set(name, row);
  }

  #writeLater(ms: number): void {
    if (this.#store === undefined || this.#isWriting) return;
    this.#cancelWrite ??= this.#options.clock.schedule(ms, () => {
      this.#cancelWrite = undefined;
      void this.#write();
    });
  }

  async #write(): Promise<void> {
    const store = this.#store;
    if (store === undefined || this.#isWriting) return;
    this.#isWriting = true;
    this.#take();
    const isWritten = await this.#send(store);
    this.#isWriting = false;
    if (this.#sending !== undefined) this.#writeLater(REPEAT_AFTER_MS);
    else if (this.#rows.size > 0) this.#writeLater(isWritten ? WRITE_AFTER_MS : REPEAT_AFTER_MS);
  }

  /** Makes the next batch of what waits, unless one is on its way. */
  #take(): void {
    if (this.#sending !== undefined || this.#since === undefined) return;
    const rows: BatchRow[] = [];
    for (const [name, { hour, key, sums }] of this.#rows) {
      if (rows.length === BATCH_ROWS) break;
      rows.push({ hour, key, sums: storedSums(sums) });
      this.#rows.delete(name);
    }
    const batch = { session: this.#session, number: ++this.#number, rows };
    // The calls of several batches count for the last one.
    const isLast = this.#rows.size === 0;
    this.#sending = { batch, since: this.#since, calls: isLast ? this.#calls : 0 };
    if (!isLast) return;
    this.#calls = 0;
    this.#since = undefined;
  }

  /** False: the store did not take the batch. */
  async #send(store: LedgerStore): Promise<boolean> {
    const sending = this.#sending;
    if (sending === undefined) return true;
    try {
      await within(this.#options.clock, ANSWER_MS, store.apply(sending.batch));
    } catch (error) {
      this.#noteFailed(error, sending);
      return false;
    }
    // The end of the process can have sent the batch as well, and have come further.
    if (this.#sending === sending) this.#sending = undefined;
    this.#noteBack();
    return true;
  }

  /** A batch that a defect stops is kept and repeated like every other one, so that no call is lost. */
  #noteFailed(error: unknown, { batch }: Sending): void {
    if (error instanceof StoreUnavailable) return this.#noteAway(error.trouble);
    if (batch.number === this.#toldDefect) return;
    this.#toldDefect = batch.number;
    this.#tellDefect(error);
  }

  readonly #tellDefect = (error: unknown): void => {
    if (!(error instanceof StoreUnavailable)) this.#options.onDefect(error);
  };

  #noteAway(trouble: StoreTrouble): void {
    const { clock, onBehind } = this.#options;
    if (this.#behindSince !== undefined || this.lagMs < BEHIND_MS) return;
    this.#behindSince = clock.now() - this.lagMs;
    onBehind(trouble);
  }

  #noteBack(): void {
    const { clock, onCaughtUp } = this.#options;
    if (this.#behindSince === undefined) return;
    onCaughtUp((clock.now() - this.#behindSince) / 1_000);
    this.#behindSince = undefined;
  }

  /** Deletes what is past its time, now and then. */
  #tidyLater(): void {
    const { clock, settings } = this.#options;
    this.#cancelTidy = clock.schedule(TIDY_MS, () => {
      const { hoursMs, daysMs } = settings();
      // A store that is away is tidied later.
      this.#store?.tidy({ hoursMs, daysMs }).catch(this.#tellDefect);
      this.#tidyLater();
    });
  }
}
