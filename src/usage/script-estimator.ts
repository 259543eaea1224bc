import type { Model } from "../domain/model.ts";
import { SCRIPTS } from "../domain/token-rules.ts";
import type { CountedText } from "./counted-text.ts";
import type { Estimate } from "./estimate.ts";
import { countScripts } from "./scripts.ts";
import { type ExpectedTokens, TokenFit } from "./token-fit.ts";

const SCRIPT_ESTIMATOR = "script-v1";

/** UTF-16 units examined per text, a fraction of a millisecond. */
const MAX_UNITS = 65_536;
/** Learning examines fewer units, and is skipped for longer texts. */
export const MAX_LEARNED_UNITS = 16_384;
/** Fewest tokens to learn from: in a short text, rounding outweighs the writing. */
const MIN_LEARNED_TOKENS = 8;
/** Samples before the learned values are used. */
const MIN_SAMPLES = 5;
/** Weight of a new sample in the mean error, after the first samples. */
const ERROR_RATE = 0.1;
/** Largest factor between the learned and the plain estimate: at first, and after enough samples agree. */
const MAX_FACTOR = { first: 2, agreed: 8 };
/** A sample agrees if it is within this share of the fit. */
const AGREEMENT = 0.25;
const AGREED_SAMPLES = 100;
/** `agreed` falls by this for each sample that disagrees. The second constant is its maximum. */
const DISAGREEMENT = 10;
const MAX_AGREED_SAMPLES = 200;
/** Plausible size in tokens of the template that a provider adds to each prompt. */
const TEMPLATE_TOKENS = 32;
/** Longest template in tokens. A larger difference is treated as this. */
const MAX_TEMPLATE_TOKENS = 512;
const CONFIDENCE = { min: 0.05, max: 0.99 };
/** Most models with learned values; the oldest is dropped. */
const MAX_MODELS = 1_000;

/** The counted text. The overhead is added unchanged. */
type Counted = Pick<CountedText, "text" | "overhead" | "isAnswer">;

/** Values learned from the requests of a model, or from its answers. */
interface Learned {
  readonly fit: TokenFit;
  readonly maxTemplateTokens: number;
  /** Mean of |estimate - report| / report, measured before each report is learned. */
  error: number;
  count: number;
  /** Samples that agreed, minus the deductions for those that did not. */
  agreed: number;
}

/** Requests and answers are learned separately, because only requests have a template. */
interface LearnedModel {
  readonly requests: Learned;
  readonly answers: Learned;
}

function fresh(templateTokens: number, maxTemplateTokens: number): Learned {
  return { fit: new TokenFit(templateTokens), maxTemplateTokens, error: 0, count: 0, agreed: 0 };
}

function expectedOf(model: Model, text: string, maxUnits: number): ExpectedTokens {
  const counts = countScripts(text, maxUnits);
  return SCRIPTS.map((script) => counts[script] * model.tokens.scripts.weights[script]);
}

/** Estimate of a text by the weights of the provider's folder, overhead included. */
function plainTokens(expected: ExpectedTokens, overhead: number): number {
  return expected.reduce((sum, tokens) => sum + tokens, overhead);
}

/** The estimate to report: the fit, within the allowed distance from the plain estimate. */
function toldTokens(expected: ExpectedTokens, overhead: number, learned?: Learned): number {
  const plain = plainTokens(expected, overhead);
  if (learned === undefined || learned.count < MIN_SAMPLES) return plain;
  const isAgreed = learned.agreed >= AGREED_SAMPLES;
  const factor = isAgreed ? MAX_FACTOR.agreed : MAX_FACTOR.first;
  const most = plain * factor + (isAgreed ? learned.maxTemplateTokens : 0);
  return Math.min(most, Math.max(plain / factor, learned.fit.tokens(expected) + overhead));
}

/**
 * Estimates tokens by the scripts of a text. Every reported count corrects the offset and the weights of its
 * provider and model, separately for requests and answers.
 */
export class ScriptEstimator {
  readonly #learned = new Map<string, LearnedModel>();

  estimate(model: Model, { text, overhead, isAnswer }: Counted): Estimate {
    const known = this.#learned.get(`${model.provider}/${model.id}`);
    const learned = isAnswer === true ? known?.answers : known?.requests;
    const expected = expectedOf(model, text, MAX_UNITS);
    return {
      tokens: Math.round(toldTokens(expected, overhead, learned)),
      estimator: SCRIPT_ESTIMATOR,
      confidence: this.#confidence(model, learned),
    };
  }

  /**
   * Learns a provider's count of this text. Returns the relative error of the estimate, or undefined if nothing was
   * learned.
   */
  learn(model: Model, { text, overhead, isAnswer }: Counted, tokens: number): number | undefined {
    if (text.length > MAX_LEARNED_UNITS || tokens < MIN_LEARNED_TOKENS) return undefined;
    const expected = expectedOf(model, text, MAX_LEARNED_UNITS);
    const plain = plainTokens(expected, overhead);
    if (plain <= 0) return undefined;
    const known = this.#of(model);
    const learned = isAnswer === true ? known.answers : known.requests;
    const error = Math.abs(toldTokens(expected, overhead, learned) - tokens) / tokens;
    learned.count++;
    learned.error += (error - learned.error) * Math.max(ERROR_RATE, 1 / learned.count);
    const missed = Math.abs(learned.fit.tokens(expected) + overhead - tokens) / tokens;
    learned.agreed =
      missed <= AGREEMENT
        ? Math.min(MAX_AGREED_SAMPLES, learned.agreed + 1)
        : Math.max(0, learned.agreed - DISAGREEMENT);
    const most = plain * MAX_FACTOR.agreed + learned.maxTemplateTokens;
    learned.fit.take(expected, Math.min(most, tokens) - overhead);
    return error;
  }

  #confidence(model: Model, learned: Learned | undefined): number {
    if (learned === undefined || learned.count < MIN_SAMPLES) {
      return model.tokens.scripts.confidence;
    }
    return Math.min(CONFIDENCE.max, Math.max(CONFIDENCE.min, 1 - learned.error));
  }

  #of(model: Model): LearnedModel {
    const key = `${model.provider}/${model.id}`;
    const known = this.#learned.get(key);
    if (known !== undefined) return known;
    const [oldest] = this.#learned.keys();
    if (this.#learned.size >= MAX_MODELS && oldest !== undefined) this.#learned.delete(oldest);
    const unlearned = {
      requests: fresh(TEMPLATE_TOKENS, MAX_TEMPLATE_TOKENS),
      answers: fresh(0, 0),
    };
    this.#learned.set(key, unlearned);
    return unlearned;
  }
}
