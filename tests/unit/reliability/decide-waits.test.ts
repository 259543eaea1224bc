import { describe, expect, it } from "vitest";
import { type ErrorKind, GatewayError } from "../../../src/domain/gateway-error.ts";
import { decide, type FailedAttempt } from "../../../src/reliability/decide.ts";
import { policyInForce } from "../../../src/reliability/policy-in-force.ts";
import { DEFAULT_SETTINGS } from "../../../src/reliability/reliability-settings.ts";
import { CLOSED, failedAttempt, OPEN, TEST_POLICY, verdict } from "../../support/decide.ts";
import { testRouting } from "../../support/provider-request.ts";

const { retry } = DEFAULT_SETTINGS;

/** Kinds whose answer can carry a hint, and that are repeated at all. */
const HINTED: readonly ErrorKind[] = [
  "rate-limit",
  "provider-overloaded",
  "server-error",
  "truncated",
  "protocol",
  "network",
];

describe("field:E3 a hint with another target open", () => {
  const hinted = (kind: ErrorKind, retryAfterMs: number, changes: Partial<FailedAttempt> = {}) =>
    failedAttempt(kind, {
      error: new GatewayError(kind, "test", { retryAfterMs }),
      next: OPEN,
      ...changes,
    });

  it.each(HINTED)(
    "%s: a short one is waited for where the other target is another model",
    (kind) => {
      for (const ms of [0, 500, 2_000, TEST_POLICY.shortHintMs]) {
        const decision = decide(hinted(kind, ms));
        expect(decision).toMatchObject({ action: "retry" });
        expect("delayMs" in decision && decision.delayMs).toBeGreaterThanOrEqual(ms);
      }
    },
  );

  it.each(HINTED)("%s: a longer one moves the call on", (kind) => {
    for (const ms of [TEST_POLICY.shortHintMs + 1, 15_000, 3_600_000]) {
      expect(decide(hinted(kind, ms))).toMatchObject({ action: "failover", delayMs: 0 });
    }
  });

  it.each(HINTED)("%s: the same model elsewhere is as good at once", (kind) => {
    for (const ms of [0, 2_000, 15_000]) {
      const next = { ...OPEN, isOtherModel: false };
      expect(verdict(hinted(kind, ms, { next }))).toBe("failover");
    }
  });

  it.each(HINTED)("%s: it is waited for once", (kind) => {
    const second = { attempts: 2, attemptsHere: 2 };
    expect(verdict(hinted(kind, 500, second))).toBe("failover");
  });

  it("a pause that another call was told of counts like a hint of its own", () => {
    const here = { ...OPEN, waitMs: 15_000, isWaitAsked: true };
    expect(verdict(hinted("rate-limit", 1_000, { here }))).toBe("failover");
    expect(verdict(failedAttempt("server-error", { here, next: OPEN }))).toBe("failover");
    const short = { ...here, waitMs: 1_000 };
    expect(verdict(failedAttempt("server-error", { here: short, next: OPEN }))).toBe("retry");
  });

  it("A-33: a pause that nobody asked for is no hint", () => {
    const here = { ...OPEN, waitMs: 1_000 };
    for (const kind of ["rate-limit", "server-error"] as const) {
      expect(verdict(failedAttempt(kind, { here, next: OPEN }))).toBe("failover");
    }
  });

  it("is left where the wait does not fit, and the rule of the kind holds", () => {
    expect(verdict(hinted("rate-limit", 2_000, { remainingMs: 1_500 }))).toBe("failover");
    const bounded = { ...TEST_POLICY, maxTotalDelayMs: 1_000 };
    expect(verdict(hinted("rate-limit", 2_000, { policy: bounded }))).toBe("failover");
    expect(verdict(hinted("provider-authentication", 1_000))).toBe("failover");
    expect(verdict(hinted("validation", 1_000))).toBe("classifier");
  });

  it.each(HINTED)("of %s is waited for nowhere without a short hint", (kind) => {
    const none = { ...TEST_POLICY, shortHintMs: 0 };
    for (const ms of [0, 1, 1_000]) {
      expect(decide(hinted(kind, ms, { policy: none }))).toMatchObject({
        action: "failover",
        delayMs: 0,
      });
      // Alone, the hint is waited for as ever.
      expect(verdict(hinted(kind, ms, { policy: none, next: undefined }))).toBe("retry");
    }
  });

  it("a request can switch the wait off by its strategy", () => {
    const fastest = policyInForce(
      { retryOn: [] },
      testRouting({ strategy: "lowest-latency" }),
      retry,
    );
    expect(verdict(hinted("rate-limit", 1_000, { policy: fastest }))).toBe("failover");
  });
});

describe("field:E5 the last open target", () => {
  const waitOf = (attempt: FailedAttempt): number => {
    const decision = decide(attempt);
    return decision.action === "fail" ? Number.NaN : decision.delayMs;
  };

  it.each(["server-error", "network", "connect-timeout"] as const)(
    "%s waits at least half of its step, and never longer than the step",
    (kind) => {
      for (const random of [0, 0.5, 0.999]) {
        for (const [attemptsHere, stepMs] of [
          [1, 500],
          [2, 1_000],
        ] as const) {
          const ms = waitOf(failedAttempt(kind, { attemptsHere, random: () => random }));
          expect(ms).toBeGreaterThanOrEqual(stepMs / 2);
          expect(ms).toBeLessThanOrEqual(stepMs);
        }
      }
    },
  );

  it("is one whose alternatives are closed; with one open the wait is short", () => {
    expect(waitOf(failedAttempt("server-error", { next: CLOSED }))).toBe(375);
    expect(waitOf(failedAttempt("server-error", { next: OPEN }))).toBe(25);
  });

  it.each(["provider-overloaded", "rate-limit"] as const)(
    "field:E30 %s without a hint waits for the first step of throttling at least",
    (kind) => {
      for (const random of [0, 0.999]) {
        const ms = waitOf(failedAttempt(kind, { random: () => random }));
        expect(ms).toBeGreaterThanOrEqual(retry.throttle.baseMs);
        expect(ms).toBeLessThanOrEqual(retry.throttle.baseMs * 1.1);
      }
    },
  );

  it("a hint is waited for as long as it says", () => {
    for (const retryAfterMs of [3_000, 15_000, 50_000]) {
      const error = new GatewayError("server-error", "test", { retryAfterMs });
      expect(waitOf(failedAttempt("server-error", { error }))).toBeGreaterThanOrEqual(retryAfterMs);
    }
  });

  it("of two that pause, the one that is free first", () => {
    const error = new GatewayError("rate-limit", "test", { retryAfterMs: 5_000 });
    const here = { ...OPEN, waitMs: 5_000 };
    const sooner = { ...OPEN, waitMs: 2_000 };
    expect(decide(failedAttempt("rate-limit", { error, here, next: sooner }))).toMatchObject({
      action: "failover",
      delayMs: 2_100,
    });
    expect(
      verdict(failedAttempt("rate-limit", { error, here, next: { ...OPEN, waitMs: 9_000 } })),
    ).toBe("retry");
  });
});

describe("field:E8 a stream that stalls", () => {
  it("is not repeated at the target that stalled, whatever recovery was asked for", () => {
    for (const recovery of ["restart", "continue"] as const) {
      const stalled = { committed: true, policy: { ...TEST_POLICY, recovery } };
      expect(verdict(failedAttempt("idle-timeout", stalled))).toBe("classifier");
      expect(verdict(failedAttempt("idle-timeout", { ...stalled, next: OPEN }))).toBe("failover");
    }
  });
});
