// The provider call of a cancelled generation. It is closed at once, or read on within bounds so that the provider's
// counts arrive.
import type { Clock } from "../clock.ts";
import { GatewayError } from "../domain/gateway-error.ts";
import type { AbortPolicy, GenerationSpec } from "../domain/generation-spec.ts";
import type { JsonObject } from "../domain/json.ts";
import type { Model } from "../domain/model.ts";
import type { ProviderEvent } from "../domain/provider-event.ts";
import { dearestPrices, inputBoundOf } from "../usage/dearest-prices.ts";
import type { TokenCounter } from "../usage/token-counter.ts";

export interface DrainedCall {
  readonly clock: Clock;
  readonly counter: TokenCounter;
  readonly policy: AbortPolicy;
  readonly model: Model;
  /** The request as it was sent. */
  readonly spec: GenerationSpec;
  readonly options: JsonObject;
  readonly stream: boolean;
  /** Aborted at the end of the generation, and so of the attempt. */
  readonly lifetime: AbortSignal;
  /** Ends a call that is read on, at once. */
  readonly hurry: AbortSignal;
}

/** The cost limit for output that nobody reads; undefined: only the time is limited. */
function moneyFor({ policy, counter, model, spec, options, stream }: DrainedCall) {
  const { maxCostPicos } = policy;
  if (maxCostPicos === undefined) return undefined;
  const { pricing } = model;
  if (pricing === undefined) return { remainingPicos: 0, tokenPicos: 0 };
  const input = inputBoundOf(counter.estimateInput(model, spec), model, spec, options);
  const { outputPicos } = dearestPrices(pricing, input);
  const longest = spec.sampling.maxOutputTokens ?? model.maxOutputTokens;
  // The output of a whole answer cannot be observed, so only its worst-case cost is known.
  const isUnbounded = longest === undefined || longest * outputPicos > maxCostPicos;
  return { remainingPicos: !stream && isUnbounded ? 0 : maxCostPicos, tokenPicos: outputPicos };
}

/** The output text of an event; undefined: none. */
function outputOf(event: ProviderEvent): string | undefined {
  switch (event.type) {
    case "text-delta":
    case "reasoning-delta":
    case "refusal-delta":
      return event.text;
    case "tool-call-delta":
      return event.argumentsFragment;
    default:
      return undefined;
  }
}

/** The abort of one provider call, which can happen later than the abort of its attempt. */
export class UpstreamAbort {
  readonly #call: DrainedCall;
  readonly #upstream = new AbortController();
  #isDraining = false;
  #money: ReturnType<typeof moneyFor>;
  #cancelTimer = (): void => {};
  #stopWatching = (): void => {};

  constructor(call: DrainedCall) {
    this.#call = call;
  }

  /** Whether the call is read on without delivery. */
  get isDraining(): boolean {
    return this.#isDraining;
  }

  /** The signal for the provider. It follows the attempt's signal. */
  follow(signal: AbortSignal): AbortSignal {
    if (this.#call.policy.mode === "close") return signal;
    const abort = (): void => this.#end(signal.reason);
    if (signal.aborted) this.#upstream.abort(signal.reason);
    else signal.addEventListener("abort", abort);
    return this.#upstream.signal;
  }

  /** Counts the cost of a call that is read on. */
  observe(event: ProviderEvent): void {
    if (this.#money === undefined) return;
    const text = outputOf(event);
    if (text === undefined) return;
    const { counter, model } = this.#call;
    this.#money.remainingPicos -= counter.pieceTokens(model, text) * this.#money.tokenPicos;
    if (this.#money.remainingPicos <= 0) this.#upstream.abort(this.#call.lifetime.reason);
  }

  stop(): void {
    this.#cancelTimer();
    this.#stopWatching();
  }

  #end(reason: unknown): void {
    const { clock, policy, lifetime, hurry } = this.#call;
    const isCancel = reason instanceof GatewayError && reason.kind === "cancelled";
    // A losing rival is cancelled too, but its generation continues.
    const isDrained = policy.mode === "drain" && isCancel && lifetime.aborted && !hurry.aborted;
    this.#money = isDrained ? moneyFor(this.#call) : undefined;
    if (!isDrained || (this.#money !== undefined && this.#money.remainingPicos <= 0)) {
      this.#upstream.abort(reason);
      return;
    }
    this.#isDraining = true;
    const close = (): void => this.#upstream.abort(reason);
    this.#cancelTimer = clock.schedule(policy.maxTimeMs, close);
    hurry.addEventListener("abort", close);
    const stopWatching = (): void => hurry.removeEventListener("abort", close);
    this.#stopWatching = stopWatching;
  }
}
