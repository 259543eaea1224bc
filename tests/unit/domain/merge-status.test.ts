import { describe, expect, it } from "vitest";
import { mergeStatus, sumRetries } from "../../../src/domain/merge-status.ts";
import type {
  CircuitStatus,
  ProviderStatus,
  RetryStatus,
  Status,
} from "../../../src/domain/operations.ts";

const circuit = (overrides: Partial<CircuitStatus> = {}): CircuitStatus => ({
  state: "closed",
  consecutiveFailures: 0,
  windowRequests: 0,
  windowFailures: 0,
  stateTimeMs: 1_000,
  nextProbeTimeMs: undefined,
  ...overrides,
});

const provider = (overrides: Partial<ProviderStatus> = {}): ProviderStatus => ({
  id: "openai",
  unavailable: undefined,
  circuit: circuit(),
  modelCircuits: {},
  inFlight: 0,
  totalRequests: 0,
  totalFailures: 0,
  lastSuccessMs: undefined,
  lastFailureMs: undefined,
  lastErrorKind: undefined,
  lastErrorMessage: undefined,
  concurrencyLimit: 10,
  queued: 0,
  cooldownEndMs: undefined,
  retryBudget: 1,
  ...overrides,
});

const retries = (overrides: Partial<RetryStatus> = {}): RetryStatus => ({
  requests: 1,
  attempts: 2,
  retries: 3,
  failovers: 4,
  recovered: 5,
  exhausted: 6,
  delayMs: 7,
  hedges: 8,
  hedgeWins: 9,
  errors: new Map(),
  decisions: [],
  ...overrides,
});

const status = (one: ProviderStatus, counts = retries(), startTimeMs = 100): Status => ({
  startTimeMs,
  providers: new Map([[one.id, one]]),
  retries: new Map([[one.id, counts]]),
});

function merged(...all: readonly ProviderStatus[]): ProviderStatus {
  const [own, ...others] = all.map((each) => status(each));
  const one = own === undefined ? undefined : mergeStatus(own, others).providers.get("openai");
  if (one === undefined) throw new Error("nothing to merge");
  return one;
}

describe("mergeStatus", () => {
  it("leaves one replica as it is", () => {
    const own = provider({
      inFlight: 3,
      lastFailureMs: 5,
      lastErrorKind: "network",
      unavailable: { cause: "circuit-open", message: "open" },
    });
    expect(merged(own)).toEqual(own);
  });

  it("adds counters, calls that run and calls that wait", () => {
    const one = merged(
      provider({ inFlight: 1, queued: 2, totalRequests: 10, totalFailures: 4 }),
      provider({ inFlight: 5, queued: 3, totalRequests: 20, totalFailures: 1 }),
    );
    expect(one).toMatchObject({
      inFlight: 6,
      queued: 5,
      totalRequests: 30,
      totalFailures: 5,
      concurrencyLimit: 20,
    });
  });

  it("takes the latest times, the error of the last failure and the lowest budget", () => {
    const one = merged(
      provider({
        lastFailureMs: 90,
        lastErrorKind: "quota",
        lastErrorMessage: "late",
        cooldownEndMs: 500,
        retryBudget: 0.9,
      }),
      provider({
        lastSuccessMs: 40,
        lastFailureMs: 20,
        lastErrorKind: "network",
        lastErrorMessage: "early",
      }),
      provider({ lastSuccessMs: 60, cooldownEndMs: 700, retryBudget: 0.2 }),
    );
    expect(one).toMatchObject({
      lastSuccessMs: 60,
      lastFailureMs: 90,
      lastErrorKind: "quota",
      lastErrorMessage: "late",
      cooldownEndMs: 700,
      retryBudget: 0.2,
    });
  });

  it("shows the worst circuit, with the times of those that are in its state", () => {
    const one = merged(
      provider({ circuit: circuit({ windowRequests: 8, stateTimeMs: 9_000 }) }),
      provider({
        circuit: circuit({ state: "open", stateTimeMs: 2_000, nextProbeTimeMs: 8_000 }),
      }),
      provider({
        circuit: circuit({
          state: "open",
          consecutiveFailures: 5,
          windowRequests: 5,
          windowFailures: 5,
          stateTimeMs: 3_000,
          nextProbeTimeMs: 7_000,
        }),
      }),
      provider({ circuit: circuit({ state: "half-open" }) }),
    );
    expect(one.circuit).toEqual({
      state: "open",
      consecutiveFailures: 5,
      windowRequests: 13,
      windowFailures: 5,
      stateTimeMs: 3_000,
      nextProbeTimeMs: 7_000,
    });
  });

  it("knows the models of every replica", () => {
    const one = merged(
      provider({ modelCircuits: { a: circuit(), b: circuit({ state: "half-open" }) } }),
      provider({ modelCircuits: { b: circuit(), c: circuit({ state: "open" }) } }),
    );
    const states = Object.entries(one.modelCircuits).map(([model, { state }]) => [model, state]);
    expect(states).toEqual([
      ["a", "closed"],
      ["b", "half-open"],
      ["c", "open"],
    ]);
  });

  it("says on how many replicas a provider is unavailable", () => {
    const unavailable = { cause: "limit-reached", message: "it is rate limited" } as const;
    expect(merged(provider(), provider({ unavailable }), provider()).unavailable).toEqual({
      cause: "limit-reached",
      message: "on 1 of 3 replicas: it is rate limited",
    });
    expect(merged(provider({ unavailable }), provider({ unavailable })).unavailable).toEqual(
      unavailable,
    );
  });

  it("keeps providers that only some have, the own ones first, and the earliest start", () => {
    const own = status(provider(), retries(), 300);
    const other = status(provider({ id: "xai" }), retries(), 200);
    const all = mergeStatus(own, [other]);
    expect([...all.providers.keys()]).toEqual(["openai", "xai"]);
    expect([...all.retries.keys()]).toEqual(["openai", "xai"]);
    expect(all.startTimeMs).toBe(200);
  });
});

describe("sumRetries", () => {
  it("adds every counter, the most frequent first", () => {
    const decision = { kind: "network", retried: true, reason: "classifier" } as const;
    const sum = sumRetries([
      retries({
        errors: new Map([
          ["network", 1],
          ["quota", 2],
        ]),
        decisions: [
          { ...decision, count: 1 },
          { ...decision, retried: false, count: 2 },
        ],
      }),
      retries({ errors: new Map([["network", 5]]), decisions: [{ ...decision, count: 4 }] }),
    ]);
    expect(sum).toEqual({
      requests: 2,
      attempts: 4,
      retries: 6,
      failovers: 8,
      recovered: 10,
      exhausted: 12,
      delayMs: 14,
      hedges: 16,
      hedgeWins: 18,
      errors: new Map([
        ["network", 6],
        ["quota", 2],
      ]),
      decisions: [
        { ...decision, count: 5 },
        { ...decision, retried: false, count: 2 },
      ],
    });
    expect([...sum.errors.keys()]).toEqual(["network", "quota"]);
  });

  it("of nothing is nothing", () => {
    expect(sumRetries([])).toMatchObject({ requests: 0, decisions: [], errors: new Map() });
  });
});
