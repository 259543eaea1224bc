import { REMEMBERED_FIELDS, type RecentCall, type RememberedFields } from "../domain/activity.ts";
import type { LogLine } from "../domain/log-line.ts";
import { Ring } from "./ring.ts";

/** Generations and other calls have their own places: an open console calls often. */
const MAX_GENERATIONS = 800;
const MAX_OTHERS = 200;

/** The line of a call, as it was written. */
interface Entry {
  readonly endMs: number;
  readonly number: number;
  readonly line: CallLine;
}

type CallLine = Extract<LogLine, { event: "call" | "generation" }>;

/** The remembered fields of a line. Their lengths are bounded where the line is made. */
function remembered(line: RememberedFields): RememberedFields {
  const known = REMEMBERED_FIELDS.filter((name) => line[name] !== undefined);
  return Object.fromEntries(known.map((name) => [name, line[name]]));
}

/** The last calls of this replica. A call costs no more than a reference, until somebody asks for the list. */
export class RecentCalls {
  readonly capacity = MAX_GENERATIONS + MAX_OTHERS;
  readonly #replica: string;
  readonly #wallTime: () => number;
  readonly #generations = new Ring<Entry>(MAX_GENERATIONS);
  readonly #others = new Ring<Entry>(MAX_OTHERS);
  #number = 0;

  constructor(replica: string, wallTime: () => number) {
    this.#replica = replica;
    this.#wallTime = wallTime;
  }

  /** Remembers the call of a line. Other lines are ignored. */
  add(line: LogLine): void {
    if (line.event !== "call" && line.event !== "generation") return;
    const ring = line.requested_model === undefined ? this.#others : this.#generations;
    ring.push({ endMs: this.#wallTime(), number: ++this.#number, line });
  }

  /** All calls, in no order. */
  *all(): Generator<RecentCall, void> {
    for (const entry of this.#generations.latest()) yield this.#call(entry);
    for (const entry of this.#others.latest()) yield this.#call(entry);
  }

  /** The latest calls of each kind, together at most `max`. */
  latest(max: number): readonly RecentCall[] {
    const entries = [...this.#generations.latest(), ...this.#others.latest()];
    entries.sort((a, b) => b.number - a.number);
    return entries.slice(0, max).map((entry) => this.#call(entry));
  }

  #call({ endMs, number, line }: Entry): RecentCall {
    return { endMs, replica: this.#replica, number, fields: remembered(line) };
  }
}
