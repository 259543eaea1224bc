import { create } from "@bufbuild/protobuf";
import {
  CircuitSchema,
  CircuitState,
  ProviderStatusSchema,
  RetryDecisionReason,
  type RetryMetrics,
  RetryMetricsSchema,
  StoreStatusSchema,
  UnavailableReason,
} from "../../gen/service/steer/admin/v1/admin_service_pb.ts";
import type * as domain from "../domain/operations.ts";
import { encodeDuration, encodeTime } from "./encode-generation.ts";
import { categoryOf } from "./error-category.ts";

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
    ...(lastErrorKind !== undefined && { lastErrorCategory: categoryOf(lastErrorKind) }),
    lastErrorMessage: status.lastErrorMessage ?? "",
    ...(cooldownEndMs !== undefined && { cooldownEndTime: encodeTime(cooldownEndMs) }),
  });
}

export function encodeStore({ type, trouble }: domain.StoreStatus) {
  return create(StoreStatusSchema, {
    type,
    available: trouble === undefined,
    ...(trouble !== undefined && {
      cause: trouble.cause,
      code: trouble.code,
      unavailableTime: encodeTime(trouble.sinceMs),
    }),
  });
}

export function encodeRetries(retries: domain.RetryStatus): RetryMetrics {
  const denials = retries.decisions.filter(({ reason }) => reason === "budget");
  return create(RetryMetricsSchema, {
    requests: BigInt(retries.requests),
    attempts: BigInt(retries.attempts),
    retries: BigInt(retries.retries),
    failovers: BigInt(retries.failovers),
    recoveredRequests: BigInt(retries.recovered),
    exhaustedRequests: BigInt(retries.exhausted),
    budgetDenials: BigInt(denials.reduce((total, { count }) => total + count, 0)),
    totalDelay: encodeDuration(retries.delayMs),
    hedges: BigInt(retries.hedges),
    hedgeWins: BigInt(retries.hedgeWins),
    errors: Array.from(retries.errors, ([kind, count]) => ({
      category: categoryOf(kind),
      count: BigInt(count),
    })),
    decisions: retries.decisions.map(({ kind, retried, reason, count }) => ({
      category: categoryOf(kind),
      retried,
      reason: DECISIONS[reason],
      count: BigInt(count),
    })),
  });
}
