import type { Clock } from "../clock.ts";
import type { GenerationSpec } from "../domain/generation-spec.ts";
import type { Model } from "../domain/model.ts";
import type { Vocabulary } from "../domain/token-rules.ts";
import { type CountedText, requestText } from "./counted-text.ts";
import type { Estimate } from "./estimate.ts";
import { estimateByCharacters } from "./estimate-by-characters.ts";
import { ScriptEstimator } from "./script-estimator.ts";
import { createTokenizer } from "./tokenizer.ts";

/** Choice of estimator: the best for each model, or one for all models. */
export type EstimatorChoice = "auto" | "tiktoken" | "character" | "script";

export interface TokenCounterOptions {
  readonly clock: Clock;
  readonly estimator: () => EstimatorChoice;
  readonly observe: {
    /** Called when tokens were estimated. */
    estimated(model: Model, estimator: string): void;
    /** Called with the relative error of the learning estimator. */
    measured(model: Model, error: number): void;
  };
}

/** Counts tokens that a provider does not report. */
export interface TokenCounter {
  /** Estimates synchronously, in bounded time. */
  estimate(model: Model, counted: CountedText): Estimate;
  estimateInput(model: Model, spec: GenerationSpec): Estimate;
  /** Estimated tokens of one piece of output, at least one. For enforcing a limit; the number is not reported. */
  pieceTokens(model: Model, text: string): number;
  /** Whether `count` is better than `estimate` for this model. */
  isExact(model: Model): boolean;
  /** Counts with the best estimator. After `limitMs`, the result of `estimate` is used. */
  count(model: Model, counted: CountedText, limitMs: number): Promise<Estimate>;
  /** Whether a report of this model should be learned: each of the first ones, then some per second. */
  takesLesson(model: Model): boolean;
  /** Learns from a provider's count of this text. */
  learn(model: Model, counted: CountedText, tokens: number): void;
  close(): Promise<void>;
}

/** Reports per model that are all learned. Later ones are learned at this interval. */
const FIRST_LESSONS = 500;
const LESSON_INTERVAL_MS = 100;

const VOCABULARY_CONFIDENCE = 0.95;
/** Vocabulary for models whose own is not published. */
const FOREIGN_VOCABULARY: Vocabulary = "o200k_base";
const FOREIGN_CONFIDENCE = 0.6;

export function createTokenCounter(options: TokenCounterOptions): TokenCounter {
  const { clock, observe } = options;
  const scripts = new ScriptEstimator();
  const tokenizer = createTokenizer();
  const lessons = new WeakMap<Model, { taken: number; nextAt: number }>();

  function vocabularyOf({ tokens, providerModel }: Model): Vocabulary | undefined {
    const choice = options.estimator();
    if (choice === "character" || choice === "script") return undefined;
    const own = tokens.vocabularyOf?.(providerModel);
    return choice === "tiktoken" ? (own ?? FOREIGN_VOCABULARY) : own;
  }

  /** Sets confidence 0 if images or files were left out. */
  function marked(estimate: Estimate, { hasMedia = false }: CountedText): Estimate {
    return hasMedia ? { ...estimate, confidence: 0 } : estimate;
  }

  /** Extends the estimate of a text to everything that was to be counted. */
  function complete(estimate: Estimate, counted: CountedText): Estimate {
    return marked({ ...estimate, tokens: estimate.tokens + counted.overhead }, counted);
  }

  function estimateNow(model: Model, counted: CountedText): Estimate {
    return options.estimator() === "character"
      ? complete(estimateByCharacters(model, counted.text), counted)
      : marked(scripts.estimate(model, counted), counted);
  }

  function told(model: Model, estimate: Estimate): Estimate {
    observe.estimated(model, estimate.estimator);
    return estimate;
  }

  async function exactly(
    vocabulary: Vocabulary,
    text: string,
    limitMs: number,
  ): Promise<number | undefined> {
    const late = Promise.withResolvers<undefined>();
    const cancel = clock.schedule(limitMs, () => late.resolve(undefined));
    try {
      return await Promise.race([tokenizer.count({ vocabulary, text }), late.promise]);
    } finally {
      cancel();
    }
  }

  return {
    estimate: (model, counted) => told(model, estimateNow(model, counted)),
    estimateInput: (model, spec) => told(model, estimateNow(model, requestText(spec))),
    pieceTokens(model, text) {
      const counted = { text, overhead: 0, isPartial: true, isAnswer: true };
      return Math.max(1, estimateNow(model, counted).tokens);
    },
    isExact: (model) => vocabularyOf(model) !== undefined,
    async count(model, counted, limitMs) {
      const vocabulary = vocabularyOf(model);
      const tokens =
        vocabulary === undefined ? undefined : await exactly(vocabulary, counted.text, limitMs);
      if (vocabulary === undefined || tokens === undefined) {
        return told(model, estimateNow(model, counted));
      }
      const isOwn = model.tokens.vocabularyOf?.(model.providerModel) === vocabulary;
      const confidence = isOwn ? VOCABULARY_CONFIDENCE : FOREIGN_CONFIDENCE;
      return told(model, complete({ tokens, estimator: vocabulary, confidence }, counted));
    },
    takesLesson(model) {
      let taught = lessons.get(model);
      if (taught === undefined) {
        taught = { taken: 0, nextAt: 0 };
        lessons.set(model, taught);
      }
      if (taught.taken >= FIRST_LESSONS) {
        const now = clock.now();
        if (now < taught.nextAt) return false;
        taught.nextAt = now + LESSON_INTERVAL_MS;
      }
      taught.taken++;
      return true;
    },
    learn(model, counted, tokens) {
      if (counted.isPartial || tokens <= counted.overhead) return;
      const error = scripts.learn(model, counted, tokens);
      if (error !== undefined) observe.measured(model, error);
    },
    close: () => tokenizer.close(),
  };
}
