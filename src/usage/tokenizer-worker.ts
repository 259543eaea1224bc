// Runs in its own thread, so that neither loading the vocabulary nor a long text blocks the service.
import { createRequire } from "node:module";
import { parentPort } from "node:worker_threads";
import { Tiktoken } from "tiktoken/lite";
import type { Vocabulary } from "../domain/token-rules.ts";
import { cutRuns } from "./cut-runs.ts";

/** A text to count. */
export interface CountJob {
  readonly vocabulary: Vocabulary;
  readonly text: string;
}

interface Encoder {
  readonly bpe_ranks: string;
  readonly special_tokens: Record<string, number>;
  readonly pat_str: string;
}

const require = createRequire(import.meta.url);
const tokenizers = new Map<Vocabulary, Tiktoken>();

function tokenizerOf(vocabulary: Vocabulary): Tiktoken {
  const loaded = tokenizers.get(vocabulary);
  if (loaded !== undefined) return loaded;
  const encoder = require(`tiktoken/encoders/${vocabulary}.json`) as Encoder;
  const tokenizer = new Tiktoken(encoder.bpe_ranks, encoder.special_tokens, encoder.pat_str);
  tokenizers.set(vocabulary, tokenizer);
  return tokenizer;
}

parentPort?.on("message", ({ vocabulary, text }: CountJob) => {
  const tokenizer = tokenizerOf(vocabulary);
  let tokens = 0;
  // Text of a user that looks like a special token is counted as text.
  for (const piece of cutRuns(text)) tokens += tokenizer.encode_ordinary(piece).length;
  parentPort?.postMessage(tokens);
});
