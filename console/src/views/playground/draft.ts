// The fields of the form, and the request that they make.
import type { JsonObject } from "@bufbuild/protobuf";

export interface Draft {
  readonly models: readonly string[];
  readonly system: string;
  readonly prompt: string;
  readonly temperature: string;
  readonly maxOutputTokens: string;
  readonly effort: string;
  readonly format: "text" | "json_object" | "json_schema";
  readonly schema: string;
  readonly tools: string;
  /** Mode of `ToolChoice`; "": the model decides. */
  readonly toolMode: string;
  /** Script of the simulator, as JSON. */
  readonly simulator: string;
}

export const NEW_DRAFT: Draft = {
  models: [""],
  system: "",
  prompt: "",
  temperature: "",
  maxOutputTokens: "",
  effort: "",
  format: "text",
  schema: `{
  "type": "object",
  "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
  "required": ["name", "age"]
}`,
  tools: "",
  toolMode: "",
  simulator: "",
};

/** What is wrong with a field, in words. */
export class DraftError extends Error {
  readonly field: keyof Draft;

  constructor(field: keyof Draft, message: string) {
    super(message);
    this.field = field;
  }
}

function parseJson(field: keyof Draft, name: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new DraftError(field, `${name} is not JSON: ${why}`);
  }
}

function isRecord(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A number within bounds, or a `DraftError`. */
function parseNumber(draft: Draft, field: "temperature" | "maxOutputTokens", most: number): number {
  const value = Number(draft[field]);
  const isWhole = field !== "maxOutputTokens" || (Number.isInteger(value) && value >= 1);
  if (Number.isFinite(value) && value >= 0 && value <= most && isWhole) return value;
  const what = field === "temperature" ? "Temperature" : "Most output tokens";
  const range = field === "temperature" ? "a number from 0 to 2" : "a whole number from 1";
  throw new DraftError(field, `${what} takes ${range}.`);
}

const TOOL_FORM = `Tools take a JSON list such as [{"name": "weather", "parameters": {"type": "object"}}].`;

/** Tools by name, description and parameters, with or without `function` around them. */
function parseTools(text: string): JsonObject[] {
  const tools = parseJson("tools", "The list of tools", text);
  if (!Array.isArray(tools)) throw new DraftError("tools", TOOL_FORM);
  return tools.map((tool: unknown) => {
    const given = isRecord(tool) && isRecord(tool["function"]) ? tool["function"] : tool;
    if (!isRecord(given) || typeof given["name"] !== "string") {
      throw new DraftError("tools", TOOL_FORM);
    }
    const { name, description, parameters } = given;
    return {
      function: {
        name,
        ...(typeof description === "string" && { description }),
        ...(isRecord(parameters) && { parametersJsonSchema: JSON.stringify(parameters) }),
      },
    };
  });
}

function formatOf({ format, schema }: Draft): JsonObject {
  if (format === "json_object") return { jsonObject: {} };
  parseJson("schema", "The schema", schema);
  return { jsonSchema: { name: "answer", schema } };
}

function scriptOf({ simulator }: Draft): JsonObject {
  const script = parseJson("simulator", "The simulator's script", simulator);
  if (!isRecord(script)) {
    throw new DraftError("simulator", "The simulator's script is a JSON object.");
  }
  return script;
}

/** The `GenerationSpec` of one model as JSON. Throws `DraftError`. */
function specOf(draft: Draft, model: string): JsonObject {
  const part = (role: string, text: string) => ({ role, parts: [{ text: { text } }] });
  const sampling = {
    ...(draft.temperature !== "" && { temperature: parseNumber(draft, "temperature", 2) }),
    ...(draft.maxOutputTokens !== "" && {
      maxOutputTokens: parseNumber(draft, "maxOutputTokens", 2 ** 31 - 1),
    }),
  };
  const script = draft.simulator.trim() === "" ? undefined : scriptOf(draft);
  return {
    model,
    ...(draft.system === ""
      ? { prompt: draft.prompt }
      : { messages: [part("ROLE_SYSTEM", draft.system), part("ROLE_USER", draft.prompt)] }),
    ...(draft.tools.trim() !== "" && { tools: parseTools(draft.tools) }),
    ...(draft.toolMode !== "" && { toolChoice: { mode: draft.toolMode } }),
    ...(Object.keys(sampling).length > 0 && { sampling }),
    ...(draft.effort !== "" && { reasoning: { effort: draft.effort, includeText: true } }),
    ...(draft.format !== "text" && { outputFormat: formatOf(draft) }),
    ...(script !== undefined && { providerOptions: { simulator: script } }),
    // A script whose stream breaks shows its recovery, since this page drops discarded output.
    ...(script?.["faults"] !== undefined && {
      routing: { midStreamRecovery: "MID_STREAM_RECOVERY_RESTART" },
    }),
  };
}

/** Time that a stream continues for after its connection was dropped. */
export const GRACE = "60s";

/** A `StreamGenerateRequest` as JSON, without its `requestId`. Throws `DraftError`. */
export function toRequest(draft: Draft, model: string): JsonObject {
  if (model === "") throw new DraftError("models", "Name a model.");
  if (draft.prompt === "") throw new DraftError("prompt", "Write a prompt.");
  return {
    spec: specOf(draft, model),
    options: {
      ...(draft.format !== "text" && { jsonMode: "JSON_STREAM_MODE_PATCHES" }),
      includeUsage: true,
      disconnectGrace: GRACE,
    },
    acceptsDiscard: true,
  };
}
