import type { GenerationSpec, Reasoning, Sampling } from "../domain/generation-spec.ts";
import type { Parameter } from "../domain/model.ts";

function omit<T extends object, Key extends keyof T>(value: T, key: Key): Omit<T, Key> {
  const { [key]: _, ...rest } = value;
  return rest;
}

function withoutSampling(spec: GenerationSpec, key: keyof Sampling): GenerationSpec {
  return { ...spec, sampling: omit(spec.sampling, key) };
}

function withoutReasoning(spec: GenerationSpec, key: keyof Reasoning): GenerationSpec {
  return { ...spec, reasoning: omit(spec.reasoning, key) };
}

/** The request without one parameter. */
export function withoutParameter(spec: GenerationSpec, parameter: Parameter): GenerationSpec {
  switch (parameter) {
    case "sampling.max_output_tokens":
      return withoutSampling(spec, "maxOutputTokens");
    case "sampling.temperature":
      return withoutSampling(spec, "temperature");
    case "sampling.top_p":
      return withoutSampling(spec, "topP");
    case "sampling.top_k":
      return withoutSampling(spec, "topK");
    case "sampling.frequency_penalty":
      return withoutSampling(spec, "frequencyPenalty");
    case "sampling.presence_penalty":
      return withoutSampling(spec, "presencePenalty");
    case "sampling.seed":
      return withoutSampling(spec, "seed");
    case "sampling.stop_sequences":
      return withoutSampling(spec, "stopSequences");
    case "sampling.logprobs":
      return withoutSampling(withoutSampling(spec, "logprobs"), "topLogprobs");
    case "reasoning.effort":
      return withoutReasoning(spec, "effort");
    case "reasoning.budget_tokens":
      return withoutReasoning(spec, "budgetTokens");
    case "reasoning.include_text":
      return withoutReasoning(spec, "includeText");
    case "tool_choice.parallel":
      return spec.toolChoice === undefined
        ? spec
        : { ...spec, toolChoice: { mode: spec.toolChoice.mode } };
    case "messages.name":
      return { ...spec, messages: spec.messages.map((message) => omit(message, "name")) };
    case "end_user_id":
      return { ...spec, endUserId: "" };
  }
}
