import type { Model } from "../domain/model.ts";
import { SCRIPTS } from "../domain/token-rules.ts";
import type { CountedText } from "./counted-text.ts";
import type { Estimate } from "./estimate.ts";
import { countScripts } from "./scripts.ts";
import { type ExpectedTokens, TokenFit } from "./token-fit.ts";

const SCRIPT_ESTIMATOR = "script-v1";

/** Units of one text that are looked at: a fraction of a millisecond. */
const MAX_UNITS = 65_536;
/** Learning looks at less of a text, and is left out where that would not be all of it. */
export const MAX_LEARNED_UNITS = 16_384;
/** A short text says little: rounding weighs more than its writing. */
const MIN_LEARNED_TOKENS = 8;
/** Samples before what was learned is used. */
const MIN_SAMPLES = 5;
/** Weight of a new sample in the mean error, once there are enough. */
const ERROR_RATE = 0.1;
/** Furthest from the plain estimate, as a factor: at first, and when enough samples agree. */
const MAX_FACTOR = { first: 2, agreed: 8 };
/** A sample agrees where the fit is within this share of it. */
const AGREEMENT = 0.25;
const AGREED_SAMPLES = 100;
/** What one sample that does not agree takes back, and the most that can be there. */
const DISAGREEMENT = 10;
const MAX_AGREED_SAMPLES = 200;
/** Plausible tokens that a provider's template adds to each prompt. */
const TEMPLATE_TOKENS = 32;
/** The longest template: a report that is further above the estimate is taken as that. */
const MAX_TEMPLATE_TOKENS = 512;
const CONFIDENCE = { min: 0.05, max: 0.99 };
/** Models that something is learned of; the one learned first makes room. */
const MAX_MODELS = 1_000;

/** What is counted. The overhead counts as it is. */
type Counted = Pick<CountedText, "text" | "overhead" | "isAnswer">;

/** What was learned of the requests of a model, or of its answers. */
interface Learned {
  readonly fit: TokenFit;
  readonly maxTemplateTokens: number;
  /** Mean of |estimate - report| / report, each measured before its report was learned. */
  error: number;
  count: number;
  /** Samples that the fit agreed with, less those that it did not. */
  agreed: number;
}

/** Requests and answers teach nothing of each other: a template is in no answer. */
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

/** Tokens of a text by the weights that the provider's folder has, overhead included. */
function plainTokens(expected: ExpectedTokens, overhead: number): number {
  return expected.reduce((sum, tokens) => sum + tokens, overhead);
}

/** What is told: the fit, as far from the plain estimate as the samples allow. */
function toldTokens(expected: ExpectedTokens, overhead: number, learned?: Learned): number {
  const plain = plainTokens(expected, overhead);
  if (learned === undefined || learned.count < MIN_SAMPLES) return plain;
  const isAgreed = learned.agreed >= AGREED_SAMPLES;
  const factor = isAgreed ? MAX_FACTOR.agreed : MAX_FACTOR.first;
  const most = plain * factor + (isAgreed ? learned.maxTemplateTokens : 0);
  return Math.min(most, Math.max(plain / factor, learned.fit.tokens(expected) + overhead));
}

/**
 * Estimates by the scripts of a text. Every reported count corrects the offset and the
 * weights of its provider and model, those of requests and those of answers apart.
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

  /** A provider has counted this text. The relative error of the estimate, where it was learned from. */
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
