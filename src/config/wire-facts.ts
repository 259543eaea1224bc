import type { JsonObject } from "../domain/json.ts";
import { flag, list, object, oneOf, reshaped } from "./readers.ts";

const wireFields = object({
  reasoning_field: oneOf("reasoning_content", "reasoning", "content"),
  token_limit_field: oneOf("max_tokens", "max_completion_tokens"),
  stream_options: flag,
  cache_field: oneOf("cache_control", "prompt_cache_breakpoint"),
  system_place: oneOf("first", "anywhere"),
  thinking: list(oneOf("enabled", "adaptive", "disabled")),
});

/**
 * `wire` of a model: where its server's wire differs from its dialect, as built-in records have it.
 * `reasoning_field` takes thoughts back in Chat, `token_limit_field` the limit of output;
 * `stream_options: false` leaves that field out, `cache_field` carries cache hints, `system_place`
 * says where system messages may stand; `thinking` lists the modes that Messages may ask for.
 */
export const wireFacts = reshaped(wireFields, (value, path): JsonObject => {
  const fields = wireFields(value, path);
  return {
    ...(fields.reasoning_field !== undefined && { reasoningField: fields.reasoning_field }),
    ...(fields.token_limit_field !== undefined && { tokenLimitField: fields.token_limit_field }),
    ...(fields.stream_options !== undefined && { streamOptions: fields.stream_options }),
    ...(fields.cache_field !== undefined && { cacheField: fields.cache_field }),
    ...(fields.system_place !== undefined && { systemPlace: fields.system_place }),
    ...(fields.thinking !== undefined && { thinking: fields.thinking }),
  };
});
