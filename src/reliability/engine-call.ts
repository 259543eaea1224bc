import type { Decided } from "../domain/decided.ts";
import type { ErrorKind, GatewayError } from "../domain/gateway-error.ts";
import type { AttemptTrigger, RecoveryAction, TargetName } from "../domain/generation.ts";
import type { Model } from "../domain/model.ts";
import type { ProviderEvent } from "../domain/provider-event.ts";
import type { PolicyInForce } from "./retry-policy.ts";
import type { TargetState } from "./target-state.ts";
import type { AttemptLimits } from "./timeouts.ts";

/** A place where a call can run. */
export interface Target {
  readonly model: Model;
}

/** An attempt that is about to be sent. */
export interface AttemptPlan<T extends Target> {
  readonly target: T;
  /** What is known of the target, and what the attempt adds to it. */
  readonly state: TargetState;
  readonly trigger: AttemptTrigger;
  /** The wait before it, and whether the provider asked for it. */
  readonly delayMs: number;
  readonly delayFromProvider: boolean;
  /** Part of the wait spent in the queue of the target. */
  readonly queuedMs: number;
  /** Position among the attempts that are sent, from 1. */
  readonly number: number;
  /** Set for a probe, which finds out whether its target works again: its limit in milliseconds. */
  readonly probeFirstTokenMs: number | undefined;
  /** Another target could still take the call. */
  readonly hasNext: boolean;
  /** What is left of the call's time, in milliseconds. */
  readonly remainingMs: number;
  /** Why it follows the one before. */
  readonly decided: Decided | undefined;
}

/** What the engine needs of an attempt that runs. */
export interface RunningAttempt {
  readonly limits: AttemptLimits;
  /** The provider is asked to stream, whether the call is a stream or not. */
  readonly streams: boolean;
  /** Sends the request; see `Provider.generate`. */
  open(signal: AbortSignal): AsyncIterable<ProviderEvent>;
  /** Takes an event; a promise holds the provider back until it resolves. */
  take(event: ProviderEvent, now: number, content: boolean): Promise<void> | undefined;
  /** Its generation was cancelled, and it is read on for its counts alone. */
  isDraining(): boolean;
  /** The caller has seen output of it. */
  isCommitted(): boolean;
  /** The provider has finished: throws `GatewayError`, or rejects, where the output is refused. */
  accept(): Promise<void> | undefined;
  /** A limit of the request's own, shorter than the server's, says nothing of the target's health. */
  isOwnLimit(kind: ErrorKind): boolean;
  end(outcome: "succeeded" | "failed" | "cancelled" | "superseded", error?: GatewayError): void;
}

/** What follows a failed attempt. */
export interface Recovery<T extends Target> {
  readonly action: RecoveryAction;
  readonly next: T;
  readonly delayMs: number;
  readonly discardOutput: boolean;
}

/** One call as the engine sees it. What it does is told by the functions, in order. */
export interface EngineCall<T extends Target> {
  /** In the order in which they are tried; at least one. */
  readonly targets: readonly T[];
  readonly policy: PolicyInForce;
  /** Shares the places of its targets with others. */
  readonly caller: string;
  readonly stream: boolean;
  /** Invalid output is asked for again, one time. */
  readonly repairs: boolean;
  /** Why the first attempt is made. */
  readonly trigger: "initial" | "takeover";
  /** The clock's time at which the call ends. */
  readonly endsAt: number;
  /** Ends the call at once; its reason is a `GatewayError`. */
  readonly signal: AbortSignal;
  /** Allows a rival attempt. */
  readonly hedge: { readonly delayMs: number | undefined } | undefined;
  begin(plan: AttemptPlan<T>): RunningAttempt;
  /** A target was passed over. */
  skip(target: T, error: GatewayError): void;
  decided(decided: Decided): void;
  /** The attempt, or the skip, that was told of last is followed by another attempt. */
  recover(recovery: Recovery<T>): void;
  /** A wait begins; the returned function ends it. */
  wait(ms: number, decided: Decided): () => void;
  /** The call's money does not pay for another attempt at this target. */
  unpaid(target: T, trigger: AttemptTrigger): GatewayError | undefined;
  /** The target can go on after the output that was delivered. */
  canContinue(target: T): boolean;
  /** Tells the request from others; asked for after a failure only. */
  requestMark(): string;
}

export function nameOf({ model }: Target): TargetName {
  const { provider, id, isUnlisted } = model;
  return isUnlisted ? { provider, model: id, isUnlisted } : { provider, model: id };
}
