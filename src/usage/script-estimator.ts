import type { Model } from "../domain/model.ts";
import { SCRIPTS, type ScriptNumbers } from "../domain/token-rules.ts";
import type { Estimate } from "./estimate.ts";
import { countScripts } from "./scripts.ts";

const SCRIPT_ESTIMATOR = "script-v1";

/** Units of one text that are looked at: a fraction of a millisecond. */
const MAX_UNITS = 65_536;
/** Learning looks at less of a text, and is left out where that would not be all of it. */
export const MAX_LEARNED_UNITS = 16_384;
/** A short text says little: rounding and what a provider adds weigh more than its writing. */
const MIN_LEARNED_TOKENS = 8;
/** Samples of a script before what was learned of it is used. */
const MIN_SAMPLES = 5;
/** Weight of a new sample, once there are enough. */
const LEARNING_RATE = 0.1;
/** One report cannot move a weight further than this factor, nor all of them further than that. */
const MAX_STEP = 4;
const MAX_FACTOR = 8;
const CONFIDENCE = { min: 0.05, max: 0.99 };
/** Models that something is learned of; the one learned first makes room. */
const MAX_MODELS = 1_000;

type Factors = Record<keyof ScriptNumbers, number>;

interface Learned {
  readonly factors: Factors;
  /** Samples by script, a mixed text in parts. */
  readonly samples: Factors;
  /** Mean of |estimate - report| / report, each measured before its report was learned. */
  error: number;
  count: number;
}

function factors(value: number): Factors {
  return { latin: value, code: value, cjk: value, other: value, symbols: value };
}

function clamp(value: number, most: number): number {
  return Math.min(most, Math.max(1 / most, value));
}

/**
 * Estimates by the scripts of a text. Every reported count corrects the weights
 * of its provider and model, each script by its share of the text.
 */
export class ScriptEstimator {
  readonly #learned = new Map<string, Learned>();

  estimate(model: Model, text: string): Estimate {
    const learned = this.#learned.get(`${model.provider}/${model.id}`);
    return {
      tokens: Math.round(this.#sum(model, countScripts(text, MAX_UNITS), learned)),
      estimator: SCRIPT_ESTIMATOR,
      confidence: this.#confidence(model, learned),
    };
  }

  /** A provider has counted this text. The relative error of the estimate, where it was learned from. */
  learn(model: Model, text: string, tokens: number): number | undefined {
    if (text.length > MAX_LEARNED_UNITS || tokens < MIN_LEARNED_TOKENS) return undefined;
    const counts = countScripts(text, MAX_LEARNED_UNITS);
    const learned = this.#of(model);
    const error = Math.abs(this.#sum(model, counts, learned) - tokens) / tokens;
    learned.count++;
    learned.error += (error - learned.error) * Math.max(LEARNING_RATE, 1 / learned.count);
    const { weights } = model.tokens.scripts;
    const expected = SCRIPTS.map((script) => counts[script] * weights[script]);
    const learnedSum = SCRIPTS.reduce(
      (sum, script, position) => sum + (expected[position] ?? 0) * learned.factors[script],
      0,
    );
    if (learnedSum <= 0) return undefined;
    const step = Math.log(clamp(tokens / learnedSum, MAX_STEP));
    for (const [position, script] of SCRIPTS.entries()) {
      const share = ((expected[position] ?? 0) * learned.factors[script]) / learnedSum;
      learned.samples[script] += share;
      const rate = Math.max(LEARNING_RATE, 1 / Math.max(1, learned.samples[script])) * share;
      learned.factors[script] = clamp(learned.factors[script] * Math.exp(step * rate), MAX_FACTOR);
    }
    return error;
  }

  #sum(model: Model, counts: ScriptNumbers, learned: Learned | undefined): number {
    const { weights } = model.tokens.scripts;
    return SCRIPTS.reduce((sum, script) => {
      const isKnown = learned !== undefined && learned.samples[script] >= MIN_SAMPLES;
      return sum + counts[script] * weights[script] * (isKnown ? learned.factors[script] : 1);
    }, 0);
  }

  #confidence(model: Model, learned: Learned | undefined): number {
    if (learned === undefined || learned.count < MIN_SAMPLES) {
      return model.tokens.scripts.confidence;
    }
    return Math.min(CONFIDENCE.max, Math.max(CONFIDENCE.min, 1 - learned.error));
  }

  #of(model: Model): Learned {
    const key = `${model.provider}/${model.id}`;
    const known = this.#learned.get(key);
    if (known !== undefined) return known;
    const [oldest] = this.#learned.keys();
    if (this.#learned.size >= MAX_MODELS && oldest !== undefined) this.#learned.delete(oldest);
    const fresh: Learned = { factors: factors(1), samples: factors(0), error: 0, count: 0 };
    this.#learned.set(key, fresh);
    return fresh;
  }
}
