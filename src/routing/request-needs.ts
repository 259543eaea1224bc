import type { GenerationSpec, Part } from "../domain/generation-spec.ts";
import type { Feature, Parameter } from "../domain/model.ts";

/** What a request cannot do without, and which of its settings a target may not know. */
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

/** Settings of a request that a target may not know. */
export function requestParameters({
  sampling,
  reasoning,
  toolChoice,
  messages,
  endUserId,
}: GenerationSpec): Set<Parameter> {
  const set: readonly (readonly [Parameter, unknown])[] = [
    ["sampling.max_output_tokens", sampling.maxOutputTokens],
    ["sampling.temperature", sampling.temperature],
    ["sampling.top_p", sampling.topP],
    ["sampling.top_k", sampling.topK],
    ["sampling.frequency_penalty", sampling.frequencyPenalty],
    ["sampling.presence_penalty", sampling.presencePenalty],
    ["sampling.seed", sampling.seed],
    ["sampling.stop_sequences", sampling.stopSequences],
    ["reasoning.effort", reasoning.effort],
    ["reasoning.budget_tokens", reasoning.budgetTokens],
    ["reasoning.include_text", reasoning.includeText],
    ["tool_choice.parallel", toolChoice?.parallel],
    ["messages.name", messages.find(({ name }) => name !== undefined)],
    ["end_user_id", endUserId === "" ? undefined : endUserId],
  ];
  return new Set(set.filter(([, value]) => value !== undefined).map(([parameter]) => parameter));
}

export function requestNeeds(spec: GenerationSpec): RequestNeeds {
  return { features: requestFeatures(spec), parameters: requestParameters(spec) };
}
