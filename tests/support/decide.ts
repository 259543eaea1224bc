import { type ErrorKind, GatewayError } from "../../src/domain/gateway-error.ts";
import { type Destination, decide, type FailedAttempt } from "../../src/reliability/decide.ts";
import { policyInForce } from "../../src/reliability/policy-in-force.ts";
import { DEFAULT_SETTINGS } from "../../src/reliability/reliability-settings.ts";
import { testRouting } from "./provider-request.ts";

/** The policy of a request without settings, under the shipped defaults. */
export const TEST_POLICY = policyInForce({ retryOn: [] }, testRouting(), DEFAULT_SETTINGS.retry);

export const OPEN: Destination = {
  isOpen: true,
  waitMs: 0,
  isWaitAsked: false,
  isOtherModel: true,
  typicalMs: undefined,
  canSpend: () => true,
};
export const CLOSED: Destination = { ...OPEN, isOpen: false };

/** A failed first attempt of a call, at its only target. */
export function failedAttempt(
  kind: ErrorKind,
  changes: Partial<FailedAttempt> = {},
): FailedAttempt {
  return {
    error: new GatewayError(kind, "test"),
    committed: false,
    isProbe: false,
    attempts: 1,
    attemptsHere: 1,
    openTargets: changes.next?.isOpen === true ? 1 : 0,
    canRepair: false,
    freeRetryUsed: false,
    remainingMs: 600_000,
    waitedMs: 0,
    waitedSinceMs: 0,
    policy: TEST_POLICY,
    budget: DEFAULT_SETTINGS.budget,
    here: OPEN,
    next: undefined,
    random: () => 0.5,
    ...changes,
  };
}

/** The decision as one word: `retry`, `failover`, or the reason of the end. */
export function verdict(attempt: FailedAttempt): string {
  const decision = decide(attempt);
  return decision.action === "fail" ? decision.reason : decision.action;
}
