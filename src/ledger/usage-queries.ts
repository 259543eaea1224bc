// Questions to the ledger.
import { setImmediate } from "node:timers/promises";
import type { Clock } from "../clock.ts";
import { GatewayError, invalidField } from "../domain/gateway-error.ts";
import type { UsageQuery, UsageReport, UsageReports } from "../domain/usage-report.ts";
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
import type { VisitRow } from "./sums.ts";
import { UsageGroups } from "./usage-groups.ts";
import { planOf, type UsagePlan } from "./usage-plan.ts";

/** Hours, or days, that one question is about: somewhat more than are kept. */
const MAX_PERIODS = 5_000;
/** Questions at a time, of one caller and of all. */
const MAX_OF_CALLER = 2;
const MAX_RUNNING = 8;
const RETRY_MS = 1_000;
const ANSWER_MS = 10_000;
/** Periods that are read at a time. */
const READS = 4;

export interface UsageQueriesOptions {
  readonly clock: Clock;
  readonly store: LedgerStore;
  /** Labels that have rows of their own. */
  readonly labels: () => readonly string[];
  readonly lagMs: () => number;
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

  async #answer(query: UsageQuery, plan: UsagePlan): Promise<UsageReport> {
    const { clock, store, lagMs } = this.#options;
    const now = clock.wallTime();
    const bounds = boundsOf(query, now);
    const state = await within(clock, ANSWER_MS, store.state());
    const { interval } = query;
    const periods = periodsOf({ ...bounds, now, interval, hoursFromMs: state.hoursFrom });
    const first = periods[0];
    const last = periods.at(-1);
    if (first === undefined || last === undefined) throw invalidField("from", "names no time");
    const groups = new UsageGroups(plan);
    await this.#readAll(periods, ({ start }) =>
      groups.visitorOf(intervalOf(interval, start, first.start)),
    );
    return {
      rows: await groups.rows(),
      total: groups.total(first.start),
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
    visitorOf: (period: Period) => VisitRow,
  ): Promise<void> {
    const { clock, store } = this.#options;
    for (let index = 0; index < periods.length; index += READS) {
      const reads = periods
        .slice(index, index + READS)
        .map((period) => store.read(period, visitorOf(period)));
      await within(clock, ANSWER_MS, Promise.all(reads));
      // A store in memory answers in the same turn.
      await setImmediate();
    }
  }
}
