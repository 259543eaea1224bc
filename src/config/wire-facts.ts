import { flag, oneOf } from "./readers.ts";
import { list, object } from "./sections.ts";

/**
 * `wire` of a model: differences between its server and the dialect, in the form of built-in records.
 * `reasoning_field`: field for returned thoughts in Chat. `token_limit_field`: field for the output limit.
 * `stream_options: false`: the field is left out. `cache_field`: field for cache hints. `system_place`: allowed
 * positions of system messages. `thinking`: modes that Messages may request.
 */
export const wireFacts = object({
  reasoning_field: oneOf("reasoning_content", "reasoning", "content"),
  token_limit_field: oneOf("max_tokens", "max_completion_tokens"),
  stream_options: flag,
  cache_field: oneOf("cache_control", "prompt_cache_breakpoint"),
  system_place: oneOf("first", "anywhere"),
  thinking: list(oneOf("enabled", "adaptive", "disabled")),
});
