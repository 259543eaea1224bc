import type { ErrorReason } from "../domain/error-reasons.ts";
import { GatewayError } from "../domain/gateway-error.ts";
import type { LimitStanding, LimitStandings } from "../ports/call-limits.ts";
import type { CompiledLimit } from "./limit-rules.ts";
import type { LimitLevel, ReserveAnswer } from "./limit-store.ts";

/** A running call can end at any time: a client comes again after so long. */
const CONCURRENCY_WAIT_MS = 1_000;

type LimitUnit = CompiledLimit["rule"]["unit"];

const REASONS = {
  caller: {
    requests: "REQUESTS_LIMIT",
    tokens: "TOKENS_LIMIT",
    concurrency: "CONCURRENCY_LIMIT",
    spend: "SPEND_LIMIT",
  },
  group: {
    requests: "GROUP_REQUESTS_LIMIT",
    tokens: "GROUP_TOKENS_LIMIT",
    concurrency: "GROUP_CONCURRENCY_LIMIT",
    spend: "GROUP_SPEND_LIMIT",
  },
} as const satisfies Readonly<Record<string, Readonly<Record<LimitUnit, ErrorReason>>>>;

/** The reason of the calls that a limit refuses. */
export function reasonOf({ owner, rule }: CompiledLimit): ErrorReason {
  return REASONS[owner.scope][rule.unit];
}

interface Refused {
  readonly limit: CompiledLimit;
  readonly level: LimitLevel;
  readonly waitMs: number | undefined;
}

/** A limit, and how it stands. */
export interface StandingLimit {
  readonly limit: CompiledLimit;
  readonly level: LimitLevel;
}

/** Limits with their levels in an answer of the store. */
export function standingOf(
  limits: readonly CompiledLimit[],
  { levels }: ReserveAnswer,
): readonly StandingLimit[] {
  return limits.flatMap((limit, index) => {
    const level = levels[index];
    return level === undefined ? [] : [{ limit, level }];
  });
}

function refusedOf({ limit, level }: StandingLimit): Refused[] {
  if (level.refused === undefined) return [];
  const isConcurrency = limit.rule.unit === "concurrency";
  const waitMs = isConcurrency ? CONCURRENCY_WAIT_MS : level.refused.waitMs;
  return [{ limit, level, waitMs }];
}

/** The error of a call that limits refuse: it tells of the one that holds longest. */
export function limitRefusal(standing: readonly StandingLimit[]): GatewayError {
  const [worst] = standing
    .flatMap(refusedOf)
    .sort(
      (a, b) => (b.waitMs ?? Number.POSITIVE_INFINITY) - (a.waitMs ?? Number.POSITIVE_INFINITY),
    );
  if (worst === undefined) throw new Error("no limit has refused the call");
  const { limit, level, waitMs } = worst;
  const { owner, rule, text } = limit;
  const whose = owner.scope === "caller" ? "the caller" : `the group ${owner.id}`;
  // Even a counter of zero refuses the call.
  const isTooLarge = waitMs === undefined && level.resetMs !== undefined;
  const why = isTooLarge
    ? "this call alone can come to more: give it a lower limit of output tokens"
    : "this call would exceed it";
  return new GatewayError("caller-limit", `${whose} may use ${text}, and ${why}`, {
    reason: REASONS[owner.scope][rule.unit],
    ...(waitMs !== undefined && { retryAfterMs: waitMs }),
    metadata: {
      limit: rule.unit,
      scope: owner.scope,
      most: String(rule.most),
      used: String(level.used),
    },
  });
}

/** How the limits of requests and of tokens stand: of each unit the one that is used up most. */
export function standingsOf(standing: readonly StandingLimit[]): LimitStandings {
  const found: { requests?: LimitStanding; tokens?: LimitStanding } = {};
  for (const { limit, level } of standing) {
    const { rule } = limit;
    if (rule.unit !== "requests" && rule.unit !== "tokens") continue;
    const remaining = Math.max(0, rule.most - level.used);
    const known = found[rule.unit];
    const isLess = known === undefined || remaining / rule.most < known.remaining / known.amount;
    if (!isLess) continue;
    const { most: amount, windowMs } = rule;
    found[rule.unit] = { amount, windowMs, remaining, resetMs: level.resetMs ?? windowMs };
  }
  return found;
}
