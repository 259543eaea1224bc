import type { GenerationSpec } from "../domain/generation-spec.ts";
import type { Model } from "../domain/model.ts";
import type { TargetLimits } from "../reliability/attempt-limits.ts";
import type { TargetState } from "../reliability/target-state.ts";
import { requestUnits } from "../usage/counted-text.ts";

/** Share of prompts of one size whose first content arrives within the usual time. */
const PREFILL_SHARE = 0.9;
/** Share of whole answers with one output limit that arrive within the usual time. */
const ANSWER_SHARE = 0.99;

export interface MeasuredAttempt {
  readonly target: { readonly spec: GenerationSpec; readonly model: Model };
  /** Whether the caller gets a stream. */
  readonly isCallStream: boolean;
  /** Whether the provider is asked to stream. */
  readonly streams: boolean;
  /** Start of the attempt, in the clock's milliseconds. */
  readonly startedAt: number;
}

/** The usual duration of a target: known at the beginning of an attempt, updated by the attempt. */
export class AttemptMeasure {
  readonly #state: TargetState;
  readonly #isCallStream: boolean;
  readonly #streams: boolean;
  readonly #startedAt: number;
  /**
   * The size that determines the time: UTF-16 units of the prompt for a stream, most output tokens for a whole
   * answer.
   */
  readonly #size: number;
  readonly #outputLimit: number;
  #hasContent = false;

  constructor(state: TargetState, attempt: MeasuredAttempt) {
    const { isCallStream, streams, startedAt } = attempt;
    const { spec, model } = attempt.target;
    this.#state = state;
    this.#isCallStream = isCallStream;
    this.#streams = streams;
    this.#startedAt = startedAt;
    this.#outputLimit = spec.sampling.maxOutputTokens ?? model.maxOutputTokens ?? 0;
    this.#size = streams ? requestUnits(spec) : this.#outputLimit;
  }

  /** Usual milliseconds to the first content of such an answer; undefined: unknown. */
  usualMs(): number | undefined {
    return this.#streams
      ? this.#state.prefill.quantile(PREFILL_SHARE, this.#size, this.#startedAt)
      : this.#state.answers.quantile(ANSWER_SHARE, this.#size, this.#startedAt);
  }

  /** Called when content has arrived. */
  content(now: number): void {
    if (this.#hasContent) return;
    this.#hasContent = true;
    if (this.#streams) this.#state.prefill.add(this.#size, now - this.#startedAt, now);
  }

  /** Called when the answer is complete. */
  succeeded(now: number): void {
    if (this.#isCallStream) return;
    const ms = now - this.#startedAt;
    this.#state.answers.add(this.#outputLimit, ms, now);
    if (this.#streams) this.#state.whole.add(ms, now);
  }

  /**
   * Called when no content arrived within the limits. If the limit was the server's and the target answered other
   * calls meanwhile, the target is slow with such prompts. Later prompts of the size then get twice the time, up to
   * twice `longestMs`, the limit without another target.
   */
  timedOut({ firstTokenMs, evidenceMs }: TargetLimits, longestMs: number, now: number): void {
    if (firstTokenMs === undefined || firstTokenMs < evidenceMs || firstTokenMs > longestMs) return;
    if (!this.#streams || !this.#state.deliveredSince(this.#startedAt)) return;
    this.#state.prefill.add(this.#size, firstTokenMs, now);
  }
}
