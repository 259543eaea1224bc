import type { GatewayError } from "../domain/gateway-error.ts";
import type { AttemptTrigger } from "../domain/generation.ts";
import type { Decided, EngineCall, Target } from "./engine-call.ts";
import { nameOf } from "./engine-call.ts";
import type { AttemptPermit } from "./target-state.ts";
import type { TargetStates } from "./target-states.ts";

/** An attempt with the right to be sent. */
export interface Step<T extends Target> {
  readonly target: T;
  readonly permit: AttemptPermit;
  readonly trigger: AttemptTrigger;
  readonly delayMs: number;
  readonly delayFromProvider: boolean;
  readonly queuedMs: number;
  readonly decided: Decided | undefined;
}

/** How an attempt failed. */
export interface Failure<T extends Target> {
  readonly state: "failed";
  readonly target: T;
  readonly error: GatewayError;
  /** The caller has seen output of this attempt. */
  readonly committed: boolean;
  readonly isProbe: boolean;
}

export type Outcome<T extends Target> =
  | { readonly state: "succeeded"; readonly target: T }
  | Failure<T>;

/** What one call has done so far. */
export interface Progress<T extends Target> {
  attempts: number;
  readonly attemptsAt: Map<T, number>;
  /** Targets of attempts: no failover goes back to one. */
  readonly used: Set<T>;
  /** Targets that the caller was told of as passed over. */
  readonly skipped: Set<T>;
  /** Targets that the call's money pays for no longer. */
  readonly unpaid: Set<T>;
  waitedMs: number;
  freeRetryUsed: boolean;
  hedged: boolean;
  /** Invalid output was asked for again. */
  repaired: boolean;
  /** What broke the output that the caller holds and later attempts go on with. */
  broken: GatewayError | undefined;
}

export function startProgress<T extends Target>(waitedMs: number): Progress<T> {
  return {
    attempts: 0,
    attemptsAt: new Map(),
    used: new Set(),
    skipped: new Set(),
    unpaid: new Set(),
    waitedMs,
    freeRetryUsed: false,
    hedged: false,
    repaired: false,
    broken: undefined,
  };
}

/** The first target that was not used and takes a call now. */
export function openTarget<T extends Target>(
  call: EngineCall<T>,
  progress: Progress<T>,
  states: TargetStates,
  fits: (target: T) => boolean = () => true,
): T | undefined {
  return call.targets.find(
    (target) =>
      !progress.used.has(target) &&
      fits(target) &&
      states.of(nameOf(target)).refusal() === undefined,
  );
}
