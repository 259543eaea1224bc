import { toJson } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import {
  CircuitState,
  ProviderStatusSchema,
  RetryMetricsSchema,
  StoreStatusSchema,
} from "../../../gen/service/steer/admin/v1/admin_service_pb.ts";
import type {
  CircuitStatus,
  ProviderStatus,
  RetryDecision,
} from "../../../src/domain/operations.ts";
import {
  encodeCircuitState,
  encodeRetries,
  encodeStatus,
  encodeStore,
} from "../../../src/rpc/encode-admin.ts";

const CIRCUIT: CircuitStatus = {
  state: "closed",
  consecutiveFailures: 0,
  windowRequests: 0,
  windowFailures: 0,
  stateTimeMs: 1_000,
  nextProbeTimeMs: undefined,
};

const STATUS: ProviderStatus = {
  id: "a",
  unavailable: undefined,
  circuit: CIRCUIT,
  modelCircuits: {},
  inFlight: 0,
  totalRequests: 0,
  totalFailures: 0,
  lastSuccessMs: undefined,
  lastFailureMs: undefined,
  lastErrorKind: undefined,
  lastErrorMessage: undefined,
  concurrencyLimit: 0,
  queued: 0,
  cooldownEndMs: undefined,
  retryBudget: 0,
};

const closed = { state: "CIRCUIT_STATE_CLOSED", stateTime: "1970-01-01T00:00:01Z" };

describe("encodeStatus", () => {
  const json = (status: Partial<ProviderStatus>) =>
    toJson(ProviderStatusSchema, encodeStatus({ ...STATUS, ...status }));

  it("says nothing of what has never been", () => {
    expect(json({})).toEqual({ available: true, circuit: closed });
  });

  it("has every number, time and word", () => {
    const open: CircuitStatus = {
      state: "open",
      consecutiveFailures: 3,
      windowRequests: 8,
      windowFailures: 2.4,
      stateTimeMs: 2_000,
      nextProbeTimeMs: 3_000,
    };
    const status = json({
      unavailable: { cause: "circuit-open", message: "why" },
      circuit: open,
      modelCircuits: { m: CIRCUIT },
      inFlight: 1,
      totalRequests: 2,
      totalFailures: 3,
      lastSuccessMs: 4_000,
      lastFailureMs: 5_000,
      lastErrorKind: "server-error",
      lastErrorMessage: "what",
      concurrencyLimit: 6,
      queued: 7,
      cooldownEndMs: 8_000,
      retryBudget: 0.5,
    });
    expect(status).toEqual({
      reason: "UNAVAILABLE_REASON_CIRCUIT_OPEN",
      message: "why",
      circuit: {
        state: "CIRCUIT_STATE_OPEN",
        consecutiveFailures: 3,
        failureRate: expect.closeTo(0.3),
        windowRequests: "8",
        windowFailures: "2",
        stateTime: "1970-01-01T00:00:02Z",
        nextProbeTime: "1970-01-01T00:00:03Z",
      },
      modelCircuits: { m: closed },
      inFlight: 1,
      totalRequests: "2",
      totalFailures: "3",
      lastSuccessTime: "1970-01-01T00:00:04Z",
      lastFailureTime: "1970-01-01T00:00:05Z",
      lastErrorCategory: "ERROR_CATEGORY_SERVER_ERROR",
      lastErrorMessage: "what",
      concurrencyLimit: 6,
      queued: 7,
      cooldownEndTime: "1970-01-01T00:00:08Z",
      retryBudget: 0.5,
    });
  });

  it.each([
    ["not-configured", "NOT_CONFIGURED"],
    ["disabled", "DISABLED"],
    ["circuit-open", "CIRCUIT_OPEN"],
    ["authentication", "AUTHENTICATION"],
    ["limit-reached", "LIMIT_REACHED"],
  ] as const)("is unavailable: %s", (cause, word) => {
    const status = json({ unavailable: { cause, message: "" } });
    expect(status).toMatchObject({ reason: `UNAVAILABLE_REASON_${word}` });
    expect(status).not.toHaveProperty("available");
  });

  it("has the state of a circuit", () => {
    expect((["closed", "open", "half-open"] as const).map(encodeCircuitState)).toEqual([
      CircuitState.CLOSED,
      CircuitState.OPEN,
      CircuitState.HALF_OPEN,
    ]);
  });
});

it("encodeStore says since when the store is away, and why", () => {
  const json = (trouble: Parameters<typeof encodeStore>[0]["trouble"]) =>
    toJson(StoreStatusSchema, encodeStore({ type: "redis", trouble }));
  expect(json(undefined)).toEqual({ type: "redis", available: true });
  expect(json({ cause: "full", code: "OOM", sinceMs: 1_000 })).toEqual({
    type: "redis",
    cause: "full",
    code: "OOM",
    unavailableTime: "1970-01-01T00:00:01Z",
  });
});

it("encodeRetries has each count, and what the budget has denied", () => {
  const decision = (reason: RetryDecision["reason"], count: number): RetryDecision => ({
    kind: "network",
    retried: reason === "classifier",
    reason,
    count,
  });
  const retries = encodeRetries({
    requests: 1,
    attempts: 2,
    retries: 3,
    failovers: 4,
    recovered: 5,
    exhausted: 6,
    delayMs: 7_500,
    hedges: 8,
    hedgeWins: 9,
    errors: new Map([["rate-limit", 10]]),
    decisions: [
      decision("explicit-hint", 1),
      decision("classifier", 2),
      decision("policy", 3),
      decision("attempts", 4),
      decision("deadline", 5),
      decision("budget", 6),
      decision("budget", 7),
      decision("circuit-open", 8),
      decision("output-delivered", 9),
    ],
  });
  const json = toJson(RetryMetricsSchema, retries);
  expect(json).toMatchObject({
    requests: "1",
    attempts: "2",
    retries: "3",
    failovers: "4",
    recoveredRequests: "5",
    exhaustedRequests: "6",
    budgetDenials: "13",
    totalDelay: "7.500s",
    hedges: "8",
    hedgeWins: "9",
    errors: [{ category: "ERROR_CATEGORY_RATE_LIMIT", count: "10" }],
  });
  const words = [
    "EXPLICIT_HINT",
    "CLASSIFIER",
    "POLICY",
    "ATTEMPTS",
    "DEADLINE",
    "BUDGET",
    "BUDGET",
  ];
  const { decisions } = json as unknown as { readonly decisions: readonly object[] };
  expect(decisions).toEqual(
    [...words, "CIRCUIT_OPEN", "OUTPUT_DELIVERED"].map((word, index) => ({
      category: "ERROR_CATEGORY_NETWORK",
      ...(word === "CLASSIFIER" && { retried: true }),
      reason: `RETRY_DECISION_REASON_${word}`,
      count: String(index + 1),
    })),
  );
});
