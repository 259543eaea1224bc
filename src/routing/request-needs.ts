import type { GenerationSpec, Part } from "../domain/generation-spec.ts";
import type { Feature, Parameter } from "../domain/model.ts";

/** Features that a request requires, and settings that a target may not support. */
export interface RequestNeeds {
  readonly features: ReadonlySet<Feature>;
  readonly parameters: ReadonlySet<Parameter>;
}

function partFeatures(part: Part, features: Set<Feature>): void {
  if (part.type === "image") features.add("image-input");
  else if (part.type === "file") features.add("file-input");
  else if (part.type === "tool-result")
    for (const inner of part.content) partFeatures(inner, features);
}

function requestFeatures(spec: GenerationSpec): Set<Feature> {
  const features = new Set<Feature>();
  for (const tool of spec.tools) {
    features.add(tool.type === "function" ? "tools" : "provider-tools");
  }
  const mode = spec.toolChoice?.mode;
  if (mode === "required" || typeof mode === "object") features.add("forced-tool-choice");
  if (spec.outputFormat.type === "json-object") features.add("json-object");
  if (spec.outputFormat.type === "json-schema") features.add("json-schema");
  for (const message of spec.messages) {
    for (const part of message.parts) partFeatures(part, features);
  }
  return features;
}

/** Settings of a request that a target may not support. */
export function requestParameters({
  sampling,
  reasoning,
  toolChoice,
  messages,
  endUserId,
}: GenerationSpec): Set<Parameter> {
  const set = new Set<Parameter>();
  const add = (parameter: Parameter, value: unknown): void => {
    if (value !== undefined) set.add(parameter);
  };
  add("sampling.max_output_tokens", sampling.maxOutputTokens);
  add("sampling.temperature", sampling.temperature);
  add("sampling.top_p", sampling.topP);
  add("sampling.top_k", sampling.topK);
  add("sampling.frequency_penalty", sampling.frequencyPenalty);
  add("sampling.presence_penalty", sampling.presencePenalty);
  add("sampling.seed", sampling.seed);
  add("sampling.stop_sequences", sampling.stopSequences);
  add("sampling.logprobs", sampling.logprobs === true ? true : undefined);
  add("reasoning.effort", reasoning.effort);
  add("reasoning.budget_tokens", reasoning.budgetTokens);
  add("reasoning.include_text", reasoning.includeText);
  add("tool_choice.parallel", toolChoice?.parallel);
  add(
    "messages.name",
    messages.find(({ name }) => name !== undefined),
  );
  add("end_user_id", endUserId === "" ? undefined : endUserId);
  return set;
}

export function requestNeeds(spec: GenerationSpec): RequestNeeds {
  return { features: requestFeatures(spec), parameters: requestParameters(spec) };
}
