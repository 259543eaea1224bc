// Questions to the ledger.
import type { Clock } from "../clock.ts";
import { GatewayError, invalidField } from "../domain/gateway-error.ts";
import type {
  CostSum,
  UsageFilter,
  UsageQuery,
  UsageReport,
  UsageReportRow,
  UsageReports,
} from "../domain/usage-report.ts";
import { storeUnavailable } from "../store/store-errors.ts";
import { within } from "../store/store-health.ts";
import { StoreUnavailable } from "../store/store-unavailable.ts";
import type { LedgerState, LedgerStore } from "./ledger-store.ts";
import {
  DAY_MS,
  dayOf,
  endOf,
  HOUR_MS,
  hourOf,
  intervalOf,
  type Period,
  periodsOf,
} from "./periods.ts";
import { decodeKey, type RowKey } from "./row-key.ts";
import {
  addStored,
  addSums,
  COUNTERS,
  type Counter,
  createSums,
  type StoredSums,
  type Sums,
  timedCalls,
  timeQuantile,
} from "./sums.ts";

/** Rows of an answer. */
const MAX_ROWS = 10_000;
/** Hours, or days, that one question is about: somewhat more than are kept. */
const MAX_PERIODS = 5_000;
/** Questions at a time, of one caller and of all. */
const MAX_OF_CALLER = 2;
const MAX_RUNNING = 8;
const RETRY_MS = 1_000;
const ANSWER_MS = 10_000;
/** Periods that are read at a time. */
const READS = 4;

const DIMENSIONS = ["caller", "group", "model", "provider", "outcome"] as const;
const LABEL = "label:";

type ValueOf = (key: RowKey) => string;

export interface UsageQueriesOptions {
  readonly clock: Clock;
  readonly store: LedgerStore;
  /** Labels that have rows of their own. */
  readonly labels: () => readonly string[];
  readonly lagMs: () => number;
}

/** A group of a period while its rows are added. */
interface Group {
  readonly startMs: number;
  readonly values: readonly string[];
  /** By currency. */
  readonly sums: Map<string, Sums>;
}

/** A question whose words are understood. */
interface Plan {
  readonly groupBy: readonly ValueOf[];
  isMeant(key: RowKey): boolean;
}

function readerOf(dimension: string, field: string, labels: readonly string[]): ValueOf {
  const known = DIMENSIONS.find((each) => each === dimension);
  if (known !== undefined) return (key) => key[known];
  if (labels.includes(dimension.slice(LABEL.length)) && dimension.startsWith(LABEL)) {
    return (key) => key.value;
  }
  const words = [...DIMENSIONS, ...labels.map((label) => LABEL + label)].join(", ");
  const about = dimension.startsWith(LABEL) ? "; accounting.ledger_labels names labels" : "";
  throw invalidField(field, `"${dimension}" is none of ${words}${about}`);
}

/** The one label that the question is about; "": none. */
function labelOf({ groupBy, filters }: UsageQuery): string {
  const dimensions = [...groupBy, ...filters.map(({ dimension }) => dimension)];
  const labels = new Set(dimensions.filter((each) => each.startsWith(LABEL)));
  if (labels.size > 1) throw invalidField("group_by", "has more than one label");
  return [...labels][0]?.slice(LABEL.length) ?? "";
}

function filterOf({ dimension, values }: UsageFilter, field: string, labels: readonly string[]) {
  const read = readerOf(dimension, field, labels);
  return (key: RowKey): boolean => values.includes(read(key));
}

function planOf(query: UsageQuery, labels: readonly string[]): Plan {
  const label = labelOf(query);
  const groupBy = query.groupBy.map((dimension, index) =>
    readerOf(dimension, `group_by[${index}]`, labels),
  );
  const filters = query.filters.map((filter, index) =>
    filterOf(filter, `filters[${index}].dimension`, labels),
  );
  return {
    groupBy,
    isMeant: (key) =>
      key.label === label &&
      (query.caller === undefined || key.caller === query.caller) &&
      filters.every((filter) => filter(key)),
  };
}

/** Adds rows of periods to the groups of a question. */
class Groups {
  readonly #plan: Plan;
  readonly groups = new Map<string, Group>();
  /** By key, for the interval that is read: undefined where the row is not meant. */
  #known = new Map<string, Sums | undefined>();
  #startMs = Number.NaN;

  constructor(plan: Plan) {
    this.#plan = plan;
  }

  /** `startMs`: the interval that the row is in. */
  add(startMs: number, key: string, stored: StoredSums): void {
    if (startMs !== this.#startMs) {
      this.#known = new Map();
      this.#startMs = startMs;
    }
    let sums = this.#known.get(key);
    if (sums === undefined && !this.#known.has(key)) {
      sums = this.#sumsOf(startMs, decodeKey(key));
      this.#known.set(key, sums);
    }
    if (sums !== undefined) addStored(sums, stored);
  }

  #sumsOf(startMs: number, key: RowKey): Sums | undefined {
    if (!this.#plan.isMeant(key)) return undefined;
    const values = this.#plan.groupBy.map((read) => read(key));
    const name = JSON.stringify([startMs, ...values]);
    let group = this.groups.get(name);
    if (group === undefined) {
      if (this.groups.size >= MAX_ROWS) {
        const rule = `the answer has more than ${MAX_ROWS} rows: ask for less time, or fewer dimensions`;
        throw invalidField("group_by", rule);
      }
      group = { startMs, values, sums: new Map() };
      this.groups.set(name, group);
    }
    const found = group.sums.get(key.currency) ?? createSums();
    group.sums.set(key.currency, found);
    return found;
  }
}

function countersOf({ counters }: Sums): Readonly<Record<Counter, number>> {
  const pairs = COUNTERS.map((name, index) => [name, counters[index] ?? 0] as const);
  return Object.fromEntries(pairs) as Record<Counter, number>;
}

function toRow({ startMs, values, sums }: Group): UsageReportRow {
  const all = createSums();
  const costs: CostSum[] = [];
  for (const [currency, each] of [...sums].sort(([a], [b]) => (a < b ? -1 : 1))) {
    addSums(all, each);
    const { units, picos } = countersOf(each);
    if (currency !== "") costs.push({ currency, units, picos });
  }
  const { units: _units, picos: _picos, ...counts } = countersOf(all);
  return {
    startMs,
    group: values,
    ...counts,
    costs,
    timedCalls: timedCalls(all),
    firstTokenP50Ms: timeQuantile(all, 0.5),
    firstTokenP95Ms: timeQuantile(all, 0.95),
  };
}

function totalOf(groups: Iterable<Group>, startMs: number): UsageReportRow {
  const sums = new Map<string, Sums>();
  for (const group of groups) {
    for (const [currency, each] of group.sums) {
      const sum = sums.get(currency) ?? createSums();
      addSums(sum, each);
      sums.set(currency, sum);
    }
  }
  return toRow({ startMs, values: [], sums });
}

function inOrder(a: Group, b: Group): number {
  if (a.startMs !== b.startMs) return a.startMs - b.startMs;
  return JSON.stringify(a.values) < JSON.stringify(b.values) ? -1 : 1;
}

function lostIn({ lost }: LedgerState, fromMs: number, toMs: number): number {
  let batches = 0;
  for (const [day, each] of lost) if (day >= dayOf(fromMs) && day < toMs) batches += each;
  return batches;
}

/** A clock can be ahead by an hour; later than that nothing was used. */
function boundsOf({ fromMs, toMs, interval }: UsageQuery, now: number) {
  const to = Math.min(toMs ?? now, now + HOUR_MS);
  const from = fromMs ?? to - DAY_MS;
  if (from >= to) throw invalidField("from", "must be before `to`, and not later than now");
  const stepMs = interval === "hour" ? HOUR_MS : DAY_MS;
  if ((to - from) / stepMs > MAX_PERIODS) {
    const steps = interval === "hour" ? "hours" : "days";
    throw invalidField("from", `the time has more than ${MAX_PERIODS} ${steps}`);
  }
  return { fromMs: hourOf(from), toMs: to };
}

/** Answers questions out of a store; a few at a time, so that a caller's questions cannot harm others. */
export class UsageQueries implements UsageReports {
  readonly #options: UsageQueriesOptions;
  readonly #running = new Map<string, number>();

  constructor(options: UsageQueriesOptions) {
    this.#options = options;
  }

  async query(query: UsageQuery): Promise<UsageReport> {
    const plan = planOf(query, this.#options.labels());
    const leave = this.#enter(query.caller ?? "");
    try {
      return await this.#answer(query, plan);
    } catch (error) {
      throw error instanceof StoreUnavailable ? storeUnavailable(error) : error;
    } finally {
      leave();
    }
  }

  #enter(caller: string): () => void {
    const own = this.#running.get(caller) ?? 0;
    const all = Array.from(this.#running.values()).reduce((sum, each) => sum + each, 0);
    if (own >= MAX_OF_CALLER || all >= MAX_RUNNING) {
      const message = "too many questions about usage run: ask again when they are answered";
      throw new GatewayError("caller-limit", message, { retryAfterMs: RETRY_MS });
    }
    this.#running.set(caller, own + 1);
    return () => {
      const left = (this.#running.get(caller) ?? 1) - 1;
      if (left === 0) this.#running.delete(caller);
      else this.#running.set(caller, left);
    };
  }

  async #answer(query: UsageQuery, plan: Plan): Promise<UsageReport> {
    const { clock, store, lagMs } = this.#options;
    const now = clock.wallTime();
    const bounds = boundsOf(query, now);
    const state = await within(clock, ANSWER_MS, store.state());
    const { interval } = query;
    const periods = periodsOf({ ...bounds, now, interval, hoursFromMs: state.hoursFrom });
    const first = periods[0];
    const last = periods.at(-1);
    if (first === undefined || last === undefined) throw invalidField("from", "names no time");
    const groups = new Groups(plan);
    await this.#readAll(periods, ({ start }, key, stored) =>
      groups.add(intervalOf(interval, start, first.start), key, stored),
    );
    const found = [...groups.groups.values()].sort(inOrder);
    return {
      rows: found.map(toRow),
      total: totalOf(found, first.start),
      fromMs: first.start,
      toMs: endOf(last),
      hoursFromMs: state.hoursFrom || undefined,
      daysFromMs: state.daysFrom || undefined,
      lostBatches: lostIn(state, first.start, endOf(last)),
      lagMs: lagMs(),
    };
  }

  /** A few at a time, and each in a turn of its own: other calls run in between. */
  async #readAll(
    periods: readonly Period[],
    visit: (period: Period, key: string, stored: StoredSums) => void,
  ): Promise<void> {
    const { clock, store } = this.#options;
    for (let index = 0; index < periods.length; index += READS) {
      const reads = periods
        .slice(index, index + READS)
        .map((period) => store.read(period, (key, stored) => visit(period, key, stored)));
      await within(clock, ANSWER_MS, Promise.all(reads));
    }
  }
}
