import { describe, expect, it } from "vitest";
import { policyInForce } from "../../../src/reliability/policy-in-force.ts";
import { DEFAULT_SETTINGS } from "../../../src/reliability/reliability-settings.ts";
import { testRouting } from "../../support/provider-request.ts";

const { retry } = DEFAULT_SETTINGS;
const policy = (request = {}, routing = {}) =>
  policyInForce({ retryOn: [], ...request }, testRouting(routing), retry);

describe("policyInForce", () => {
  it("is the operator's where the request says nothing", () => {
    expect(policy()).toEqual({
      attempts: 3,
      totalAttempts: 4,
      transient: retry.transient,
      throttle: retry.throttle,
      multiplier: 2,
      jitter: 1,
      maxWaitMs: 60_000,
      maxTotalDelayMs: 60_000,
      shortHintMs: 2_500,
      retryOn: undefined,
      failoverOn: undefined,
      recovery: "fail",
    });
  });

  it("takes the request's wishes within the operator's limits", () => {
    expect(policy({ maxAttempts: 1, maxTotalAttempts: 2 })).toMatchObject({
      attempts: 1,
      totalAttempts: 2,
    });
    expect(policy({ maxAttempts: 50, maxTotalAttempts: 50 })).toMatchObject({
      attempts: retry.maxAttempts,
      totalAttempts: retry.maxTotalAttempts,
    });
  });

  it("puts the request's waits in place of those of both classes", () => {
    const own = { baseMs: 10, lastTargetBaseMs: 10, capMs: 40 };
    expect(policy({ initialBackoffMs: 10, maxBackoffMs: 40 })).toMatchObject({
      transient: own,
      throttle: own,
    });
    expect(policy({ initialBackoffMs: 100 })).toMatchObject({
      transient: { baseMs: 100, capMs: 2_000 },
      throttle: { baseMs: 100, capMs: 20_000 },
    });
  });

  it("waits no longer than the operator allows, and its base no longer than its cap", () => {
    const longest = { baseMs: 60_000, lastTargetBaseMs: 60_000, capMs: 60_000 };
    expect(policy({ initialBackoffMs: 90_000, maxBackoffMs: 90_000 })).toMatchObject({
      transient: longest,
      throttle: longest,
    });
    expect(policy({ maxBackoffMs: 30 })).toMatchObject({
      transient: { baseMs: 30, lastTargetBaseMs: 30, capMs: 30 },
      throttle: { baseMs: 30, lastTargetBaseMs: 30, capMs: 30 },
    });
  });

  it("waits for no short hint where the order is no preference", () => {
    for (const strategy of ["lowest-cost", "lowest-latency"]) {
      expect(policy({}, { strategy }).shortHintMs).toBe(0);
    }
  });

  it("keeps lists only where they name something", () => {
    const listed = policy(
      { retryOn: ["network"] },
      { failoverOn: ["quota"], midStreamRecovery: "restart" },
    );
    expect(listed.retryOn).toEqual(new Set(["network"]));
    expect(listed.failoverOn).toEqual(new Set(["quota"]));
    expect(listed.recovery).toBe("restart");
  });
});
