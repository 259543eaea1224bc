import type { Decided } from "../domain/decided.ts";
import type { GatewayError } from "../domain/gateway-error.ts";
import type { AttemptTrigger } from "../domain/generation.ts";
import type { Model } from "../domain/model.ts";
import type { CallStates } from "./call-states.ts";
import type { EngineCall, Target } from "./engine-call.ts";
import type { AttemptPermit } from "./target-state.ts";

/** An attempt with its permit. */
export interface Step<T extends Target> {
  readonly target: T;
  readonly permit: AttemptPermit;
  readonly trigger: AttemptTrigger;
  readonly delayMs: number;
  readonly delayFromProvider: boolean;
  readonly queuedMs: number;
  readonly decided: Decided | undefined;
  /** Tokens charged to the budget of its target if it fails there by load; 0: none. */
  readonly costOfFailure: number;
}

/** A failed attempt. */
export interface Failure<T extends Target> {
  readonly state: "failed";
  readonly target: T;
  readonly error: GatewayError;
  /** Whether the caller has received output of this attempt. */
  readonly committed: boolean;
  readonly isProbe: boolean;
}

export type Outcome<T extends Target> =
  | { readonly state: "succeeded"; readonly target: T }
  | Failure<T>;

/** Progress of one call. */
export interface Progress<T extends Target> {
  readonly states: CallStates<T>;
  attempts: number;
  readonly attemptsAt: Map<T, number>;
  /** Targets that had an attempt. No failover returns to one. */
  readonly used: Set<T>;
  /** Failures by target, each as kind and status. */
  readonly failures: Map<T, Set<string>>;
  /** The latest failure of each target. */
  readonly lastFailure: Map<T, GatewayError>;
  /** Targets that refused the call after a wait in their queue or for their next probe. */
  readonly refusedInVain: Set<T>;
  /** Targets that were reported as skipped. */
  readonly skipped: Set<T>;
  /** Targets that the call's cost limit no longer pays for. */
  readonly unpaid: Set<T>;
  /** Models whose context window the request exceeds, in the order of the attempts. */
  readonly outgrown: Model[];
  waitedMs: number;
  freeRetryUsed: boolean;
  hedged: boolean;
  /** Whether invalid output was requested again. */
  repaired: boolean;
  /** The error that interrupted the output which the caller has and later attempts continue. */
  broken: GatewayError | undefined;
}

export function startProgress<T extends Target>(
  states: CallStates<T>,
  waitedMs: number,
): Progress<T> {
  return {
    states,
    attempts: 0,
    attemptsAt: new Map(),
    used: new Set(),
    failures: new Map(),
    lastFailure: new Map(),
    refusedInVain: new Set(),
    skipped: new Set(),
    unpaid: new Set(),
    outgrown: [],
    waitedMs,
    freeRetryUsed: false,
    hedged: false,
    repaired: false,
    broken: undefined,
  };
}

/** The first unused target that accepts a failover now. */
export function openTarget<T extends Target>(
  call: EngineCall<T>,
  progress: Progress<T>,
  fits: (target: T) => boolean = () => true,
): T | undefined {
  return call.targets.find(
    (target) => !progress.used.has(target) && fits(target) && isOpen(call, progress, target),
  );
}

/** Number of unused targets that accept a failover now. */
export function countOpen<T extends Target>(
  call: EngineCall<T>,
  progress: Progress<T>,
  fits: (target: T) => boolean,
): number {
  if (call.targets.length === 1) return 0;
  return call.targets.filter(
    (target) => !progress.used.has(target) && fits(target) && isOpen(call, progress, target),
  ).length;
}

/** Whether a target accepts a failover. It does not if earlier failovers to it have failed too often. */
function isOpen<T extends Target>(
  { caller }: EngineCall<T>,
  progress: Progress<T>,
  target: T,
): boolean {
  const state = progress.states.of(target);
  return state.refusal(caller) === undefined && !state.standIn.isLow;
}

/** Records a failure; true if the call has seen this failure at this target before. */
export function isSeenBefore<T extends Target>(
  progress: Progress<T>,
  target: T,
  { kind, providerFailure }: GatewayError,
): boolean {
  const seen = progress.failures.get(target) ?? new Set();
  const failure = `${kind} ${providerFailure?.httpStatus ?? ""}`;
  const isSeen = seen.has(failure);
  progress.failures.set(target, seen.add(failure));
  return isSeen;
}
