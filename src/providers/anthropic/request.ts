import type { GenerationSpec, Tool } from "../../domain/generation-spec.ts";
import { isJsonObject, type JsonObject } from "../../domain/json.ts";
import type { ProviderRequest } from "../provider.ts";
import { fitCallIds } from "../shared/fit-call-ids.ts";
import {
  type BodyFields,
  encodeBody,
  type OnIgnored,
  RawJson,
  rawArray,
  rawObject,
} from "../shared/json-body.ts";
import { betasOf } from "./betas.ts";
import { encodeSystem, encodeTurns } from "./messages-content.ts";

/** Limit for models that publish none, because the wire requires a limit. */
const DEFAULT_MAX_TOKENS = 4096;

/** Version for requests with sampling fields, which later versions refuse with an error. */
const SAMPLING_VERSION = "2023-06-01";

const NO_ARGUMENTS = '{"type":"object","properties":{}}';

/** A schema must have a `type`; the rest of the schema is not changed. */
function schemaOf(schema: string): string {
  if (schema === "") return NO_ARGUMENTS;
  const fields: unknown = JSON.parse(schema);
  if (!isJsonObject(fields) || fields["type"] !== undefined) return schema;
  const rest = schema.slice(schema.indexOf("{") + 1);
  return `{"type":"object"${Object.keys(fields).length === 0 ? "" : ","}${rest}`;
}

function encodeTool(tool: Tool): RawJson {
  if (tool.type === "provider") return rawObject(tool.config);
  const { name, description, parametersJsonSchema, strict } = tool;
  return rawObject({
    name,
    description: description === "" ? undefined : description,
    input_schema: new RawJson(schemaOf(parametersJsonSchema)),
    strict,
  });
}

function encodeToolChoice({ toolChoice }: GenerationSpec): JsonObject | undefined {
  if (toolChoice === undefined) return undefined;
  const { mode, parallel } = toolChoice;
  if (mode === "none") return { type: "none" };
  const single = parallel === undefined ? {} : { disable_parallel_tool_use: !parallel };
  if (typeof mode === "object") return { type: "tool", name: mode.functionName, ...single };
  if (mode === "required") return { type: "any", ...single };
  return parallel === undefined ? undefined : { type: "auto", ...single };
}

/** `max_tokens` of a request. It includes the budget for thinking. */
function maxTokens({ spec, model }: ProviderRequest): number {
  const { sampling, reasoning } = spec;
  const most = sampling.maxOutputTokens ?? model.maxOutputTokens;
  return most ?? DEFAULT_MAX_TOKENS + (reasoning.budgetTokens ?? 0);
}

/** Whether a model supports a mode of thinking. Models without a record support `enabled`, which takes a budget. */
export function takesThinking(
  { thinking: modes = ["enabled"] }: JsonObject,
  mode: string,
): boolean {
  return Array.isArray(modes) && modes.includes(mode);
}

/**
 * `thinking` of a request, by the modes in the model's record. Reasoning is switched on or off only if the request
 * asks for it.
 */
function encodeThinking({ spec, model, effort }: ProviderRequest): JsonObject | undefined {
  const takes = (mode: string): boolean => takesThinking(model.wire, mode);
  const { budgetTokens, includeText } = spec.reasoning;
  if (effort === "none") return takes("disabled") ? { type: "disabled" } : undefined;
  const display =
    includeText === undefined ? {} : { display: includeText ? "summarized" : "omitted" };
  if (budgetTokens !== undefined && takes("enabled")) {
    return { type: "enabled", budget_tokens: budgetTokens, ...display };
  }
  const onByDefault = model.defaultEffort !== undefined && model.defaultEffort !== "none";
  const wanted = effort !== undefined || (onByDefault && includeText !== undefined);
  return wanted && takes("adaptive") ? { type: "adaptive", ...display } : undefined;
}

function encodeFormat({ outputFormat }: GenerationSpec): RawJson | undefined {
  if (outputFormat.type !== "json-schema") return undefined;
  return rawObject({ type: "json_schema", schema: new RawJson(outputFormat.schema) });
}

function samplingFields({ sampling }: GenerationSpec): BodyFields {
  return {
    temperature: sampling.temperature,
    top_p: sampling.topP,
    top_k: sampling.topK,
  };
}

/** Headers that depend on the request: the API version, and the option `betas`. */
export function messagesHeaders({ spec, options }: ProviderRequest): Record<string, string> {
  const samples = Object.values(samplingFields(spec)).some((value) => value !== undefined);
  const betas = betasOf(options);
  return {
    ...(samples && { "anthropic-version": SAMPLING_VERSION }),
    ...(betas.length > 0 && { "anthropic-beta": betas.join(",") }),
  };
}

/** The part of a request's body that is counted. The counter refuses fields for output. */
function inputFields(request: ProviderRequest): BodyFields {
  const { spec, model } = request;
  const { tools } = spec;
  return {
    model: model.providerModel,
    system: encodeSystem(spec.messages),
    messages: encodeTurns(fitCallIds(spec.messages, model.limits.callIds)),
    tools: tools.length === 0 ? undefined : rawArray(tools.map(encodeTool)),
    tool_choice: tools.length === 0 ? undefined : encodeToolChoice(spec),
    thinking: encodeThinking(request),
  };
}

/** The body of a request for a count of input tokens. */
export function encodeCountBody(request: ProviderRequest): string {
  return encodeBody(
    inputFields(request),
    {},
    {
      output_config: { format: encodeFormat(request.spec) },
    },
  );
}

/** The body of a Messages request. Equal requests give equal bytes. */
export function encodeMessagesBody(request: ProviderRequest, onIgnored?: OnIgnored): string {
  const { spec, model, effort, stream } = request;
  const { betas: _, ...options } = request.options;
  const { sampling, endUserId } = spec;
  return encodeBody(
    {
      model: model.providerModel,
      max_tokens: maxTokens(request),
      ...inputFields(request),
      ...samplingFields(spec),
      stop_sequences: sampling.stopSequences,
      stream,
    },
    options,
    {
      output_config: {
        effort: effort === "none" ? undefined : effort,
        format: encodeFormat(spec),
      },
      metadata: { user_id: endUserId === "" ? undefined : endUserId },
    },
    onIgnored,
  );
}
