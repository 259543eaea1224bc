// Status of providers and retries for operators.
import type { DecisionReason } from "./decided.ts";
import type { ErrorKind } from "./gateway-error.ts";

/** Times are milliseconds since the epoch. */
export interface CircuitStatus {
  readonly state: "closed" | "open" | "half-open";
  readonly consecutiveFailures: number;
  readonly windowRequests: number;
  /** An overload counts as a part of a failure. */
  readonly windowFailures: number;
  readonly stateTimeMs: number;
  readonly nextProbeTimeMs: number | undefined;
  /** In no list: a request named the model. */
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
  /** Text for operators. */
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
  /** Message of the last failure, for operators. */
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
  /** Rest of the budget, 0 to 1. */
  readonly retryBudget: number;
}

/** The stream store; `sinceMs` in milliseconds since the epoch. */
export interface StoreStatus {
  readonly type: string;
  /** Why no stream is stored; undefined: streams are stored. */
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

/** The replicas whose numbers are meant: the answering one, or all that share the store. */
export type Scope = "cluster" | "replica";

/** Providers by id, in the order of the configuration, including instances without traffic. */
export interface Status {
  /** When the counters started. */
  readonly startTimeMs: number;
  readonly providers: ReadonlyMap<string, ProviderStatus>;
  readonly retries: ReadonlyMap<string, RetryStatus>;
}

/** The numbers of this replica alone. */
export interface LocalOperations {
  status(): Status;
  resetCircuit(provider: string, model: string | undefined): void;
  hasModel(provider: string, model: string): boolean;
}

/** Operations of the admin service on providers. */
export interface Operations {
  status(scope: Scope): Promise<Status & { readonly replicaCount: number }>;
  /** The state of the store at this replica. */
  store(): StoreStatus;
  /** Closes the circuits of an instance, or of one of its models, and ends their pauses. */
  resetCircuit(provider: string, model: string | undefined, scope: Scope): Promise<void>;
  /** Whether this replica knows the model at this instance. */
  hasModel(provider: string, model: string): boolean;
}
