import type { FieldRules } from "./answer-metadata.ts";
import { KnownUsage } from "./known-usage.ts";

/** Fields of a response that the contract can express. */
const KNOWN = ["id", "model", "status", "error", "incomplete_details", "output", "usage"];

/** Fields about the form of the response. */
const FORM = ["object", "created_at", "completed_at", "output_text"];

/** Fields of the request that the response repeats. */
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

/** A response. */
export const RESPONSE_FIELDS: FieldRules = { known: new Set([...KNOWN, ...FORM, ...ECHO]) };

/** Fields of events by type: content, its place, padding and previews. */
const KNOWN_OF_EVENTS = new Set([
  "type",
  "sequence_number",
  "item_id",
  "output_index",
  "content_index",
  "summary_index",
  "annotation_index",
  "response",
  "item",
  "part",
  "annotation",
  "delta",
  "text",
  "refusal",
  "arguments",
  "input",
  "name",
  "logprobs",
  "obfuscation",
  "partial_image_b64",
  "partial_image_index",
]);

/** An event of a stream. */
export const EVENT_FIELDS: FieldRules = { known: KNOWN_OF_EVENTS };

/** A text of a message. */
export const TEXT_FIELDS: FieldRules = {
  known: new Set(["type", "text", "refusal", "annotations", "logprobs"]),
  group: "content",
};

export const KNOWN_RESPONSE_USAGE = new KnownUsage(
  ["input_tokens", "output_tokens", "total_tokens"],
  {
    input_tokens_details: ["cached_tokens", "cache_write_tokens"],
    output_tokens_details: ["reasoning_tokens"],
  },
);
