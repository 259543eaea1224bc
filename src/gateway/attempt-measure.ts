import type { GenerationSpec } from "../domain/generation-spec.ts";
import type { Model } from "../domain/model.ts";
import type { TargetLimits } from "../reliability/attempt-limits.ts";
import type { TargetState } from "../reliability/target-state.ts";
import { requestUnits } from "../usage/counted-text.ts";

/** Share of the prompts of one size whose first content comes within the usual time. */
const PREFILL_SHARE = 0.9;
/** Share of the whole answers with one limit of output that come within the usual time. */
const ANSWER_SHARE = 0.99;

export interface MeasuredAttempt {
  readonly target: { readonly spec: GenerationSpec; readonly model: Model };
  /** The caller gets a stream. */
  readonly isCallStream: boolean;
  /** The provider is asked to stream. */
  readonly streams: boolean;
  /** The clock's milliseconds. */
  readonly startedAt: number;
}

/** How long a target takes: what is known of it when an attempt begins, and what the attempt adds. */
export class AttemptMeasure {
  readonly #state: TargetState;
  readonly #isCallStream: boolean;
  readonly #streams: boolean;
  readonly #startedAt: number;
  /** The time depends on it: UTF-16 units of the prompt of a stream, most output tokens of a whole answer. */
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

  /** Milliseconds to the first content of such an answer; undefined: nothing is known. */
  usualMs(): number | undefined {
    return this.#streams
      ? this.#state.prefill.quantile(PREFILL_SHARE, this.#size, this.#startedAt)
      : this.#state.answers.quantile(ANSWER_SHARE, this.#size, this.#startedAt);
  }

  /** Content has come. */
  content(now: number): void {
    if (this.#hasContent) return;
    this.#hasContent = true;
    if (this.#streams) this.#state.prefill.add(this.#size, now - this.#startedAt, now);
  }

  /** The answer is complete. */
  succeeded(now: number): void {
    if (this.#isCallStream) return;
    const ms = now - this.#startedAt;
    this.#state.answers.add(this.#outputLimit, ms, now);
    if (this.#streams) this.#state.whole.add(ms, now);
  }

  /**
   * No content came within the limits. If the limit was the server's and the target answered
   * others meanwhile, the target is slow with such prompts: the next ones get twice the time,
   * up to twice `longestMs`, the limit without another target.
   */
  timedOut({ firstTokenMs, evidenceMs }: TargetLimits, longestMs: number, now: number): void {
    if (firstTokenMs === undefined || firstTokenMs < evidenceMs || firstTokenMs > longestMs) return;
    if (!this.#streams || !this.#state.deliveredSince(this.#startedAt)) return;
    this.#state.prefill.add(this.#size, firstTokenMs, now);
  }
}
