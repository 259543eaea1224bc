import type { Parameter } from "../../domain/model.ts";

/** Parameters with a field in OpenAI's Chat Completions. */
export const CHAT_PARAMETERS: readonly Parameter[] = [
  "sampling.max_output_tokens",
  "sampling.temperature",
  "sampling.top_p",
  "sampling.frequency_penalty",
  "sampling.presence_penalty",
  "sampling.seed",
  "sampling.stop_sequences",
  "sampling.logprobs",
  "reasoning.effort",
  "tool_choice.parallel",
  "messages.name",
  "end_user_id",
];

/** Parameters with a field in Responses. */
export const RESPONSES_PARAMETERS: readonly Parameter[] = [
  "sampling.max_output_tokens",
  "sampling.temperature",
  "sampling.top_p",
  "sampling.logprobs",
  "reasoning.effort",
  "reasoning.include_text",
  "tool_choice.parallel",
  "end_user_id",
];
