// The error of each estimator compared with a vocabulary that it does not know: `node bench/estimators.ts`.
// `o200k_base` stands for a provider's own vocabulary; `script-v1` has learned from fifty reports of each kind of
// text.
import { systemClock } from "../src/clock.ts";
import type { Model } from "../src/domain/model.ts";
import * as providerTypes from "../src/providers/registry.ts";
import { createTokenCounter, type EstimatorChoice } from "../src/usage/token-counter.ts";
import { CORPORA, piecesOf, SAMPLES } from "../tests/support/corpora.ts";
import { testModel } from "../tests/support/provider-request.ts";
import { print } from "./in-process.ts";

const LIMIT_MS = 60_000;

const counterOf = (choice: EstimatorChoice) =>
  createTokenCounter({
    clock: systemClock,
    estimator: () => choice,
    observe: { estimated: () => {}, measured: () => {} },
  });
const counted = (text: string) => ({ text, overhead: 0, isPartial: false });

const byVocabulary = counterOf("tiktoken");
const byCharacters = counterOf("character");
const byScript = counterOf("script");
const truth = testModel({ providerModel: "gpt-4o" });
const older = testModel({ providerModel: "gpt-3.5-turbo" });
const unknown = testModel({ providerModel: "own", tokens: providerTypes.xai.tokens });

async function exactly(model: Model, text: string): Promise<number> {
  return (await byVocabulary.count(model, counted(text), LIMIT_MS)).tokens;
}

async function atOnce(counter: typeof byScript, model: Model, text: string): Promise<number> {
  return counter.estimate(model, counted(text)).tokens;
}

const charactersOf = (tokens: Model["tokens"]) => (text: string) =>
  atOnce(byCharacters, testModel({ tokens }), text);

const estimators: Readonly<Record<string, (text: string) => Promise<number>>> = {
  o200k_base: (text) => exactly(truth, text),
  cl100k_base: (text) => exactly(older, text),
  "chars/4": charactersOf(providerTypes.openai.tokens),
  "chars/3.5": charactersOf(providerTypes.anthropic.tokens),
  "chars/4.2": charactersOf(providerTypes.xai.tokens),
  "script-v1": (text) => atOnce(byScript, unknown, text),
};

const unseen: { corpus: string; text: string; tokens: number }[] = [];
for (const corpus of CORPORA) {
  for (const [index, text] of piecesOf(corpus).entries()) {
    const tokens = await exactly(truth, text);
    if (index < SAMPLES) byScript.learn(unknown, counted(text), tokens);
    else unseen.push({ corpus, text, tokens });
  }
}
const errors: Record<string, Record<string, number>> = {};
for (const [name, estimate] of Object.entries(estimators)) {
  const of: Record<string, number> = {};
  for (const corpus of CORPORA) {
    const pieces = unseen.filter((piece) => piece.corpus === corpus);
    const all = pieces.map(
      async ({ text, tokens }) => Math.abs((await estimate(text)) - tokens) / tokens,
    );
    const sum = (await Promise.all(all)).reduce((a, b) => a + b, 0);
    of[corpus] = (100 * sum) / pieces.length;
  }
  errors[name] = of;
}
print(errors);
await Promise.all([byVocabulary, byCharacters, byScript].map((counter) => counter.close()));
