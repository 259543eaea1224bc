// Error texts of servers for requests that exceed a model's context window.
import type { ErrorEvidence } from "./error-body.ts";

/**
 * Texts by the server they are known from; most are used for several vendors' models. Sources: code and documentation
 * of the servers, and errors reported by their users.
 */
const TEXTS: Readonly<Record<string, readonly RegExp[]>> = {
  // Azure, DeepSeek, Groq, OpenRouter and vLLM use the first one too.
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
  // llama-cpp-python uses the last one.
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
  // Together also runs SGLang.
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
 * A single request above a minute's token limit (Groq with 413, OpenAI with 429). It can never succeed, although its
 * code is that of a rate limit.
 */
const LARGER_THAN_A_MINUTE = /\brequest too large\b.{0,200}\btokens per min/i;

const CONTEXT_TEXT = new RegExp(
  [...Object.values(TEXTS).flat(), LARGER_THAN_A_MINUTE].map(({ source }) => source).join("|"),
  "i",
);

/** Whether the request exceeds the context window, by the text alone. */
export function isTooLong({ message }: Pick<ErrorEvidence, "message">): boolean {
  return CONTEXT_TEXT.test(message);
}

/** Whether the request exceeds a whole minute's limit, whatever the code. */
export function isLargerThanLimit({ message }: Pick<ErrorEvidence, "message">): boolean {
  return LARGER_THAN_A_MINUTE.test(message);
}
