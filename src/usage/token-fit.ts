// Learns from the reports of a model: tokens = offset + Σ factor × expected tokens of a script.
import { SCRIPTS } from "../domain/token-rules.ts";

/** Expected tokens of a text by script, in the order of `SCRIPTS`. */
export type ExpectedTokens = readonly number[];

const SIZE = SCRIPTS.length + 1;
/** Initial standard deviation of a factor around 1. */
const FACTOR_SPREAD = 0.5;
/** Error of a report around the fit: a share of its tokens, plus a constant. */
const NOISE_SHARE = 0.1;
const NOISE_TOKENS = 4;
/** Share of the initial uncertainty that each report restores, so that old reports count less and less. */
const FORGETTING = 0.001;
/** A text with fewer expected tokens teaches only the offset: it says little about the writing. */
const MIN_FACTOR_TOKENS = 24;

/**
 * A Kalman filter for a linear model that drifts slowly, with an offset and a factor for each script. A report
 * changes most the value that explains it best. A constant in short texts becomes the offset, because no plausible
 * factor explains it.
 */
export class TokenFit {
  /** The offset, then the factors. */
  readonly #mean = new Float64Array(SIZE).fill(1);
  readonly #covariance = new Float64Array(SIZE * SIZE);
  readonly #first = new Float64Array(SIZE).fill(FACTOR_SPREAD ** 2);
  /** Buffer of `take`. */
  readonly #gain = new Float64Array(SIZE);

  /** `offsetSpread`: plausible size of the offset in tokens; 0: no offset. */
  constructor(offsetSpread: number) {
    this.#mean[0] = 0;
    this.#first[0] = offsetSpread ** 2;
    for (let row = 0; row < SIZE; row++) {
      this.#covariance[row * SIZE + row] = this.#first[row] as number;
    }
  }

  tokens(expected: ExpectedTokens): number {
    let sum = this.#mean[0] as number;
    for (const [script, tokens] of expected.entries()) {
      sum += tokens * (this.#mean[script + 1] as number);
    }
    return sum;
  }

  /** Learns the report of a text. */
  take(expected: ExpectedTokens, tokens: number): void {
    const [mean, covariance, gain] = [this.#mean, this.#covariance, this.#gain];
    const isShort = expected.reduce((sum, each) => sum + each, 0) < MIN_FACTOR_TOKENS;
    /** Number of values that change. The others are considered and kept. */
    const taught = isShort ? 1 : SIZE;
    this.#forget(taught);
    const input = (index: number): number => (index === 0 ? 1 : (expected[index - 1] as number));
    let variance = (NOISE_SHARE * tokens) ** 2 + NOISE_TOKENS ** 2;
    for (let row = 0; row < SIZE; row++) {
      let sum = 0;
      for (let column = 0; column < SIZE; column++) {
        sum += (covariance[row * SIZE + column] as number) * input(column);
      }
      gain[row] = sum;
      variance += sum * input(row);
    }
    const surprise = (tokens - this.tokens(expected)) / variance;
    for (let row = 0; row < SIZE; row++) {
      const own = gain[row] as number;
      if (row < taught) mean[row] = (mean[row] as number) + own * surprise;
      for (let column = 0; column < SIZE; column++) {
        if (row >= taught && column >= taught) continue;
        const at = row * SIZE + column;
        covariance[at] = (covariance[at] as number) - (own * (gain[column] as number)) / variance;
      }
    }
  }

  /** Restores uncertainty, up to the initial one. */
  #forget(taught: number): void {
    for (let row = 0; row < taught; row++) {
      const [at, first] = [row * SIZE + row, this.#first[row] as number];
      const known = this.#covariance[at] as number;
      this.#covariance[at] = Math.min(first, known + first * FORGETTING);
    }
  }
}
