// Decodes a request of Anthropic's Messages API into a spec of the contract.
import { GatewayError } from "../../domain/gateway-error.ts";
import type {
  GenerationSpec,
  OutputFormat,
  Reasoning,
  ReasoningEffort,
  Sampling,
  Tool,
  ToolChoice,
} from "../../domain/generation-spec.ts";
import type { JsonObject } from "../../domain/json.ts";
import type { StreamableRequest } from "../../ports/contract.ts";
import { defined } from "../shared/defined.ts";
import { DOOR_DEFAULTS } from "../shared/door-defaults.ts";
import { Fields } from "../shared/fields.ts";
import { restData } from "../shared/rest-data.ts";
import { decodeMessages, ORIGIN } from "./decode-messages.ts";

/** Key of provider options whose fields go unchanged to targets of this dialect. */
const OPTIONS = ORIGIN.providerType;

const EFFORTS: Readonly<Record<string, ReasoningEffort>> = {
  low: "low",
  medium: "medium",
  high: "high",
  xhigh: "max",
  max: "max",
};

function decodeTool(tool: Fields): Tool {
  if ((tool.text("type") ?? "custom") !== "custom") {
    return { type: "provider", provider: OPTIONS, config: tool.source };
  }
  const schema = tool.object("input_schema");
  const strict = tool.flag("strict");
  const known = {
    type: "function",
    name: tool.requiredText("name"),
    description: tool.text("description") ?? "",
    parametersJsonSchema: schema === undefined ? "" : JSON.stringify(schema.source),
    ...(strict !== undefined && { strict }),
  } as const;
  return { ...known, ...restData(tool, ORIGIN) };
}

function decodeToolChoice(body: Fields): ToolChoice | undefined {
  const choice = body.object("tool_choice");
  if (choice === undefined) return undefined;
  const type = choice.word("type", ["auto", "any", "tool", "none"]);
  const single = choice.flag("disable_parallel_tool_use");
  const parallel = single === undefined ? {} : { parallel: !single };
  if (type === "tool") return { mode: { functionName: choice.requiredText("name") }, ...parallel };
  return { mode: type === "any" ? "required" : (type ?? "auto"), ...parallel };
}

function decodeSampling(body: Fields): Sampling {
  const maxOutputTokens = body.integer("max_tokens");
  if (maxOutputTokens === undefined) throw body.error("max_tokens", "is required");
  const stopSequences = body.texts("stop_sequences");
  const fields = {
    maxOutputTokens,
    temperature: body.number("temperature"),
    topP: body.number("top_p"),
    topK: body.integer("top_k"),
    stopSequences: stopSequences?.length === 0 ? undefined : stopSequences,
  };
  return defined(fields);
}

/**
 * Decodes `thinking` and the effort. Modes without a budget go unchanged to targets of the dialect, because only the
 * vendor knows which models support them.
 */
function decodeReasoning(body: Fields): Reasoning {
  const thinking = body.object("thinking");
  const type = thinking?.peek("type");
  if (type !== undefined && type !== "enabled" && type !== "disabled" && type !== "adaptive") {
    throw thinking?.error("type", "must be enabled, disabled, adaptive");
  }
  if (type === "disabled") return { effort: "none" };
  const config = body.object("output_config");
  const word = config?.text("effort");
  const effort = word === undefined ? undefined : EFFORTS[word];
  if (word !== undefined && effort === undefined) {
    throw config?.error("effort", `must be one of ${Object.keys(EFFORTS).join(", ")}`);
  }
  const effortOf = effort === undefined ? {} : { effort };
  const display = thinking?.peek("display");
  const shown = display === undefined ? {} : { includeText: display !== "omitted" };
  if (type !== "enabled") return { ...effortOf, ...shown };
  const budgetTokens = thinking?.integer("budget_tokens");
  for (const name of ["type", "display"]) thinking?.value(name);
  return { ...effortOf, ...shown, ...(budgetTokens !== undefined && { budgetTokens }) };
}

function decodeFormat(config: Fields | undefined): OutputFormat {
  const format = config?.object("format");
  if (format === undefined) return { type: "text" };
  const schema = format.object("schema");
  if (format.text("type") !== "json_schema" || schema === undefined) {
    throw format.error("type", "must be json_schema, with the object `schema`");
  }
  const text = JSON.stringify(schema.source);
  return { type: "json-schema", name: "output", schema: text, description: "" };
}

/**
 * Refuses threads: they keep the history at the server, and a gateway to several vendors has none. The tool runners of
 * the vendor's clients handle this error and send the whole history.
 */
function refuseThread(body: Fields): void {
  if (body.value("thread") === undefined) return;
  throw new GatewayError("validation", "thread: send the whole history", {
    reason: "UNSUPPORTED_PARAMETER",
    violations: [{ field: "thread", description: "threads are not served" }],
    metadata: { error_code: "thread_unsupported_request", unsupported: "thread" },
  });
}

/** Options of the dialect from its headers. Their names differ from all fields of a body. */
function headerOptions(header: Header): JsonObject {
  const betas = (header("anthropic-beta") ?? "").split(",").flatMap((name) => name.trim() || []);
  const version = header("anthropic-version");
  return {
    ...(betas.length > 0 && { betas }),
    ...(version !== undefined && { "anthropic-version": version }),
  };
}

type Header = (name: string) => string | undefined;

/** Throws INVALID_ARGUMENT with the path of the field. */
export function decodeRequest(source: JsonObject, header: Header): StreamableRequest {
  const body = new Fields(source);
  refuseThread(body);
  const model = body.requiredText("model");
  const isStream = body.flag("stream") ?? false;
  const toolChoice = decodeToolChoice(body);
  const spec: GenerationSpec = {
    ...DOOR_DEFAULTS,
    model,
    messages: decodeMessages(body),
    tools: body.objects("tools").map(decodeTool),
    ...(toolChoice !== undefined && { toolChoice }),
    sampling: decodeSampling(body),
    reasoning: decodeReasoning(body),
    outputFormat: decodeFormat(body.object("output_config")),
    endUserId: body.object("metadata")?.text("user_id") ?? "",
  };
  const wishes = body.object("steer")?.source;
  const passed = { ...body.rest(), ...headerOptions(header) };
  const providerOptions = Object.keys(passed).length === 0 ? {} : { [OPTIONS]: passed };
  return { spec: { ...spec, providerOptions }, wishes, isStream };
}
