// The request of `generate` and `stream`: options, a file, a prompt.
import { readFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import { create, fromJson, type JsonObject } from "@bufbuild/protobuf";
import { MessageSchema, Role } from "../../gen/service/steer/v1/content_pb.ts";
import {
  type GenerationSpec,
  GenerationSpecSchema,
  OutputFormatSchema,
  SamplingParamsSchema,
} from "../../gen/service/steer/v1/generation_pb.ts";
import { parseNumber } from "./arguments.ts";
import type { CommandContext } from "./command.ts";
import type { FlagTable } from "./flags.ts";
import { UsageError } from "./usage-error.ts";

/** Help about the source of the prompt. */
export const PROMPT_HELP =
  "The prompt is taken from the arguments; without arguments, from standard input.";

/** A request from the command line. */
interface Asked {
  readonly spec: GenerationSpec;
  readonly timeoutMs: number | undefined;
  readonly asJson: boolean;
}

/** The options of a request. */
export const REQUEST_OPTIONS = {
  model: {
    type: "string",
    value: "NAME",
    help: "model, alias or provider/model; default: simulator",
  },
  system: { type: "string", value: "TEXT", help: "instructions" },
  "max-tokens": { type: "string", value: "N", help: "most output tokens" },
  temperature: { type: "string", value: "X", help: "0 to 2" },
  "json-schema": {
    type: "string",
    value: "FILE",
    help: "JSON output that follows this JSON Schema",
  },
  "provider-options": {
    type: "string",
    value: "JSON",
    help: `extra fields by provider, e.g. '{"simulator":{"pace_ms":50}}'`,
  },
  spec: {
    type: "string",
    value: "FILE",
    help: "a whole GenerationSpec as JSON; other options override it",
  },
  timeout: { type: "string", value: "SECONDS", help: "deadline of the call" },
  json: { type: "boolean", help: "print messages as JSON, one per line" },
} as const satisfies FlagTable;

function json(name: string, source: string): unknown {
  try {
    return JSON.parse(source);
  } catch {
    throw new UsageError(`--${name} is not JSON`);
  }
}

function file(name: string, path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    throw new UsageError(`--${name}: ${path} cannot be read`);
  }
}

function specFile(path: string | undefined): GenerationSpec | undefined {
  if (path === undefined) return undefined;
  try {
    return fromJson(GenerationSpecSchema, json("spec", file("spec", path)) as never);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new UsageError(`--spec: ${path} is not a GenerationSpec: ${why}`);
  }
}

/** A map of objects, such as `provider_options`. */
function jsonObjects(name: string, source: string): Record<string, JsonObject> {
  const value = json(name, source);
  const isObject = (each: unknown): each is JsonObject =>
    typeof each === "object" && each !== null && !Array.isArray(each);
  if (!isObject(value) || !Object.values(value).every(isObject)) {
    throw new UsageError(`--${name} takes an object of objects, by provider`);
  }
  return Object.fromEntries(Object.entries(value).filter((entry) => isObject(entry[1]))) as never;
}

/** One user message, after the instructions if there are any. */
function conversation(prompt: string, system: string | undefined): Partial<GenerationSpec> {
  if (system === undefined) return { prompt, messages: [] };
  const message = (role: Role, text: string) =>
    create(MessageSchema, { role, parts: [{ data: { case: "text", value: { text } } }] });
  return { prompt: "", messages: [message(Role.SYSTEM, system), message(Role.USER, prompt)] };
}

type Values = {
  readonly [Name in keyof typeof REQUEST_OPTIONS]?: (typeof REQUEST_OPTIONS)[Name] extends {
    readonly type: "boolean";
  }
    ? boolean
    : string;
};

export async function readRequest(
  values: Values,
  positionals: readonly string[],
  context: CommandContext,
): Promise<Asked> {
  const base = specFile(values.spec);
  const given = positionals.join(" ");
  const hasMessages = base !== undefined && (base.messages.length > 0 || base.prompt !== "");
  const prompt = given === "" && !hasMessages ? (await text(context.stdin)).trim() : given;
  if (prompt === "" && !hasMessages) throw new UsageError("there is no prompt");
  const seconds = parseNumber("timeout", values.timeout);
  const maxOutputTokens = parseNumber("max-tokens", values["max-tokens"]);
  const temperature = parseNumber("temperature", values.temperature);
  const schema = values["json-schema"];
  const options = values["provider-options"];
  const spec = base ?? create(GenerationSpecSchema, { model: "simulator" });
  if (values.model !== undefined) spec.model = values.model;
  if (prompt !== "") Object.assign(spec, conversation(prompt, values.system));
  if (maxOutputTokens !== undefined || temperature !== undefined) {
    spec.sampling ??= create(SamplingParamsSchema);
    if (maxOutputTokens !== undefined) spec.sampling.maxOutputTokens = maxOutputTokens;
    if (temperature !== undefined) spec.sampling.temperature = temperature;
  }
  if (schema !== undefined) {
    const value = { name: "output", schema: file("json-schema", schema) };
    spec.outputFormat = create(OutputFormatSchema, { format: { case: "jsonSchema", value } });
  }
  if (options !== undefined) spec.providerOptions = jsonObjects("provider-options", options);
  const timeoutMs = seconds === undefined ? undefined : seconds * 1000;
  return { spec, timeoutMs, asJson: values.json ?? false };
}
