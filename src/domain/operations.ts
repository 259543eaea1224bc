// What operators see of providers and retries.
import type { DecisionReason } from "./decided.ts";
import type { ErrorKind } from "./gateway-error.ts";

/** Times are milliseconds since the epoch. */
export interface CircuitStatus {
  readonly state: "closed" | "open" | "half-open";
  readonly consecutiveFailures: number;
  readonly windowRequests: number;
  /** An overload counts for a part of one. */
  readonly windowFailures: number;
  readonly stateTimeMs: number;
  readonly nextProbeTimeMs: number | undefined;
  /** No list has its model: a request has named it. */
  readonly isUnlisted?: true;
}

/** Why an instance cannot be used. */
export interface Unavailability {
  readonly cause:
    | "not-configured"
    | "disabled"
    | "circuit-open"
    | "authentication"
    | "limit-reached";
  /** For operators. */
  readonly message: string;
}

/** Counters of one provider instance since the start of the process. Times are milliseconds since the epoch. */
export interface ProviderCounters {
  readonly inFlight: number;
  readonly totalRequests: number;
  readonly totalFailures: number;
  readonly lastSuccessMs: number | undefined;
  readonly lastFailureMs: number | undefined;
  readonly lastErrorKind: ErrorKind | undefined;
  /** For operators: the message of the same failure. */
  readonly lastErrorMessage: string | undefined;
}

/** State of one provider instance since the start of the process. */
export interface ProviderStatus extends ProviderCounters {
  readonly id: string;
  readonly unavailable: Unavailability | undefined;
  /** Of all its models together; and by model, those that have had traffic. */
  readonly circuit: CircuitStatus;
  readonly modelCircuits: Readonly<Record<string, CircuitStatus>>;
  /** Calls allowed at a time at each model. */
  readonly concurrencyLimit: number;
  readonly queued: number;
  readonly cooldownEndMs: number | undefined;
  /** What is left, 0 to 1. */
  readonly retryBudget: number;
}

/** The stream store; `sinceMs` in milliseconds since the epoch. */
export interface StoreStatus {
  readonly type: string;
  /** Why no stream is stored; undefined: they are. */
  readonly trouble:
    | { readonly cause: string; readonly code: string; readonly sinceMs: number }
    | undefined;
}

export interface RetryDecision {
  readonly kind: ErrorKind;
  readonly retried: boolean;
  readonly reason: DecisionReason;
  readonly count: number;
}

/** Counters of one provider instance since the start of the process. */
export interface RetryStatus {
  readonly requests: number;
  readonly attempts: number;
  readonly retries: number;
  readonly failovers: number;
  readonly recovered: number;
  readonly exhausted: number;
  readonly delayMs: number;
  readonly hedges: number;
  readonly hedgeWins: number;
  readonly errors: ReadonlyMap<ErrorKind, number>;
  readonly decisions: readonly RetryDecision[];
}

/** Whose numbers are meant: those of the replica that answers, or of all that share the store. */
export type Scope = "cluster" | "replica";

/** Providers by id, in configuration order; instances without traffic are there as well. */
export interface Status {
  /** Since when counters run. */
  readonly startTimeMs: number;
  readonly providers: ReadonlyMap<string, ProviderStatus>;
  readonly retries: ReadonlyMap<string, RetryStatus>;
}

/** The same at one replica, for those who need no other. */
export interface LocalOperations {
  status(): Status;
  resetCircuit(provider: string, model: string | undefined): void;
  hasModel(provider: string, model: string): boolean;
}

/** What the admin service can do with providers. */
export interface Operations {
  status(scope: Scope): Promise<Status & { readonly replicaCount: number }>;
  /** As this replica sees it. */
  store(): StoreStatus;
  /** Closes the circuits of an instance, or of one of its models, and ends their pauses. */
  resetCircuit(provider: string, model: string | undefined, scope: Scope): Promise<void>;
  /** The gateway knows this model at this instance. */
  hasModel(provider: string, model: string): boolean;
}
