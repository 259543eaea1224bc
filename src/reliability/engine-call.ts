import type { Decided } from "../domain/decided.ts";
import type { ErrorKind, GatewayError } from "../domain/gateway-error.ts";
import type { AttemptTrigger, RecoveryAction, TargetName } from "../domain/generation.ts";
import type { Model } from "../domain/model.ts";
import type { AnswerForm } from "./answer-form.ts";
import type { AttemptLimits } from "./attempt-timers.ts";
import type { PolicyInForce } from "./policy-in-force.ts";
import type { TargetState } from "./target-state.ts";

/** What an item of an answer shows. */
export type Sign =
  /** Output: the wait for the first token is over. */
  | "content"
  /** The provider works; no output has come. */
  | "progress"
  /** The answer is complete. */
  | "end"
  | "none";

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
  /** Remaining milliseconds of the call. */
  readonly remainingMs: number;
  /** Why it follows the one before. */
  readonly decided: Decided | undefined;
}

/** What the engine needs of an attempt that runs. `Item` is a piece of the provider's answer. */
export interface RunningAttempt<Item> {
  readonly limits: AttemptLimits;
  /** How the provider is asked to answer. A call that is no stream may have its attempts streamed. */
  readonly form: AnswerForm;
  /** Sends the request and yields the answer. Throws `GatewayError`, or the signal's reason. */
  open(signal: AbortSignal): AsyncIterable<Item>;
  readonly signOf: (item: Item) => Sign;
  /** Takes an item; a promise holds the provider back until it resolves. `content`: its sign is that. */
  take(item: Item, now: number, content: boolean): Promise<void> | undefined;
  /** The generation was cancelled, and the attempt is read on for its counts alone. */
  isDraining(): boolean;
  /** The caller has seen output of it. */
  isCommitted(): boolean;
  /** The provider has finished: throws `GatewayError`, or rejects, where the output is refused. */
  accept(): Promise<void> | undefined;
  /** The request set the limit below the server's: its end says nothing of the target's health. */
  isOwnLimit(kind: ErrorKind): boolean;
  end(outcome: "succeeded" | "failed" | "cancelled" | "superseded", error?: GatewayError): void;
}

/** What follows a failed attempt. */
export interface NextAttempt<T extends Target> {
  readonly action: RecoveryAction;
  readonly next: T;
  readonly delayMs: number;
  readonly discardOutput: boolean;
}

/** One call as the engine decides about it. What the engine does is told by the functions, in order. */
export interface EngineCall<T extends Target> {
  /** In the order in which they are tried; at least one. */
  readonly targets: readonly T[];
  readonly policy: PolicyInForce;
  /** The caller's identifier: callers share the places of a target. */
  readonly caller: string;
  /** How the caller gets the answer. */
  readonly form: AnswerForm;
  /** Invalid output is asked for again, one time. */
  readonly repairs: boolean;
  /** Why the first attempt is made. */
  readonly trigger: "initial" | "takeover";
  /** Why output broke off that the caller holds, so that the first attempt goes on with it; undefined: it holds none. */
  readonly broken: GatewayError | undefined;
  /** The clock's time at which the call ends. */
  readonly endsAt: number;
  /** Ends the call at once; its reason is a `GatewayError`. */
  readonly signal: AbortSignal;
  /** Allows a rival attempt. */
  readonly hedge: { readonly delayMs: number | undefined } | undefined;
  /** A target was passed over. */
  skip(target: T, error: GatewayError): void;
  decided(decided: Decided): void;
  /** Another attempt follows the attempt, or the skip, that was told of last. */
  recover(next: NextAttempt<T>): void;
  /** A wait begins; the returned function ends it. */
  wait(ms: number, decided: Decided): () => void;
  /** The call's money does not pay for another attempt at this target. */
  unpaid(target: T, trigger: AttemptTrigger): GatewayError | undefined;
  /** The target can go on after the output that was delivered. */
  canContinue(target: T): boolean;
  /** Tells the request from others; asked for after a failure only. */
  requestMark(): string;
}

/** A call with its attempts, whatever these yield. */
export interface RunnableCall<T extends Target, Item> extends EngineCall<T> {
  /** The attempt of a plan; sent by `open`. */
  begin(plan: AttemptPlan<T>): RunningAttempt<Item>;
}

export function nameOf({ model }: Target): TargetName {
  const { provider, id, isUnlisted } = model;
  return isUnlisted ? { provider, model: id, isUnlisted } : { provider, model: id };
}
