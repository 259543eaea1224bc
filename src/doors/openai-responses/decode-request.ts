// A request of OpenAI's Responses API as the contract has it.
import type { GenerationSpec, OutputFormat, Sampling, Tool } from "../../domain/generation-spec.ts";
import type { JsonObject } from "../../domain/json.ts";
import type { StreamableRequest } from "../../ports/contract.ts";
import { betaOption, type Header } from "../shared/beta-option.ts";
import { decodeEffort } from "../shared/decode-effort.ts";
import { decodeToolChoice } from "../shared/decode-tool-choice.ts";
import { defined } from "../shared/defined.ts";
import { DOOR_DEFAULTS } from "../shared/door-defaults.ts";
import { Fields } from "../shared/fields.ts";
import { restData } from "../shared/rest-data.ts";
import { decodeInput, ORIGIN } from "./decode-input.ts";

/** Key of the fields that targets of this dialect get as they came. */
const OPTIONS = ORIGIN.providerType;

export interface ResponsesRequest extends StreamableRequest {
  /** The response can be retrieved later. */
  readonly isStored: boolean;
  /** The response is made whether somebody reads it or not. */
  readonly isBackground: boolean;
}

function decodeTool(tool: Fields): Tool {
  const type = tool.requiredText("type");
  if (type !== "function") return { type: "provider", provider: OPTIONS, config: tool.source };
  const parameters = tool.object("parameters");
  const strict = tool.flag("strict");
  const known = {
    type: "function",
    name: tool.requiredText("name"),
    description: tool.text("description") ?? "",
    parametersJsonSchema: parameters === undefined ? "" : JSON.stringify(parameters.source),
    ...(strict !== undefined && { strict }),
  } as const;
  return { ...known, ...restData(tool, ORIGIN) };
}

function decodeFormat(body: Fields): OutputFormat {
  const format = body.object("text")?.object("format");
  const type = format?.requiredText("type") ?? "text";
  if (format === undefined || type === "text") return { type: "text" };
  if (type === "json_object") return { type: "json-object" };
  const schema = format.object("schema");
  if (type !== "json_schema" || schema === undefined) {
    throw format.error("type", "must be text, json_object, or json_schema with a schema");
  }
  const strict = format.flag("strict");
  return {
    type: "json-schema",
    name: format.requiredText("name"),
    schema: JSON.stringify(schema.source),
    description: format.text("description") ?? "",
    ...(strict !== undefined && { strict }),
  };
}

function decodeSampling(body: Fields): Sampling {
  const topLogprobs = body.integer("top_logprobs");
  const fields = {
    maxOutputTokens: body.integer("max_output_tokens"),
    temperature: body.number("temperature"),
    topP: body.number("top_p"),
    ...(topLogprobs !== undefined && { logprobs: true, topLogprobs }),
  };
  return defined(fields);
}

function decodeReasoning(body: Fields) {
  const reasoning = body.object("reasoning");
  const summary = reasoning?.peek("summary") ?? reasoning?.peek("generate_summary");
  // Another word goes to targets of the dialect.
  if (summary === "auto") reasoning?.value("summary");
  const effort = decodeEffort(reasoning, "effort");
  return {
    ...(effort !== undefined && { effort }),
    ...(summary !== undefined && { includeText: true }),
  };
}

function refuseUnserved(body: Fields): void {
  for (const name of ["conversation", "previous_response_id"]) {
    if (body.value(name) === undefined) continue;
    throw body.error(name, "is not served: send the whole input");
  }
}

/** Thoughts come back encrypted, asked for or not: nothing is stored at the provider. */
const ALWAYS_INCLUDED = "reasoning.encrypted_content";

function includeOf(body: Fields): JsonObject {
  const asked = (body.list("include") ?? []).filter((each) => each !== ALWAYS_INCLUDED);
  return asked.length === 0 ? {} : { include: asked };
}

/** Throws INVALID_ARGUMENT with the path of the field. */
export function decodeRequest(source: JsonObject, header: Header): ResponsesRequest {
  const body = new Fields(source);
  const model = body.requiredText("model");
  refuseUnserved(body);
  const isStream = body.flag("stream") ?? false;
  const isStored = body.flag("store") ?? true;
  const isBackground = body.flag("background") ?? false;
  if (isBackground && !isStored) throw body.error("background", "needs `store`");
  const streamed = body.object("stream_options");
  for (const name of ["include_usage", "include_obfuscation"]) streamed?.value(name);
  const toolChoice = decodeToolChoice(body, (choice) => choice);
  const user = body.text("safety_identifier") ?? body.text("user") ?? "";
  body.value("user");
  const spec: GenerationSpec = {
    ...DOOR_DEFAULTS,
    model,
    messages: decodeInput(body),
    tools: body.objects("tools").map(decodeTool),
    ...(toolChoice !== undefined && { toolChoice }),
    sampling: decodeSampling(body),
    reasoning: decodeReasoning(body),
    outputFormat: decodeFormat(body),
    endUserId: user,
  };
  const wishes = body.object("steer")?.source;
  const included = includeOf(body);
  const passed = { ...body.rest(), ...betaOption(header), ...included };
  const providerOptions = Object.keys(passed).length === 0 ? {} : { [OPTIONS]: passed };
  return { spec: { ...spec, providerOptions }, wishes, isStream, isStored, isBackground };
}
