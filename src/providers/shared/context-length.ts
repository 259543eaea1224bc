// The words of servers for a request that is longer than a model takes.
import type { ErrorEvidence } from "./error-body.ts";

/**
 * By the server that is known for the words; most serve several vendors' models. Sources: the
 * servers' own code and documentation, and errors that their users have reported.
 */
const TEXTS: Readonly<Record<string, readonly RegExp[]>> = {
  // Azure, DeepSeek, Groq, OpenRouter and vLLM say the first one too.
  openai: [
    /\bmaximum context length\b/,
    /\bexceeds the context window\b/,
    /\bcontext[ _]length[ _]exceeded\b/,
  ],
  anthropic: [/\bprompt is too long\b/, /\bexceeds? context limit\b/],
  bedrock: [/\binput is too long for requested model\b/],
  gemini: [/\binput token count\b.{0,40}\bexceeds the maximum number of tokens\b/],
  xai: [/\bmaximum prompt length is\b/],
  groq: [/\breduce the length of the messages\b/],
  mistral: [/\btoo large for model with \d+ maximum context\b/],
  moonshot: [/\bexceeded model token limit\b/],
  minimax: [/\bcontext window exceeds limit\b/],
  qwen: [/\brange of input length should be\b/],
  // llama-cpp-python says the last one.
  llamaCpp: [
    /\bexceeds the available context size\b/,
    /\bcontext size has been exceeded\b/,
    /\bexceeds? context window of \d/,
  ],
  vllm: [
    /\blonger than the maximum model length\b/,
    /\btoo long to fit into the model\b/,
    /\bmodel's context length is only\b/,
  ],
  // Together serves with it as well.
  sglang: [
    /\blonger than the model's context length\b/,
    /\binput length\b.{0,30}\bexceeds the maximum allowed length\b/,
  ],
  tgi: [
    /`?inputs`? tokens \+ `?max_new_tokens`? must be <=/,
    /`?inputs`? must have less than \d+ tokens\b/,
  ],
  ollama: [
    /\bprompt too long; exceeded max context length\b/,
    /\binput length exceeds (?:the )?(?:maximum )?context length\b/,
  ],
  lmStudio: [
    /\bloaded with context length of only\b/,
    /\bgreater than the context length\b/,
    /\breached context length of \d/,
  ],
};

/**
 * One request that is larger than what a minute allows (Groq by 413, OpenAI by 429). It never
 * passes, although its code is the one of a rate limit.
 */
const LARGER_THAN_A_MINUTE = /\brequest too large\b.{0,200}\btokens per min/i;

const CONTEXT_TEXT = new RegExp(
  [...Object.values(TEXTS).flat(), LARGER_THAN_A_MINUTE].map(({ source }) => source).join("|"),
  "i",
);

/** The request exceeds the context window, by the text alone. */
export function isTooLong({ message }: Pick<ErrorEvidence, "message">): boolean {
  return CONTEXT_TEXT.test(message);
}

/** The request is larger than a whole minute's limit, whatever the code says. */
export function isLargerThanLimit({ message }: Pick<ErrorEvidence, "message">): boolean {
  return LARGER_THAN_A_MINUTE.test(message);
}
