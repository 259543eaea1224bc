// Finish reasons of servers that use another vendor's dialect.
import { type ErrorKind, GatewayError } from "../../domain/gateway-error.ts";
import { ownValue } from "../../domain/own-value.ts";
import type { FinishReason } from "../../domain/provider-event.ts";

/** Words (lower case) by the vendor they are known from. Sources: the vendors' documentation and code. */
const WORDS: readonly Readonly<Record<string, FinishReason>>[] = [
  // OpenAI.
  {
    stop: "stop",
    length: "max-tokens",
    tool_calls: "tool-calls",
    function_call: "tool-calls",
    content_filter: "content-filter",
  },
  // Anthropic, and servers that translate its answers.
  {
    end_turn: "stop",
    max_tokens: "max-tokens",
    stop_sequence: "stop-sequence",
    tool_use: "tool-calls",
    pause_turn: "paused",
    refusal: "refusal",
    model_context_window_exceeded: "context-length",
  },
  // Text Generation Inference, Together and watsonx.
  { eos_token: "stop", eos: "stop", token_limit: "max-tokens" },
  // Mistral, and gateways before other models.
  { model_length: "context-length", context_length_exceeded: "context-length" },
  // Cohere and Vertex: their own words in compatible answers.
  { complete: "stop", stop_criteria_met: "stop", max_output_tokens: "max-tokens" },
  {
    tool_call: "tool-calls",
    safety: "content-filter",
    recitation: "content-filter",
    blocklist: "content-filter",
    prohibited_content: "content-filter",
    spii: "content-filter",
    image_safety: "content-filter",
    error_toxic: "content-filter",
  },
  // Zhipu, Bedrock.
  {
    sensitive: "content-filter",
    content_filtered: "content-filter",
    guardrail_intervened: "content-filter",
  },
];

const REASONS: Readonly<Record<string, FinishReason>> = Object.assign({}, ...WORDS);

/** Words for output that the server interrupted, so that it is no answer. */
const INTERRUPTIONS: Readonly<Record<string, ErrorKind>> = {
  error: "server-error",
  // DeepSeek.
  insufficient_system_resource: "provider-overloaded",
  // vLLM, SGLang; watsonx; Zhipu; Cohere.
  abort: "truncated",
  aborted: "truncated",
  cancelled: "truncated",
  canceled: "truncated",
  not_finished: "truncated",
  time_limit: "truncated",
  timeout: "truncated",
  user_cancel: "truncated",
  network_error: "truncated",
  error_limit: "server-error",
  // Vertex: the model's call could not be parsed.
  malformed_function_call: "server-error",
  unexpected_tool_call: "server-error",
};

/** The finish reason of a server's word; undefined: the word is unknown. */
export function finishReasonOf(word: string): FinishReason | undefined {
  return ownValue(REASONS, word.toLowerCase());
}

/** The failure for a word; undefined: the output was not interrupted. */
export function interruptionOf(word: string): GatewayError | undefined {
  const code = word.toLowerCase();
  const kind = ownValue(INTERRUPTIONS, code);
  if (kind === undefined) return undefined;
  return new GatewayError(kind, `the provider interrupted its answer (${code})`, {
    providerFailure: { code },
    metadata: { provider_code: code },
  });
}
