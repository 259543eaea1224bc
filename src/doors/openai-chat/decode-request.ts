// Decodes a request of Chat Completions into a spec of the contract.
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
import { decodeMessages, ORIGIN } from "./decode-messages.ts";

/** Key of provider options whose fields go unchanged to targets of this dialect. */
const OPTIONS = ORIGIN.providerType;

function decodeTool(tool: Fields): Tool {
  const type = tool.requiredText("type");
  if (type === "custom") return { type: "provider", provider: OPTIONS, config: tool.source };
  const called = tool.object("function");
  if (type !== "function" || called === undefined) {
    throw tool.error("type", "must be function, with the object `function`, or custom");
  }
  const parameters = called.object("parameters");
  const strict = called.flag("strict");
  const known = {
    type: "function",
    name: called.requiredText("name"),
    description: called.text("description") ?? "",
    parametersJsonSchema: parameters === undefined ? "" : JSON.stringify(parameters.source),
    ...(strict !== undefined && { strict }),
  } as const;
  return { ...known, ...restData(tool, ORIGIN) };
}

function decodeFormat(body: Fields): OutputFormat {
  const format = body.object("response_format");
  const type = format?.requiredText("type") ?? "text";
  if (format === undefined || type === "text") return { type: "text" };
  if (type === "json_object") return { type: "json-object" };
  const described = format.object("json_schema");
  if (type !== "json_schema" || described === undefined) {
    throw format.error("type", "must be text, json_object, or json_schema with its object");
  }
  const schema = described.object("schema");
  const strict = described.flag("strict");
  return {
    type: "json-schema",
    name: described.requiredText("name"),
    schema: JSON.stringify(schema?.source ?? {}),
    description: described.text("description") ?? "",
    ...(strict !== undefined && { strict }),
  };
}

function decodeSampling(body: Fields): Sampling {
  const stopSequences = body.texts("stop");
  const limit = body.integer("max_completion_tokens");
  const fields = {
    maxOutputTokens: limit ?? body.integer("max_tokens"),
    temperature: body.number("temperature"),
    topP: body.number("top_p"),
    topK: body.integer("top_k"),
    frequencyPenalty: body.number("frequency_penalty"),
    presencePenalty: body.number("presence_penalty"),
    seed: body.integer("seed"),
    logprobs: body.flag("logprobs"),
    topLogprobs: body.integer("top_logprobs"),
    stopSequences,
  };
  body.value("max_tokens");
  return defined(fields);
}

function refuseUnserved(body: Fields): void {
  const choices = body.integer("n");
  if (choices !== undefined && choices !== 1) {
    throw body.error("n", "must be 1: one answer is generated for each request");
  }
  for (const name of ["functions", "function_call"]) {
    if (body.value(name) !== undefined) throw body.error(name, "is not served: use `tools`");
  }
}

/** Throws INVALID_ARGUMENT with the path of the field. */
export function decodeRequest(source: JsonObject, header: Header): StreamableRequest {
  const body = new Fields(source);
  const model = body.requiredText("model");
  refuseUnserved(body);
  const isStream = body.flag("stream") ?? false;
  // Every stream has usage: two frameworks need the counts without asking for them, and no client fails on them.
  const streamed = body.object("stream_options");
  for (const name of ["include_usage", "include_obfuscation"]) streamed?.value(name);
  const toolChoice = decodeToolChoice(body, (choice) => choice.object("function"));
  const effort = decodeEffort(body, "reasoning_effort");
  const user = body.text("safety_identifier") ?? body.text("user") ?? "";
  body.value("user");
  const spec: GenerationSpec = {
    ...DOOR_DEFAULTS,
    model,
    messages: decodeMessages(body),
    tools: body.objects("tools").map(decodeTool),
    ...(toolChoice !== undefined && { toolChoice }),
    sampling: decodeSampling(body),
    reasoning: effort === undefined ? {} : { effort },
    outputFormat: decodeFormat(body),
    endUserId: user,
  };
  const wishes = body.object("steer")?.source;
  const passed = { ...body.rest(), ...betaOption(header) };
  const providerOptions = Object.keys(passed).length === 0 ? {} : { [OPTIONS]: passed };
  return { spec: { ...spec, providerOptions }, wishes, isStream };
}
