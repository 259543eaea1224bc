import { flag, oneOf } from "./readers.ts";
import { list, object } from "./sections.ts";

/**
 * `wire` of a model: where the wire of the model's server differs from the dialect, as built-in records
 * have it. `reasoning_field` takes thoughts back in Chat, `token_limit_field` the limit of output;
 * `stream_options: false` leaves that field out, `cache_field` carries cache hints, `system_place`
 * says where system messages may stand; `thinking` lists the modes that Messages may ask for.
 */
export const wireFacts = object({
  reasoning_field: oneOf("reasoning_content", "reasoning", "content"),
  token_limit_field: oneOf("max_tokens", "max_completion_tokens"),
  stream_options: flag,
  cache_field: oneOf("cache_control", "prompt_cache_breakpoint"),
  system_place: oneOf("first", "anywhere"),
  thinking: list(oneOf("enabled", "adaptive", "disabled")),
});
