import { knownUsage } from "./left-usage.ts";

/** Fields of a response that have words in the contract. */
const KNOWN = ["id", "model", "status", "error", "incomplete_details", "output", "usage"];

/** What the response is, and not what it says. */
const FORM = ["object", "created_at", "completed_at", "output_text"];

/** What the request has said and the response repeats. */
const ECHO = [
  "background",
  "include",
  "instructions",
  "max_output_tokens",
  "max_tool_calls",
  "metadata",
  "parallel_tool_calls",
  "previous_response_id",
  "prompt",
  "prompt_cache_key",
  "prompt_cache_retention",
  "reasoning",
  "safety_identifier",
  "store",
  "temperature",
  "text",
  "tool_choice",
  "tools",
  "top_logprobs",
  "top_p",
  "truncation",
  "user",
];

/** Fields of a response that no metadata has. */
export const KNOWN_RESPONSE_FIELDS: ReadonlySet<string> = new Set([...KNOWN, ...FORM, ...ECHO]);

export const KNOWN_RESPONSE_USAGE = knownUsage(["input_tokens", "output_tokens", "total_tokens"], {
  input_tokens_details: ["cached_tokens", "cache_write_tokens"],
  output_tokens_details: ["reasoning_tokens"],
});
