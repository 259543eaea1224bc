import { create } from "@bufbuild/protobuf";
import {
  CircuitSchema,
  CircuitState,
  ProviderStatusSchema,
  RetryDecisionReason,
  type RetryMetrics,
  RetryMetricsSchema,
  UnavailableReason,
} from "../../gen/es/steer/admin/v1/admin_service_pb.ts";
import type { ErrorKind } from "../domain/gateway-error.ts";
import type * as domain from "../domain/operations.ts";
import { encodeDuration, encodeTime } from "./encode-generation.ts";
import { errorRow } from "./error-table.ts";

const REASONS: Readonly<Record<domain.Unavailability["cause"], UnavailableReason>> = {
  "not-configured": UnavailableReason.NOT_CONFIGURED,
  disabled: UnavailableReason.DISABLED,
  "circuit-open": UnavailableReason.CIRCUIT_OPEN,
  authentication: UnavailableReason.AUTHENTICATION,
  "limit-reached": UnavailableReason.LIMIT_REACHED,
};

const STATES: Readonly<Record<domain.CircuitStatus["state"], CircuitState>> = {
  closed: CircuitState.CLOSED,
  open: CircuitState.OPEN,
  "half-open": CircuitState.HALF_OPEN,
};

const DECISIONS: Readonly<Record<domain.RetryDecision["reason"], RetryDecisionReason>> = {
  "explicit-hint": RetryDecisionReason.EXPLICIT_HINT,
  classifier: RetryDecisionReason.CLASSIFIER,
  policy: RetryDecisionReason.POLICY,
  attempts: RetryDecisionReason.ATTEMPTS,
  deadline: RetryDecisionReason.DEADLINE,
  budget: RetryDecisionReason.BUDGET,
  "circuit-open": RetryDecisionReason.CIRCUIT_OPEN,
  "output-delivered": RetryDecisionReason.OUTPUT_DELIVERED,
};

function category(kind: ErrorKind) {
  return errorRow(kind, undefined).category;
}

export function encodeCircuitState(state: domain.CircuitStatus["state"]): CircuitState {
  return STATES[state];
}

function encodeCircuit(circuit: domain.CircuitStatus) {
  const { windowRequests, windowFailures, nextProbeTimeMs } = circuit;
  return create(CircuitSchema, {
    state: STATES[circuit.state],
    consecutiveFailures: circuit.consecutiveFailures,
    failureRate: windowRequests === 0 ? 0 : windowFailures / windowRequests,
    windowRequests: BigInt(windowRequests),
    windowFailures: BigInt(Math.round(windowFailures)),
    stateTime: encodeTime(circuit.stateTimeMs),
    ...(nextProbeTimeMs !== undefined && { nextProbeTime: encodeTime(nextProbeTimeMs) }),
  });
}

export function encodeStatus(status: domain.ProviderStatus) {
  const { unavailable, lastSuccessMs, lastFailureMs, lastErrorKind, cooldownEndMs } = status;
  const circuits = Object.entries(status.modelCircuits);
  return create(ProviderStatusSchema, {
    available: unavailable === undefined,
    circuit: encodeCircuit(status.circuit),
    modelCircuits: Object.fromEntries(
      circuits.map(([model, circuit]) => [model, encodeCircuit(circuit)]),
    ),
    inFlight: status.inFlight,
    totalRequests: BigInt(status.totalRequests),
    totalFailures: BigInt(status.totalFailures),
    concurrencyLimit: status.concurrencyLimit,
    queued: status.queued,
    retryBudget: status.retryBudget,
    ...(unavailable !== undefined && {
      reason: REASONS[unavailable.cause],
      message: unavailable.message,
    }),
    ...(lastSuccessMs !== undefined && { lastSuccessTime: encodeTime(lastSuccessMs) }),
    ...(lastFailureMs !== undefined && { lastFailureTime: encodeTime(lastFailureMs) }),
    ...(lastErrorKind !== undefined && { lastErrorCategory: category(lastErrorKind) }),
    ...(cooldownEndMs !== undefined && { cooldownEndTime: encodeTime(cooldownEndMs) }),
  });
}

function sum(all: readonly domain.RetryStatus[], of: (one: domain.RetryStatus) => number): number {
  return all.reduce((total, one) => total + of(one), 0);
}

/** Counters of several providers as one, the most frequent first. */
export function encodeRetries(all: readonly domain.RetryStatus[]): RetryMetrics {
  const errors = new Map<ErrorKind, number>();
  const decisions = new Map<string, { decision: domain.RetryDecision; count: number }>();
  for (const one of all) {
    for (const [kind, count] of one.errors) errors.set(kind, (errors.get(kind) ?? 0) + count);
    for (const decision of one.decisions) {
      const key = `${decision.kind} ${decision.retried} ${decision.reason}`;
      const count = (decisions.get(key)?.count ?? 0) + decision.count;
      decisions.set(key, { decision, count });
    }
  }
  const ranked = [...decisions.values()].sort((a, b) => b.count - a.count);
  const denials = ranked.filter(({ decision }) => decision.reason === "budget");
  return create(RetryMetricsSchema, {
    requests: BigInt(sum(all, (one) => one.requests)),
    attempts: BigInt(sum(all, (one) => one.attempts)),
    retries: BigInt(sum(all, (one) => one.retries)),
    failovers: BigInt(sum(all, (one) => one.failovers)),
    recoveredRequests: BigInt(sum(all, (one) => one.recovered)),
    exhaustedRequests: BigInt(sum(all, (one) => one.exhausted)),
    budgetDenials: BigInt(denials.reduce((total, { count }) => total + count, 0)),
    totalDelay: encodeDuration(sum(all, (one) => one.delayMs)),
    hedges: BigInt(sum(all, (one) => one.hedges)),
    hedgeWins: BigInt(sum(all, (one) => one.hedgeWins)),
    errors: [...errors]
      .sort(([, a], [, b]) => b - a)
      .map(([kind, count]) => ({ category: category(kind), count: BigInt(count) })),
    decisions: ranked.map(({ decision: { kind, retried, reason }, count }) => ({
      category: category(kind),
      retried,
      reason: DECISIONS[reason],
      count: BigInt(count),
    })),
  });
}
