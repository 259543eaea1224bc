import { REMEMBERED_FIELDS, type RecentCall, type RememberedFields } from "../domain/activity.ts";
import type { LogLine } from "../domain/log-line.ts";
import { Ring } from "./ring.ts";

/** Generations and other calls have their own places: an open console calls often. */
const MAX_GENERATIONS = 800;
const MAX_OTHERS = 200;

/** The remembered fields of a line. Their lengths are bounded where the line is made. */
function remembered(line: RememberedFields): RememberedFields {
  const known = REMEMBERED_FIELDS.filter((name) => line[name] !== undefined);
  return Object.fromEntries(known.map((name) => [name, line[name]]));
}

/** The last calls of this replica. */
export class RecentCalls {
  readonly capacity = MAX_GENERATIONS + MAX_OTHERS;
  readonly #replica: string;
  readonly #wallTime: () => number;
  readonly #generations = new Ring<RecentCall>(MAX_GENERATIONS);
  readonly #others = new Ring<RecentCall>(MAX_OTHERS);
  #number = 0;

  constructor(replica: string, wallTime: () => number) {
    this.#replica = replica;
    this.#wallTime = wallTime;
  }

  /** Remembers the call of a line. Other lines are ignored. */
  add(line: LogLine): void {
    if (line.event !== "call" && line.event !== "generation") return;
    const call: RecentCall = {
      endMs: this.#wallTime(),
      replica: this.#replica,
      number: ++this.#number,
      fields: remembered(line),
    };
    const ring = line.requested_model === undefined ? this.#others : this.#generations;
    ring.push(call);
  }

  /** All calls, in no order. */
  *all(): Generator<RecentCall, void> {
    yield* this.#generations.latest();
    yield* this.#others.latest();
  }

  /** The latest calls of each kind, together at most `max`. */
  latest(max: number): readonly RecentCall[] {
    return [...this.all()].sort((a, b) => b.number - a.number).slice(0, max);
  }
}
