import type { Clock } from "../clock.ts";
import type { Warning } from "../domain/warning.ts";
import { reasonOf, type StandingLimit } from "./limit-refusal.ts";

/** Limits that are remembered as told. */
const MOST = 10_000;
/** Of a limit without a window: one line a day. */
const USUAL_MS = 86_400_000;

export interface NearLimit {
  readonly text: string;
  readonly used: number;
  /** Of the calls that the limit is going to refuse. */
  readonly reason: string;
}

/** Warns of limits that are nearly used up, and says which of them are to be told to the operator: once a window. */
export class NearLimits {
  readonly #clock: Clock;
  /** Time of the clock until which a limit is not told again, by the limit's key. */
  readonly #told = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The warnings of an answer; `onFirst` is called for each limit that was not told in its window. */
  warningsOf(
    standing: readonly StandingLimit[],
    onFirst: (near: NearLimit) => void,
  ): readonly Warning[] {
    return standing.flatMap(({ limit, level }) => {
      const { owner, rule, text } = limit;
      const { warnAt } = owner.limits;
      if (warnAt === undefined || level.used < warnAt * rule.most) return [];
      if (this.#isFirst(rule.key, level.resetMs ?? USUAL_MS)) {
        onFirst({ text, used: level.used, reason: reasonOf(limit) });
      }
      const whose = owner.scope === "caller" ? "the caller" : `the group ${owner.id}`;
      const percent = Math.floor((level.used / rule.most) * 100);
      const message = `${whose} may use ${text}; ${percent} % of that are used`;
      return [{ reason: "LIMIT_NEAR", message, field: "" }];
    });
  }

  #isFirst(key: string, windowMs: number): boolean {
    const now = this.#clock.now();
    if ((this.#told.get(key) ?? 0) > now) return false;
    this.#told.delete(key);
    const [oldest] = this.#told.keys();
    if (this.#told.size >= MOST && oldest !== undefined) this.#told.delete(oldest);
    this.#told.set(key, now + windowMs);
    return true;
  }
}
