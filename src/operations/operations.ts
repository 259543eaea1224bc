// Provider status and retry figures of this replica, from its deployment and engine.
import type { Clock } from "../clock.ts";
import type { Deployment } from "../deployment/deployment.ts";
import type {
  CircuitStatus,
  LocalOperations,
  ProviderStatus,
  RetryStatus,
  Unavailability,
} from "../domain/operations.ts";
import type { ProviderStats } from "../reliability/provider-stats.ts";
import type { ReliabilityEngine } from "../reliability/reliability-engine.ts";
import type { Refusal, TargetState } from "../reliability/target-state.ts";

export interface OperationsDependencies {
  readonly clock: Clock;
  readonly engine: ReliabilityEngine;
  readonly stats: ProviderStats;
  readonly deployment: () => Deployment;
}

type Configured = Deployment["providers"][number];

const STATES = ["closed", "half-open", "open"] as const;

/** All circuits of an instance as one: its state is that of the least open circuit. */
function together(circuits: readonly CircuitStatus[], startTimeMs: number): CircuitStatus {
  const sum = (of: (circuit: CircuitStatus) => number): number =>
    circuits.reduce((total, circuit) => total + of(circuit), 0);
  const probes = circuits.flatMap(({ nextProbeTimeMs }) => nextProbeTimeMs ?? []);
  const state = STATES.find((each) => circuits.some((circuit) => circuit.state === each));
  return {
    state: state ?? "closed",
    consecutiveFailures: Math.max(0, ...circuits.map((each) => each.consecutiveFailures)),
    windowRequests: sum((circuit) => circuit.windowRequests),
    windowFailures: sum((circuit) => circuit.windowFailures),
    stateTimeMs: Math.max(startTimeMs, ...circuits.map((circuit) => circuit.stateTimeMs)),
    nextProbeTimeMs: probes.length === 0 ? undefined : Math.min(...probes),
  };
}

/** A full target is only busy, not in trouble. */
type Trouble = Exclude<Refusal, { state: "full" }>;

function troubleBy(refusal: Trouble): Unavailability {
  switch (refusal.state) {
    case "open":
      return { cause: "circuit-open", message: "the circuits of its models are open" };
    case "cooling":
      return { cause: "limit-reached", message: "it is rate limited" };
    case "out":
      return refusal.kind === "quota"
        ? { cause: "limit-reached", message: "its quota or balance is used up" }
        : { cause: "authentication", message: "its credential was refused" };
  }
}

export function createOperations(dependencies: OperationsDependencies): LocalOperations {
  const { clock, engine, stats, deployment } = dependencies;
  const { states, metrics } = engine;
  const startTimeMs = clock.wallTime();

  const wallTime = (at: number): number => clock.wallTime() + at - clock.now();

  function circuitStatus({ circuit }: TargetState): CircuitStatus {
    const { changedAt, nextProbeAt, ...rest } = circuit.snapshot();
    return {
      ...rest,
      stateTimeMs: wallTime(changedAt),
      nextProbeTimeMs: nextProbeAt === undefined ? undefined : wallTime(nextProbeAt),
    };
  }

  /** Why a configured instance cannot be used: none of its models accepts a call. */
  function troubleOf(id: string, targets: readonly TargetState[]): Unavailability | undefined {
    const { out } = states.instance(id);
    if (out !== undefined && out.until > clock.now()) return troubleBy({ state: "out", ...out });
    let first: Trouble | undefined;
    for (const target of targets) {
      const refusal = target.health();
      if (refusal === undefined) return undefined;
      // A missing model says nothing about its provider.
      if (refusal.state === "out" && refusal.kind === "not-found") continue;
      if (first === undefined || refusal.until < first.until) first = refusal;
    }
    return first === undefined ? undefined : troubleBy(first);
  }

  function unavailability(configured: Configured, targets: readonly TargetState[]) {
    const { id, unavailable } = configured;
    if (unavailable === undefined) return troubleOf(id, targets);
    const { cause } = unavailable;
    return cause === "disabled"
      ? { cause, message: "switched off in the configuration" }
      : { cause, message: `set ${unavailable.variable}` };
  }

  function status(configured: Configured): ProviderStatus {
    const { id } = configured;
    const models = [...states.models(id)];
    const targets = models.map(([, target]) => target);
    const modelCircuits = models.map(([model, target]) => {
      const circuit = circuitStatus(target);
      return [
        model,
        states.isUnlisted(id, model) ? { ...circuit, isUnlisted: true as const } : circuit,
      ] as const;
    });
    const cooldowns = targets.flatMap(({ cooldown }) => cooldown?.until ?? []);
    return {
      id,
      ...stats.of(id),
      unavailable: unavailability(configured, targets),
      circuit: together(
        modelCircuits.map(([, circuit]) => circuit),
        startTimeMs,
      ),
      modelCircuits: Object.fromEntries(modelCircuits),
      concurrencyLimit: states.maxInFlight,
      queued: targets.reduce((sum, { limit }) => sum + limit.queued, 0),
      cooldownEndMs: cooldowns.length === 0 ? undefined : wallTime(Math.max(...cooldowns)),
      retryBudget: states.instance(id).budget.level,
    };
  }

  function retryStatus(id: string): RetryStatus {
    const { decisions, ...counts } = metrics.of(id);
    return { ...counts, decisions: [...decisions.values()] };
  }

  return {
    status: () => ({
      startTimeMs,
      providers: new Map(deployment().providers.map((each) => [each.id, status(each)])),
      retries: new Map(deployment().providers.map(({ id }) => [id, retryStatus(id)])),
    }),
    resetCircuit(provider, model) {
      for (const [id, target] of states.models(provider)) {
        if (model === undefined || model === id) target.reset();
      }
    },
    hasModel: (provider, model) =>
      states.isUnlisted(provider, model) ||
      deployment().models.some((each) => each.provider === provider && each.id === model),
  };
}
