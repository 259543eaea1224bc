// The rows of an answer, while the rows of the ledger are added.
import { setImmediate } from "node:timers/promises";
import { invalidField } from "../domain/gateway-error.ts";
import type { CostSum, UsageReportRow } from "../domain/usage-report.ts";
import { decodeKey, type RowKey } from "./row-key.ts";
import {
  addStored,
  addSums,
  COUNTERS,
  type Counter,
  createSums,
  moneyOf,
  type Sums,
  timedCalls,
  timeQuantile,
  type VisitRow,
} from "./sums.ts";
import type { UsagePlan } from "./usage-plan.ts";

/** Rows of an answer. */
const MAX_ROWS = 10_000;
/** Rows that are made in one turn. */
const TURN_ROWS = 200;

/** What is known of a key: its group, and where the group's sums of its currency are. */
interface Slot {
  readonly values: readonly string[];
  readonly currency: string;
  readonly index: number;
}

/** A group of a period while its rows are added. */
interface Group {
  readonly startMs: number;
  readonly values: readonly string[];
  /** The values in one text. */
  readonly name: string;
  /** By currency. */
  readonly sums: Map<string, Sums>;
}

/** Keys whose slots are remembered: decoding a key costs more than adding its row. */
const MAX_KEYS = 20_000;

/** Adds rows of periods to the groups of a question. */
export class UsageGroups {
  readonly #plan: UsagePlan;
  readonly #groups = new Map<string, Group>();
  /** Undefined: rows of the key are not meant. */
  readonly #keys = new Map<string, Slot | undefined>();
  readonly #slots = new Map<string, Slot>();
  /** Of the interval that is read, by the index of the slot. */
  readonly #sums = new Map<number, Sums[]>();

  constructor(plan: UsagePlan) {
    this.#plan = plan;
  }

  /** `startMs`: the interval that the rows are in. */
  visitorOf(startMs: number): VisitRow {
    return (key, numbers, first, end) => {
      const slot = this.#slotOf(key);
      if (slot !== undefined) addStored(this.#sumsOf(startMs, slot), numbers, first, end);
    };
  }

  /** By time, then by group. */
  async rows(): Promise<readonly UsageReportRow[]> {
    const groups = [...this.#groups.values()].sort(inOrder);
    const rows: UsageReportRow[] = [];
    for (let index = 0; index < groups.length; index += TURN_ROWS) {
      rows.push(...groups.slice(index, index + TURN_ROWS).map(toRow));
      await setImmediate();
    }
    return rows;
  }

  /** The sum of all rows. */
  total(startMs: number): UsageReportRow {
    const sums = new Map<string, Sums>();
    for (const group of this.#groups.values()) {
      for (const [currency, each] of group.sums) {
        const sum = sums.get(currency) ?? createSums();
        addSums(sum, each);
        sums.set(currency, sum);
      }
    }
    return toRow({ startMs, values: [], sums });
  }

  #slotOf(key: string): Slot | undefined {
    const known = this.#keys.get(key);
    if (known !== undefined || this.#keys.has(key)) return known;
    const decoded = decodeKey(key);
    const slot = this.#plan.isMeant(decoded) ? this.#createSlot(decoded) : undefined;
    if (this.#keys.size < MAX_KEYS) this.#keys.set(key, slot);
    return slot;
  }

  #createSlot(key: RowKey): Slot {
    const values = this.#plan.groupBy.map((read) => read(key));
    const name = JSON.stringify([key.currency, ...values]);
    const slot = this.#slots.get(name) ?? {
      values,
      currency: key.currency,
      index: this.#slots.size,
    };
    this.#slots.set(name, slot);
    return slot;
  }

  #sumsOf(startMs: number, { values, currency, index }: Slot): Sums {
    const bySlot = this.#sums.get(startMs) ?? [];
    const found = bySlot[index];
    if (found !== undefined) return found;
    const { sums } = this.#groupOf(startMs, values);
    const created = createSums();
    sums.set(currency, created);
    bySlot[index] = created;
    this.#sums.set(startMs, bySlot);
    return created;
  }

  #groupOf(startMs: number, values: readonly string[]): Group {
    const name = JSON.stringify([startMs, ...values]);
    const found = this.#groups.get(name);
    if (found !== undefined) return found;
    if (this.#groups.size >= MAX_ROWS) {
      const rule = `the answer has more than ${MAX_ROWS} rows: ask for less time, or fewer dimensions`;
      throw invalidField("group_by", rule);
    }
    const group = { startMs, values, name: JSON.stringify(values), sums: new Map<string, Sums>() };
    this.#groups.set(name, group);
    return group;
  }
}

function countersOf({ counters }: Sums): Readonly<Record<Counter, number>> {
  const found = {} as Record<Counter, number>;
  for (const [index, name] of COUNTERS.entries()) found[name] = counters[index] ?? 0;
  return found;
}

/** Of all currencies. */
function sumOf(sums: ReadonlyMap<string, Sums>): Sums {
  const [first, ...others] = sums.values();
  if (first !== undefined && others.length === 0) return first;
  const all = createSums();
  for (const each of sums.values()) addSums(all, each);
  return all;
}

function costsOf(sums: ReadonlyMap<string, Sums>): readonly CostSum[] {
  const costs: CostSum[] = [];
  for (const [currency, each] of [...sums].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (currency !== "") costs.push({ currency, ...moneyOf(each) });
  }
  return costs;
}

function toRow({ startMs, values, sums }: Omit<Group, "name">): UsageReportRow {
  const all = sumOf(sums);
  const { units: _units, picos: _picos, ...counts } = countersOf(all);
  return {
    startMs,
    group: values,
    ...counts,
    costs: costsOf(sums),
    timedCalls: timedCalls(all),
    firstTokenP50Ms: timeQuantile(all, 0.5),
    firstTokenP95Ms: timeQuantile(all, 0.95),
  };
}

function inOrder(a: Group, b: Group): number {
  if (a.startMs !== b.startMs) return a.startMs - b.startMs;
  return a.name < b.name ? -1 : 1;
}
