import type { Model, ModelRecord, Parameter } from "../../src/domain/model.ts";
import { openAiTokens } from "../../src/providers/shared/openai-tokens.ts";
import { createModelRegistry, type RegistryInstance } from "../../src/routing/model-registry.ts";

const CHAT: readonly Parameter[] = [
  "sampling.max_output_tokens",
  "sampling.temperature",
  "sampling.top_p",
  "sampling.seed",
  "sampling.stop_sequences",
  "reasoning.effort",
  "reasoning.budget_tokens",
  "tool_choice.parallel",
  "messages.name",
  "end_user_id",
];

export function instance(
  id: string,
  models: readonly ModelRecord[],
  changes: Partial<RegistryInstance> = {},
): RegistryInstance {
  const dialects = { chat: CHAT, responses: CHAT.filter((each) => each !== "sampling.seed") };
  return {
    id,
    type: "openai",
    dialects,
    listedParameters: {},
    takes: () => true,
    goesBack: () => ({ reasoning: "text", annotations: true }),
    dialect: "chat",
    prefill: false,
    traceContext: false,
    unaryUpstream: () => "auto",
    limits: () => ({}),
    timeouts: undefined,
    tokens: openAiTokens,
    models,
    unlistedModels: false,
    ...changes,
  };
}

export function record(id: string, changes: Partial<ModelRecord> = {}): ModelRecord {
  return { id, capabilities: ["generate", "stream"], parameters: CHAT, ...changes };
}

/** The model `m` of the instance `one`, as the registry makes it from a record. */
export function modelOf(
  changes: Partial<ModelRecord> = {},
  at: Partial<RegistryInstance> = {},
): Model {
  const [model] = createModelRegistry([instance("one", [record("m", changes)], at)], []).list;
  if (model === undefined) throw new Error("no model");
  return model;
}
