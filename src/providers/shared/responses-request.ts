import type { GenerationSpec, OutputFormat, Tool } from "../../domain/generation-spec.ts";
import type { JsonObject } from "../../domain/json.ts";
import type { GoesBack } from "../../domain/model.ts";
import type { ProviderRequest } from "../provider.ts";
import { nonEmpty } from "./chat-request.ts";
import { cacheFieldOf, safetyIdentifier } from "./chat-server.ts";
import { fitCallIds } from "./fit-call-ids.ts";
import {
  type BodyFields,
  encodeBody,
  type OnIgnored,
  RawJson,
  rawArray,
  rawObject,
} from "./json-body.ts";
import { encodeConversation } from "./responses-input.ts";

/** Nothing is stored at the provider, so reasoning is sent back with its ciphertext. */
export const RESPONSES_GO_BACK: GoesBack = { reasoning: "signed", annotations: true };

const ENCRYPTED_REASONING = "reasoning.encrypted_content";
const LOGPROBS = "message.output_text.logprobs";

function encodeTool(tool: Tool): RawJson {
  if (tool.type === "provider") return rawObject(tool.config);
  const { name, description, parametersJsonSchema, strict } = tool;
  return rawObject({
    type: "function",
    name,
    description: nonEmpty(description),
    // Both keys are required in Responses, and a missing `strict` would mean true.
    parameters: parametersJsonSchema === "" ? null : new RawJson(parametersJsonSchema),
    strict: strict ?? false,
  });
}

function toolFields({ tools, toolChoice }: GenerationSpec): BodyFields {
  if (tools.length === 0) return {};
  const mode = toolChoice?.mode;
  return {
    tools: rawArray(tools.map(encodeTool)),
    tool_choice: typeof mode === "object" ? { type: "function", name: mode.functionName } : mode,
    parallel_tool_calls: toolChoice?.parallel,
  };
}

function encodeFormat(format: OutputFormat): RawJson | undefined {
  switch (format.type) {
    case "text":
      return undefined;
    case "json-object":
      return rawObject({ type: "json_object" });
    case "json-schema":
      return rawObject({
        type: "json_schema",
        name: format.name,
        description: nonEmpty(format.description),
        schema: new RawJson(format.schema),
        strict: format.strict,
      });
  }
}

/**
 * Additional content of the answer: reasoning in a form that can be sent back, and probabilities of tokens if they
 * are requested.
 */
function include(
  { model, spec }: ProviderRequest,
  { include: asked }: JsonObject,
): string[] | undefined {
  const wanted = Array.isArray(asked) ? asked.filter((entry) => typeof entry === "string") : [];
  const all = new Set([
    ...(model.capabilities.has("reasoning") ? [ENCRYPTED_REASONING] : []),
    ...(spec.sampling.logprobs === true ? [LOGPROBS] : []),
    ...wanted,
  ]);
  return all.size === 0 ? undefined : [...all];
}

/** The body of a Responses request. Nothing is stored at the provider. Equal requests give equal bytes. */
export function encodeResponsesBody(request: ProviderRequest, onIgnored?: OnIgnored): string {
  const { spec, model, effort, stream, options } = request;
  const { sampling, reasoning } = spec;
  return encodeBody(
    {
      model: model.providerModel,
      input: encodeConversation(
        fitCallIds(spec.messages, model.limits.callIds),
        cacheFieldOf(model.wire),
      ),
      ...toolFields(spec),
      max_output_tokens: sampling.maxOutputTokens,
      temperature: sampling.temperature,
      top_p: sampling.topP,
      safety_identifier: safetyIdentifier(spec.endUserId),
      store: false,
      include: include(request, options),
      top_logprobs: sampling.topLogprobs,
      stream,
    },
    options,
    {
      text: { format: encodeFormat(spec.outputFormat) },
      reasoning: { effort, summary: reasoning.includeText === true ? "auto" : undefined },
      stream_options: stream ? { include_obfuscation: false } : undefined,
    },
    onIgnored,
  );
}
