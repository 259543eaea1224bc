// Decodes a request of OpenAI's Responses API into a spec of the contract.
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

/** Key of provider options whose fields go unchanged to targets of this dialect. */
const OPTIONS = ORIGIN.providerType;

/** Longest `previous_response_id`, in characters. */
const MAX_ID = 256;

const OFF = "responses are not stored here: `doors.store` is off";

export interface ResponsesRequest extends StreamableRequest {
  /** Whether the response can be retrieved later. */
  readonly isStored: boolean;
  /** Whether the generation goes on without a reader. */
  readonly isBackground: boolean;
  /** Whether the first message is `instructions`. */
  readonly hasInstructions: boolean;
  /** Identifier of the response that this request continues; undefined: none. */
  readonly previousId: string | undefined;
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
  // Other values go unchanged to targets of the dialect.
  if (summary === "auto") reasoning?.value("summary");
  const effort = decodeEffort(reasoning, "effort");
  return {
    ...(effort !== undefined && { effort }),
    ...(summary !== undefined && { includeText: true }),
  };
}

/** Decodes `store` and `background`. `storesAny`: whether the service stores responses. */
function decodeKeeping(body: Fields, storesAny: boolean) {
  const isStored = body.flag("store") ?? storesAny;
  const isBackground = body.flag("background") ?? false;
  if (isStored && !storesAny) throw body.error("store", OFF);
  if (isBackground && !isStored) {
    throw body.error("background", storesAny ? "needs `store`" : OFF);
  }
  return { isStored, isBackground };
}

/** Providers store nothing, so encrypted reasoning is always requested. */
const ALWAYS_INCLUDED = "reasoning.encrypted_content";

function includeOf(body: Fields): JsonObject {
  const asked = (body.list("include") ?? []).filter((each) => each !== ALWAYS_INCLUDED);
  return asked.length === 0 ? {} : { include: asked };
}

/** Throws INVALID_ARGUMENT with the path of the field. */
export function decodeRequest(
  source: JsonObject,
  header: Header,
  storesAny: boolean,
): ResponsesRequest {
  const body = new Fields(source);
  const model = body.requiredText("model");
  if (body.value("conversation") !== undefined) {
    throw body.error(
      "conversation",
      "is not served: name the previous response, or send all input",
    );
  }
  const keeping = decodeKeeping(body, storesAny);
  const isStream = body.flag("stream") ?? false;
  const previousId = body.text("previous_response_id") || undefined;
  if (previousId !== undefined && previousId.length > MAX_ID) {
    throw body.error("previous_response_id", `has more than ${MAX_ID} characters`);
  }
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
  return {
    spec: { ...spec, providerOptions },
    wishes,
    isStream,
    ...keeping,
    hasInstructions: (body.text("instructions") ?? "") !== "",
    previousId,
  };
}
