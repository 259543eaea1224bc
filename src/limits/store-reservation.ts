import type { Model } from "../domain/model.ts";
import type { Warning } from "../domain/warning.ts";
import type { AttemptNeed, CallReservation, UsedAmounts } from "../ports/call-limits.ts";
import { limitRefusal, standingOf } from "./limit-refusal.ts";
import { type CompiledLimit, limitsFor, sized } from "./limit-rules.ts";
import type { LimitPlace } from "./limits-store.ts";
import type { SpendPeriods } from "./spend-periods.ts";

export interface StoreReservationOptions {
  readonly generationId: string;
  readonly limits: readonly CompiledLimit[];
  /** The reserved amounts. */
  readonly held: AttemptNeed;
  readonly warnings: readonly Warning[];
  readonly periods: SpendPeriods;
  /** The store that has it. */
  readonly place: LimitPlace;
}

/** A reservation in a store, from its first attempt to its settlement. */
export class StoreReservation implements CallReservation {
  readonly warnings: readonly Warning[];
  readonly #options: StoreReservationOptions;
  /** The reserved amounts. `committed`: the use of ended attempts and the needs of running ones. */
  #heldTokens: number;
  #heldPicos: number;
  #committedTokens = 0;
  #committedPicos = 0;

  constructor(options: StoreReservationOptions) {
    this.#options = options;
    this.warnings = options.warnings;
    this.#heldTokens = options.held.tokens;
    this.#heldPicos = options.held.picos ?? 0;
  }

  begin(model: Model, need: AttemptNeed): Promise<void> | undefined {
    this.#committedTokens += need.tokens;
    this.#committedPicos += need.picos ?? 0;
    const tokens = Math.max(0, this.#committedTokens - this.#heldTokens);
    const picos = Math.max(0, this.#committedPicos - this.#heldPicos);
    return tokens === 0 && picos === 0 ? undefined : this.#extend(model, { tokens, picos });
  }

  end(need: AttemptNeed, used: AttemptNeed): void {
    this.#committedTokens += used.tokens - need.tokens;
    this.#committedPicos += (used.picos ?? need.picos ?? 0) - (need.picos ?? 0);
  }

  settle({ tokens, picos }: UsedAmounts): void {
    const { generationId, place } = this.#options;
    place.settle({ generationId, requests: 1, tokens, picos });
  }

  release(): void {
    const { generationId, place } = this.#options;
    place.settle({ generationId, requests: 0, tokens: 0, picos: 0 });
  }

  /** Takes tokens and money only: a call is one request and one concurrent call, with any number of attempts. */
  async #extend(model: Model, more: { readonly tokens: number; readonly picos: number }) {
    const { generationId, limits, periods, place } = this.#options;
    const counted = limitsFor(limits, model, ["tokens", "spend"]);
    // Two attempts that begin at a time do not reserve the same.
    this.#heldTokens += more.tokens;
    this.#heldPicos += more.picos;
    if (counted.length === 0) return;
    const rules = counted.map((limit) => sized(limit, more, periods));
    const answer = await place.extend(generationId, rules);
    // Without an answer of the store, the attempt is sent all the same.
    if (answer?.state !== "refused") return;
    this.#heldTokens -= more.tokens;
    this.#heldPicos -= more.picos;
    throw limitRefusal(standingOf(counted, answer));
  }
}
