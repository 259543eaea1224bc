import { describe, expect, it } from "vitest";
import { type ErrorKind, GatewayError } from "../../../src/domain/gateway-error.ts";
import {
  explicitHint,
  healthEffect,
  isLoadLike,
  isOfProvider,
  nextTargets,
  ruleOf,
} from "../../../src/reliability/failure-rule.ts";
import { testModel } from "../../support/provider-request.ts";

const ALL = Number.POSITIVE_INFINITY;

/** Repetitions here first and alone, who may follow, whose waits; whether a provider has failed, and by load. */
const ROWS: Readonly<
  Record<ErrorKind, readonly [number, number, string, string, boolean, boolean]>
> = {
  "server-error": [1, ALL, "any", "transient", true, true],
  network: [1, ALL, "any", "transient", true, true],
  truncated: [1, 1, "any", "transient", true, true],
  protocol: [1, 1, "any", "transient", true, true],
  "connect-timeout": [0, ALL, "any", "transient", true, true],
  "first-token-timeout": [0, 0, "any", "transient", true, true],
  "idle-timeout": [0, 0, "any", "transient", true, true],
  "rate-limit": [0, ALL, "any", "throttle", true, true],
  "provider-overloaded": [0, 1, "any", "throttle", true, true],
  "provider-authentication": [0, 0, "other-instance", "transient", true, false],
  "provider-permission": [0, 0, "any", "transient", true, false],
  quota: [0, 0, "other-instance", "transient", true, false],
  "not-found": [0, 0, "any", "transient", true, false],
  "context-length": [0, 0, "larger-window", "transient", true, false],
  unknown: [0, 0, "none", "transient", true, false],
  validation: [0, 0, "none", "transient", true, false],
  "content-filter": [0, 0, "none", "transient", true, false],
  unauthenticated: final(),
  "permission-denied": final(),
  conflict: final(),
  "caller-limit": final(),
  "gateway-overloaded": final(),
  "total-timeout": final(),
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

function final() {
  return [0, 0, "none", "transient", false, false] as const;
}

const KINDS = Object.keys(ROWS) as ErrorKind[];
const model = testModel();

describe("a failure by its kind", () => {
  it.each(KINDS)("%s", (kind) => {
    const error = new GatewayError(kind, "x");
    const [sameFirst, sameAlone, next, delay, ofProvider, byLoad] = ROWS[kind];
    expect(ruleOf(error)).toEqual({ sameFirst, sameAlone, next, delay });
    expect([isOfProvider(error), isLoadLike(error)]).toEqual([ofProvider, byLoad]);
    expect(nextTargets(error, model, undefined)).toBe(next);
    // What a request allows widens two kinds, and no other.
    const isWidened = kind === "unknown" || kind === "validation";
    expect(nextTargets(error, model, new Set([kind]))).toBe(isWidened ? "any" : next);
    expect(nextTargets(error, model, new Set())).toBe(next);
    const filtered = testModel({ failoverOnContentFilter: true });
    expect(nextTargets(error, filtered, undefined)).toBe(kind === "content-filter" ? "any" : next);
  });

  it("counts with its weight, and asks for a pause besides", () => {
    for (const kind of KINDS) {
      const effect = healthEffect(new GatewayError(kind, "x", { retryAfterMs: 7 }));
      if (effect.type === "failure") {
        const weight = kind === "provider-overloaded" ? 0.5 : 1;
        expect(effect).toEqual({ type: "failure", weight, hintMs: 7 });
      }
      if (effect.type === "cooldown") expect(effect.hintMs).toBe(7);
    }
  });
});

describe("a failure that is about less than its kind", () => {
  const about = (kind: ErrorKind, what: "model" | "request" | undefined, httpStatus = 400) =>
    new GatewayError(kind, "x", {
      providerFailure: { httpStatus, ...(what !== undefined && { about: what }) },
    });

  it("of a quota is the request's, where the account pays for smaller ones", () => {
    expect(healthEffect(about("quota", "request"))).toEqual({ type: "none" });
    expect(ruleOf(about("quota", "request"))).toMatchObject({ next: "any", sameAlone: 0 });
    for (const what of ["model", undefined] as const) {
      expect(healthEffect(about("quota", what))).toMatchObject({ type: "out", cause: "quota" });
      expect(ruleOf(about("quota", what))).toMatchObject({ next: "other-instance" });
    }
    expect(ruleOf(about("provider-authentication", "request"))).toMatchObject({
      next: "other-instance",
    });
  });

  it("is the target's where the model is meant", () => {
    expect(healthEffect(about("not-found", "model"))).toEqual({
      type: "out",
      scope: "target",
      cause: "refused",
    });
    for (const what of ["request", undefined] as const) {
      expect(healthEffect(about("not-found", what))).toEqual({ type: "none" });
    }
  });

  it("may be what the law forbids", () => {
    expect(healthEffect(about("provider-permission", undefined, 451))).toEqual({ type: "none" });
    expect(healthEffect(about("provider-permission", undefined, 403))).toMatchObject({
      type: "out",
      scope: "target",
    });
  });
});

describe("the provider's wish", () => {
  const wished = (kind: ErrorKind, shouldRetry: boolean | undefined, httpStatus?: number) =>
    new GatewayError(kind, "x", {
      providerFailure: {
        ...(shouldRetry !== undefined && { shouldRetry }),
        ...(httpStatus !== undefined && { httpStatus }),
      },
    });

  it("is followed where the request may be sent again", () => {
    for (const status of [undefined, 399, 408, 409, 421, 423, 424, 425, 429, 498, 499, 500, 503]) {
      expect(explicitHint(wished("server-error", true, status))).toBe("force");
    }
    for (const status of [400, 401, 403, 404, 410, 413, 422, 430, 451]) {
      expect(explicitHint(wished("server-error", true, status))).toBeUndefined();
      expect(explicitHint(wished("server-error", false, status))).toBe("forbid");
    }
    expect(explicitHint(wished("cancelled", true))).toBeUndefined();
    expect(explicitHint(wished("network", undefined))).toBeUndefined();
    expect(explicitHint(new GatewayError("network", "x"))).toBeUndefined();
  });

  it("gives a kind without repetitions those of a passing failure, and takes them from others", () => {
    const passing = { sameFirst: 1, sameAlone: ALL, next: "any", delay: "transient" };
    expect(ruleOf(wished("unknown", true))).toEqual(passing);
    expect(ruleOf(wished("idle-timeout", true))).toEqual(passing);
    expect(ruleOf(wished("truncated", true))).toMatchObject({ sameFirst: 1, sameAlone: 1 });
    expect(ruleOf(wished("rate-limit", true))).toMatchObject({ delay: "throttle" });
    expect(ruleOf(wished("rate-limit", false))).toEqual({
      sameFirst: 0,
      sameAlone: 0,
      next: "any",
      delay: "throttle",
    });
  });
});
