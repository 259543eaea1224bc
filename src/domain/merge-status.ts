// Merges the numbers of several replicas or several providers.
import type { ErrorKind } from "./gateway-error.ts";
import type {
  CircuitStatus,
  ProviderStatus,
  RetryDecision,
  RetryStatus,
  Status,
  Unavailability,
} from "./operations.ts";

/** From the best to the worst. */
const STATES = ["closed", "half-open", "open"] as const;

type Numbers<T> = {
  [Key in keyof T]-?: Exclude<T[Key], undefined> extends number ? Key : never;
}[keyof T];

function sum<T, Key extends Numbers<T>>(all: readonly T[], key: Key): number {
  return all.reduce((total, one) => total + Number(one[key]), 0);
}

function known<T, Key extends Numbers<T>>(all: readonly T[], key: Key): number[] {
  return all.flatMap((one) => (one[key] === undefined ? [] : Number(one[key])));
}

function latest<T, Key extends Numbers<T>>(all: readonly T[], key: Key): number | undefined {
  const values = known(all, key);
  return values.length === 0 ? undefined : Math.max(...values);
}

/** The worst state is shown, because an operator looks for trouble. */
function mergeCircuits(all: readonly CircuitStatus[]): CircuitStatus {
  const state = STATES.findLast((each) => all.some((circuit) => circuit.state === each));
  const inState = all.filter((circuit) => circuit.state === state);
  const probes = known(inState, "nextProbeTimeMs");
  return {
    state: state ?? "closed",
    consecutiveFailures: Math.max(...known(all, "consecutiveFailures")),
    windowRequests: sum(all, "windowRequests"),
    windowFailures: sum(all, "windowFailures"),
    stateTimeMs: Math.max(...known(inState, "stateTimeMs")),
    nextProbeTimeMs: probes.length === 0 ? undefined : Math.min(...probes),
  };
}

function mergeUnavailability(all: readonly ProviderStatus[]): Unavailability | undefined {
  const reasons = all.flatMap(({ unavailable }) => unavailable ?? []);
  const [first] = reasons;
  if (first === undefined || reasons.length === all.length) return first;
  const { cause, message } = first;
  return { cause, message: `on ${reasons.length} of ${all.length} replicas: ${message}` };
}

/** Groups entries by name, in the order of their first appearance. */
function byName<T>(all: Iterable<readonly [string, T]>): Map<string, T[]> {
  const found = new Map<string, T[]>();
  for (const [name, entry] of all) {
    const entries = found.get(name);
    if (entries === undefined) found.set(name, [entry]);
    else entries.push(entry);
  }
  return found;
}

function mergeProviders(id: string, all: readonly ProviderStatus[]): ProviderStatus {
  const circuits = byName(all.flatMap(({ modelCircuits }) => Object.entries(modelCircuits)));
  const lastFailureMs = latest(all, "lastFailureMs");
  const last = all.find((one) => one.lastFailureMs === lastFailureMs);
  return {
    id,
    unavailable: mergeUnavailability(all),
    circuit: mergeCircuits(all.map(({ circuit }) => circuit)),
    modelCircuits: Object.fromEntries(
      Array.from(circuits, ([model, each]) => [model, mergeCircuits(each)]),
    ),
    inFlight: sum(all, "inFlight"),
    totalRequests: sum(all, "totalRequests"),
    totalFailures: sum(all, "totalFailures"),
    lastSuccessMs: latest(all, "lastSuccessMs"),
    lastFailureMs,
    lastErrorKind: last?.lastErrorKind,
    lastErrorMessage: last?.lastErrorMessage,
    concurrencyLimit: sum(all, "concurrencyLimit"),
    queued: sum(all, "queued"),
    cooldownEndMs: latest(all, "cooldownEndMs"),
    retryBudget: Math.min(...known(all, "retryBudget")),
  };
}

/** The sums of all counters, the most frequent first. */
export function sumRetries(all: readonly RetryStatus[]): RetryStatus {
  const errors = new Map<ErrorKind, number>();
  for (const [kind, count] of all.flatMap((one) => [...one.errors])) {
    errors.set(kind, (errors.get(kind) ?? 0) + count);
  }
  const same = byName<RetryDecision>(
    all
      .flatMap(({ decisions }) => decisions)
      .map((each) => [`${each.kind} ${each.retried} ${each.reason}`, each]),
  );
  const decisions = [...same.values()].flatMap(([first, ...others]) =>
    first === undefined ? [] : [{ ...first, count: first.count + sum(others, "count") }],
  );
  return {
    requests: sum(all, "requests"),
    attempts: sum(all, "attempts"),
    retries: sum(all, "retries"),
    failovers: sum(all, "failovers"),
    recovered: sum(all, "recovered"),
    exhausted: sum(all, "exhausted"),
    delayMs: sum(all, "delayMs"),
    hedges: sum(all, "hedges"),
    hedgeWins: sum(all, "hedgeWins"),
    errors: new Map([...errors].sort(([, a], [, b]) => b - a)),
    decisions: decisions.sort((a, b) => b.count - a.count),
  };
}

/** Merges the status of this replica with that of others. This replica's order is kept. */
export function mergeStatus(own: Status, others: readonly Status[]): Status {
  const all = [own, ...others];
  const providers = byName(all.flatMap((status) => [...status.providers]));
  const retries = byName(all.flatMap((status) => [...status.retries]));
  return {
    startTimeMs: Math.min(...all.map(({ startTimeMs }) => startTimeMs)),
    providers: new Map(Array.from(providers, ([id, each]) => [id, mergeProviders(id, each)])),
    retries: new Map(Array.from(retries, ([id, each]) => [id, sumRetries(each)])),
  };
}
