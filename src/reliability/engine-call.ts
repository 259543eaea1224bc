import type { Decided } from "../domain/decided.ts";
import type { ErrorKind, GatewayError } from "../domain/gateway-error.ts";
import type { AttemptTrigger, RecoveryAction, TargetName } from "../domain/generation.ts";
import type { Model } from "../domain/model.ts";
import type { AnswerForm } from "./answer-form.ts";
import type { AttemptLimits } from "./attempt-timers.ts";
import type { PolicyInForce } from "./policy-in-force.ts";
import type { TargetState } from "./target-state.ts";

/** Meaning of an item of an answer for the engine. */
export type Sign =
  /** Output, which ends the wait for the first token. */
  | "content"
  /** The provider works, without output yet. */
  | "progress"
  /** The answer is complete. */
  | "end"
  | "none";

/** A place where an attempt can run. */
export interface Target {
  readonly model: Model;
}

/** An attempt that is about to be sent. */
export interface AttemptPlan<T extends Target> {
  readonly target: T;
  /** State of the target, which the attempt updates. */
  readonly state: TargetState;
  readonly trigger: AttemptTrigger;
  /** Milliseconds waited before the attempt, and whether the provider asked for the wait. */
  readonly delayMs: number;
  readonly delayFromProvider: boolean;
  /** Part of the wait spent in the target's queue, in milliseconds. */
  readonly queuedMs: number;
  /** Position among the sent attempts, from 1. */
  readonly number: number;
  /** First-token limit of a probe in milliseconds; undefined: the attempt is no probe. */
  readonly probeFirstTokenMs: number | undefined;
  /** Whether another target could still take the call. */
  readonly hasNext: boolean;
  /** Milliseconds left for the call. */
  readonly remainingMs: number;
  /** The decision that led to this attempt; undefined for the first. */
  readonly decided: Decided | undefined;
}

/** A running attempt, as the engine needs it. `Item` is a piece of the provider's answer. */
export interface RunningAttempt<Item> {
  readonly limits: AttemptLimits;
  /** Form that is requested from the provider. Attempts of a unary call may be streamed. */
  readonly form: AnswerForm;
  /** Sends the request and yields the answer. Throws `GatewayError`, or the signal's reason. */
  open(signal: AbortSignal): AsyncIterable<Item>;
  readonly signOf: (item: Item) => Sign;
  /**
   * Accepts an item. A returned promise makes the provider wait until it resolves. `content`: whether the item's sign
   * is `content`.
   */
  take(item: Item, now: number, content: boolean): Promise<void> | undefined;
  /** Whether the generation was cancelled and the attempt is only read on for its counts. */
  isDraining(): boolean;
  /** Whether the caller has received output of the attempt. */
  isCommitted(): boolean;
  /** The provider has finished. Throws `GatewayError`, or rejects, if the output is refused. */
  accept(): Promise<void> | undefined;
  /** Whether the request set the limit below the server's. Such a timeout says nothing about the target's health. */
  isOwnLimit(kind: ErrorKind): boolean;
  end(outcome: "succeeded" | "failed" | "cancelled" | "superseded", error?: GatewayError): void;
}

/** The recovery after a failed attempt. */
export interface NextAttempt<T extends Target> {
  readonly action: RecoveryAction;
  readonly next: T;
  readonly delayMs: number;
  readonly discardOutput: boolean;
}

/** One call, as the engine needs it for its decisions. The functions report the engine's steps, in order. */
export interface EngineCall<T extends Target> {
  /** At least one target, in the order in which they are tried. */
  readonly targets: readonly T[];
  readonly policy: PolicyInForce;
  /** The caller's identifier. Callers share the places of a target. */
  readonly caller: string;
  /** Form in which the caller gets the answer. */
  readonly form: AnswerForm;
  /** Whether invalid output is requested again, once. */
  readonly repairs: boolean;
  /** Why the first attempt runs. */
  readonly trigger: "initial" | "takeover";
  /** Time of the clock at which the call ends, in milliseconds. */
  readonly endsAt: number;
  /** Ends the call at once. Its reason is a `GatewayError`. */
  readonly signal: AbortSignal;
  /** If set, one rival attempt is allowed; `delayMs` undefined: by measurement. */
  readonly hedge: { readonly delayMs: number | undefined } | undefined;
  /** A target was skipped. */
  skip(target: T, error: GatewayError): void;
  decided(decided: Decided): void;
  /** Another attempt follows the last reported attempt or skip. */
  recover(next: NextAttempt<T>): void;
  /** A wait begins. The returned function must be called at its end. */
  wait(ms: number, decided: Decided): () => void;
  /** The error if the call's cost limit does not pay for another attempt at this target; undefined: it does. */
  unpaid(target: T, trigger: AttemptTrigger): GatewayError | undefined;
  /** Whether the target can continue the delivered output. */
  canContinue(target: T): boolean;
  /** Identifies the request among others. Called only after a failure. */
  requestMark(): string;
}

/** A call with its attempts, generic in their items. */
export interface RunnableCall<T extends Target, Item> extends EngineCall<T> {
  /** Creates the attempt of a plan; `open` sends it. */
  begin(plan: AttemptPlan<T>): RunningAttempt<Item>;
}

export function nameOf({ model }: Target): TargetName {
  const { provider, id, isUnlisted } = model;
  return isUnlisted ? { provider, model: id, isUnlisted } : { provider, model: id };
}
