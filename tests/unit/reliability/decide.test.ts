import { describe, expect, it } from "vitest";
import { type ErrorKind, GatewayError } from "../../../src/domain/gateway-error.ts";
import { decide, type FailedAttempt } from "../../../src/reliability/decide.ts";
import { policyInForce } from "../../../src/reliability/policy-in-force.ts";
import { DEFAULT_SETTINGS } from "../../../src/reliability/reliability-settings.ts";
import { CLOSED, failedAttempt, OPEN, TEST_POLICY, verdict } from "../../support/decide.ts";
import { testRouting } from "../../support/provider-request.ts";

const { retry } = DEFAULT_SETTINGS;

const committed = (recovery: "fail" | "restart"): Partial<FailedAttempt> => ({
  committed: true,
  policy: { ...TEST_POLICY, recovery },
});

/**
 * The table of `docs/reliability.md`, a row per kind: first failure with another
 * target left; second failure with one; first without one; second without one;
 * first without one, after output, where the caller asked for a restart.
 */
const TABLE: Readonly<Record<ErrorKind, readonly [string, string, string, string, string]>> = {
  "server-error": ["retry", "failover", "retry", "retry", "retry"],
  network: ["retry", "failover", "retry", "retry", "retry"],
  truncated: ["retry", "failover", "retry", "classifier", "retry"],
  protocol: ["retry", "failover", "retry", "classifier", "retry"],
  "connect-timeout": ["failover", "failover", "retry", "retry", "retry"],
  "first-token-timeout": ["failover", "failover", ...rest("classifier")],
  "idle-timeout": ["failover", "failover", ...rest("classifier")],
  "rate-limit": ["failover", "failover", "retry", "retry", "retry"],
  "provider-overloaded": ["failover", "failover", "retry", "classifier", "retry"],
  "provider-authentication": ["failover", "failover", ...rest("classifier")],
  "provider-permission": ["failover", "failover", ...rest("classifier")],
  quota: ["failover", "failover", ...rest("classifier")],
  "not-found": ["failover", "failover", ...rest("classifier")],
  "context-length": ["failover", "failover", ...rest("classifier")],
  "total-timeout": ["deadline", "deadline", ...rest("deadline")],
  unknown: final(),
  validation: final(),
  unauthenticated: final(),
  "permission-denied": final(),
  conflict: final(),
  "content-filter": final(),
  "caller-limit": final(),
  "gateway-overloaded": final(),
  "circuit-open": final(),
  "invalid-output": final(),
  cancelled: final(),
  "owner-lost": final(),
  "state-lost": final(),
  internal: final(),
  "state-unavailable": final(),
  budget: final(),
  "stream-limit": final(),
};

function rest(reason: string): [string, string, string] {
  return [reason, reason, reason];
}

function final(): [string, string, string, string, string] {
  return ["classifier", "classifier", ...rest("classifier")];
}

const rows = Object.entries(TABLE) as [ErrorKind, (typeof TABLE)[ErrorKind]][];
const moving = rows.filter(([, [first]]) => first === "retry" || first === "failover");

const repeated = rows.filter(([, [, , alone]]) => alone === "retry");

describe("the table", () => {
  it.each(rows)("%s", (kind, expected) => {
    const second = { attempts: 2, attemptsHere: 2 };
    expect([
      verdict(failedAttempt(kind, { next: OPEN })),
      verdict(failedAttempt(kind, { next: OPEN, ...second })),
      verdict(failedAttempt(kind)),
      verdict(failedAttempt(kind, second)),
      verdict(failedAttempt(kind, committed("restart"))),
    ]).toEqual(expected);
  });

  it.each(moving)("%s after output ends the call, unless recovery was asked for", (kind) => {
    expect(verdict(failedAttempt(kind, { ...committed("fail"), next: OPEN }))).toBe(
      "output-delivered",
    );
    expect(verdict(failedAttempt(kind, { ...committed("restart"), next: OPEN }))).toMatch(
      /retry|failover/,
    );
  });

  it.each(moving)("%s with no time left ends the call", (kind) => {
    const attempt = failedAttempt(kind, { next: OPEN, remainingMs: 0 });
    expect(verdict(attempt)).toBe("deadline");
    // Nor where an answer usually takes longer than what is left.
    const slow = { ...OPEN, typicalMs: 5_000 };
    expect(verdict(failedAttempt(kind, { next: slow, here: slow, remainingMs: 5_000 }))).toBe(
      "deadline",
    );
  });

  it.each(moving)("%s with every attempt made ends the call", (kind) => {
    expect(verdict(failedAttempt(kind, { next: OPEN, attempts: TEST_POLICY.totalAttempts }))).toBe(
      "attempts",
    );
  });

  it.each(moving)("field:E1 %s moves on whatever the budgets say", (kind) => {
    const poor = { ...OPEN, canSpend: () => false };
    expect(verdict(failedAttempt(kind, { next: poor, here: poor }))).toBe("failover");
  });

  it.each(repeated)("%s with the budget of its target empty is not repeated there", (kind) => {
    expect(verdict(failedAttempt(kind, { here: { ...OPEN, canSpend: () => false } }))).toBe(
      "budget",
    );
  });

  it.each(moving)("%s with no target open ends the call", (kind) => {
    expect(verdict(failedAttempt(kind, { next: CLOSED, here: CLOSED }))).toBe("circuit-open");
  });
});

describe("a repair", () => {
  const invalid = (changes: Partial<FailedAttempt> = {}) =>
    verdict(failedAttempt("invalid-output", { canRepair: true, next: OPEN, ...changes }));

  it("goes to the same target, delivered output or not, within the limits of a repetition", () => {
    expect(invalid()).toBe("repair");
    expect(invalid(committed("fail"))).toBe("repair");
    expect(invalid({ canRepair: false })).toBe("classifier");
    expect(invalid({ attemptsHere: TEST_POLICY.attempts })).toBe("attempts");
    expect(invalid({ attempts: TEST_POLICY.totalAttempts })).toBe("attempts");
    expect(invalid({ here: CLOSED })).toBe("circuit-open");
    expect(invalid({ here: { ...OPEN, canSpend: () => false } })).toBe("budget");
    expect(invalid({ remainingMs: 0 })).toBe("deadline");
  });
});

describe("limits of a repetition", () => {
  it("the attempts at one target", () => {
    expect(verdict(failedAttempt("server-error", { attempts: 3, attemptsHere: 3 }))).toBe(
      "attempts",
    );
  });

  it("a short deadline leaves the next target, which needs no wait", () => {
    const short = { remainingMs: 20, next: OPEN };
    expect(verdict(failedAttempt("server-error", short))).toBe("failover");
    expect(verdict(failedAttempt("server-error", { remainingMs: 20 }))).toBe("deadline");
  });

  it("the wait that was asked for", () => {
    const hinted = (retryAfterMs: number) => ({
      error: new GatewayError("rate-limit", "test", { retryAfterMs }),
    });
    expect(decide(failedAttempt("rate-limit", hinted(54_000)))).toMatchObject({
      action: "retry",
      delayFromProvider: true,
    });
    expect(verdict(failedAttempt("rate-limit", hinted(60_001)))).toBe("policy");
    expect(verdict(failedAttempt("rate-limit", { ...hinted(60_001), next: OPEN }))).toBe(
      "failover",
    );
    expect(verdict(failedAttempt("rate-limit", { ...hinted(5_000), remainingMs: 5_000 }))).toBe(
      "deadline",
    );
  });

  it("the sum of all waits", () => {
    const bounded = { ...TEST_POLICY, maxTotalDelayMs: 100 };
    const other = { policy: bounded, next: OPEN };
    // Half of the first step of 50 ms.
    expect(verdict(failedAttempt("server-error", { ...other, next: CLOSED, waitedMs: 0 }))).toBe(
      "policy",
    );
    expect(verdict(failedAttempt("server-error", { ...other, waitedMs: 80 }))).toBe("failover");
    expect(verdict(failedAttempt("server-error", { ...other, waitedMs: 75 }))).toBe("retry");
  });

  it("waits that follow one failure, however often its target is closed again", () => {
    const cooling = { ...OPEN, waitMs: 2_000 };
    const waiting = { here: cooling, waitedSinceMs: 57_900, waitedMs: 57_900 };
    expect(decide(failedAttempt("rate-limit", waiting))).toMatchObject({
      action: "retry",
      delayMs: 2_100,
    });
    expect(verdict(failedAttempt("rate-limit", { ...waiting, waitedSinceMs: 58_001 }))).toBe(
      "policy",
    );
  });

  it("lists of the policy only narrow", () => {
    const only = (kinds: ErrorKind[]) => ({
      policy: policyInForce({ retryOn: kinds }, testRouting({ failoverOn: kinds }), retry),
      next: OPEN,
    });
    expect(verdict(failedAttempt("server-error", only(["rate-limit"])))).toBe("policy");
    expect(verdict(failedAttempt("server-error", only(["server-error"])))).toBe("retry");
    expect(verdict(failedAttempt("validation", only(["validation"])))).toBe("classifier");
    const noRetry = { policy: policyInForce({ retryOn: ["network"] }, testRouting(), retry) };
    expect(verdict(failedAttempt("server-error", { ...noRetry, next: OPEN }))).toBe("failover");
  });
});

describe("a provider's wish", () => {
  const wish = (kind: ErrorKind, shouldRetry: boolean, httpStatus?: number) =>
    failedAttempt(kind, {
      error: new GatewayError(kind, "test", {
        providerFailure: { shouldRetry, ...(httpStatus !== undefined && { httpStatus }) },
      }),
    });

  it("forces the retry of a kind that has none", () => {
    expect(decide(wish("unknown", true))).toMatchObject({
      action: "retry",
      reason: "explicit-hint",
    });
  });

  it("forbids the retry of a kind that has one, and leaves other targets", () => {
    expect(decide(wish("server-error", false, 503))).toEqual({
      action: "fail",
      reason: "explicit-hint",
    });
    expect(verdict({ ...wish("server-error", false, 503), next: OPEN })).toBe("failover");
  });

  it.each([400, 401, 402, 403, 404, 405, 410, 413, 422, 451])("forces no %s", (status) => {
    expect(decide(wish("validation", true, status))).toEqual({
      action: "fail",
      reason: "classifier",
    });
  });

  it.each([408, 409, 425, 429, 500, 503])("may force a %s", (status) => {
    expect(decide(wish("server-error", true, status))).toMatchObject({ reason: "explicit-hint" });
  });

  it("does not outrun limits, budget, policy or the caller", () => {
    const forced = wish("unknown", true);
    expect(verdict({ ...forced, attempts: 4 })).toBe("attempts");
    expect(verdict({ ...forced, attemptsHere: 3 })).toBe("attempts");
    expect(verdict({ ...forced, remainingMs: 0 })).toBe("deadline");
    expect(verdict({ ...forced, here: { ...OPEN, canSpend: () => false } })).toBe("budget");
    expect(verdict({ ...forced, policy: { ...TEST_POLICY, retryOn: new Set(["network"]) } })).toBe(
      "policy",
    );
    expect(verdict({ ...forced, ...committed("fail") })).toBe("output-delivered");
    expect(decide(wish("cancelled", true))).toEqual({ action: "fail", reason: "classifier" });
  });
});

describe("a request that nobody answered", () => {
  const lost = (reached: "nothing" | "provider", changes: Partial<FailedAttempt> = {}) =>
    decide(
      failedAttempt("network", {
        error: new GatewayError("network", "test", { providerFailure: { reached } }),
        next: OPEN,
        ...changes,
      }),
    );

  it("goes again at once; for nothing only where it never left", () => {
    expect(lost("nothing")).toMatchObject({ action: "retry", delayMs: 0, cost: 0 });
    expect(lost("provider")).toMatchObject({ action: "retry", delayMs: 0, cost: 14 });
  });

  it("does not break a pause that another call was told of", () => {
    const here = { ...OPEN, waitMs: 5_000 };
    expect(lost("nothing", { here, next: undefined })).toMatchObject({
      action: "retry",
      delayMs: 5_250,
    });
  });

  it("waits the second time, and is never repeated by a probe", () => {
    expect(lost("nothing", { freeRetryUsed: true })).toMatchObject({ action: "retry", cost: 14 });
    expect(lost("nothing", { freeRetryUsed: true })).not.toMatchObject({ delayMs: 0 });
    expect(lost("nothing", { isProbe: true })).not.toMatchObject({ delayMs: 0 });
  });
});

describe("the price", () => {
  it.each<[ErrorKind, number]>([
    ["server-error", 14],
    ["rate-limit", 5],
    ["provider-overloaded", 5],
  ])("of repeating %s is asked of its target", (kind, cost) => {
    const asked: number[] = [];
    const rich = { ...OPEN, canSpend: (price: number) => asked.push(price) > 0 };
    expect(decide(failedAttempt(kind, { here: rich }))).toMatchObject({ cost });
    expect(asked).toEqual([cost]);
  });

  it("of a failover is asked of nobody", () => {
    const asked: number[] = [];
    const next = { ...OPEN, canSpend: (price: number) => asked.push(price) > 0 };
    expect(decide(failedAttempt("rate-limit", { next }))).toMatchObject({
      action: "failover",
      cost: 5,
    });
    expect(asked).toEqual([]);
  });
});
