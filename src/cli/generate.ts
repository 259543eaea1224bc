import { readFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import { parseArgs } from "node:util";
import { create, fromJson, type JsonObject, toJson } from "@bufbuild/protobuf";
import { MessageSchema, Role } from "../../gen/es/steer/v1/content_pb.ts";
import {
  type GenerationSpec,
  GenerationSpecSchema,
  OutputFormatSchema,
  SamplingParamsSchema,
} from "../../gen/es/steer/v1/generation_pb.ts";
import {
  GenerateResponseSchema,
  GenerationService,
} from "../../gen/es/steer/v1/generation_service_pb.ts";
import { StreamEventSchema } from "../../gen/es/steer/v1/stream_pb.ts";
import { type Command, type CommandContext, UsageError } from "./command.ts";
import { summaryLine, warningLines } from "./output.ts";

const OPTIONS = `
Options:
  --model NAME             model, alias or provider/model (default: simulator)
  --system TEXT            instructions
  --max-tokens N           most output tokens
  --temperature X          0 to 2
  --json-schema FILE       output by this JSON Schema
  --provider-options JSON  extra fields by provider, e.g. '{"simulator":{"pace_ms":50}}'
  --spec FILE              a whole GenerationSpec as JSON; other options go over it
  --timeout SECONDS        deadline of the call
  --json                   print messages as JSON

The prompt is the arguments, or standard input without any.`;

interface Asked {
  readonly spec: GenerationSpec;
  readonly timeoutMs: number | undefined;
  readonly asJson: boolean;
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        model: { type: "string" },
        system: { type: "string" },
        "max-tokens": { type: "string" },
        temperature: { type: "string" },
        "json-schema": { type: "string" },
        "provider-options": { type: "string" },
        spec: { type: "string" },
        timeout: { type: "string" },
        json: { type: "boolean", default: false },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function number(name: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const parsed = Number(value);
  if (value === "" || !Number.isFinite(parsed)) throw new UsageError(`--${name} takes a number`);
  return parsed;
}

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

/** A mapping of objects, as `provider_options` is one. */
function jsonObjects(name: string, source: string): Record<string, JsonObject> {
  const value = json(name, source);
  const isObject = (each: unknown): each is JsonObject =>
    typeof each === "object" && each !== null && !Array.isArray(each);
  if (!isObject(value) || !Object.values(value).every(isObject)) {
    throw new UsageError(`--${name} takes an object of objects, by provider`);
  }
  return Object.fromEntries(Object.entries(value).filter((entry) => isObject(entry[1]))) as never;
}

/** One user message, with instructions before it where there are any. */
function conversation(prompt: string, system: string | undefined): Partial<GenerationSpec> {
  if (system === undefined) return { prompt, messages: [] };
  const message = (role: Role, text: string) =>
    create(MessageSchema, { role, parts: [{ data: { case: "text", value: { text } } }] });
  return { prompt: "", messages: [message(Role.SYSTEM, system), message(Role.USER, prompt)] };
}

async function readRequest(args: readonly string[], context: CommandContext): Promise<Asked> {
  const { values, positionals } = parse(args);
  const base = specFile(values.spec);
  const given = positionals.join(" ");
  const hasMessages = base !== undefined && (base.messages.length > 0 || base.prompt !== "");
  const prompt = given === "" && !hasMessages ? (await text(context.stdin)).trim() : given;
  if (prompt === "" && !hasMessages) throw new UsageError("there is no prompt");
  const seconds = number("timeout", values.timeout);
  const maxOutputTokens = number("max-tokens", values["max-tokens"]);
  const temperature = number("temperature", values.temperature);
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
  return { spec, timeoutMs, asJson: values.json };
}

export const generate: Command = {
  summary: "generate and print the whole answer",
  help: `usage: steer generate [options] [prompt…]\n${OPTIONS}`,
  async run(args, context) {
    const { spec, timeoutMs, asJson } = await readRequest(args, context);
    const response = await context.client.unary(
      GenerationService.method.generate,
      { spec },
      { timeoutMs, signal: context.signal },
    );
    if (asJson) {
      context.stdout.write(`${JSON.stringify(toJson(GenerateResponseSchema, response))}\n`);
      return;
    }
    const { generation } = response;
    if (generation === undefined) return;
    context.stdout.write(`${generation.outputText}\n`);
    for (const part of generation.message?.parts ?? []) {
      if (part.data.case !== "toolCall") continue;
      context.stdout.write(`${part.data.value.name}(${part.data.value.argumentsJson})\n`);
    }
    const lines = [...warningLines(generation), summaryLine(generation)];
    context.stderr.write(`${lines.join("\n")}\n`);
  },
};

const DIM = "\u001b[2m";
const PLAIN = "\u001b[22m";

export const stream: Command = {
  summary: "generate and print the answer as it comes",
  help: `usage: steer stream [options] [prompt…]\n${OPTIONS}`,
  async run(args, context) {
    const { spec, timeoutMs, asJson } = await readRequest(args, context);
    const { stdout, stderr } = context;
    const events = context.client.stream(
      GenerationService.method.streamGenerate,
      { spec, options: { includeUsage: asJson } },
      { timeoutMs, signal: context.signal },
    );
    for await (const message of events) {
      if (asJson) {
        stdout.write(`${JSON.stringify(toJson(StreamEventSchema, message))}\n`);
        continue;
      }
      const { event } = message;
      switch (event.case) {
        case "textDelta":
          stdout.write(event.value.text);
          break;
        case "reasoningDelta":
          if (stderr.isTTY) stderr.write(`${DIM}${event.value.text}${PLAIN}`);
          break;
        case "toolCallDelta":
          stdout.write(
            event.value.name === ""
              ? event.value.argumentsFragment
              : `${event.value.name} ${event.value.argumentsFragment}`,
          );
          break;
        case "complete": {
          const { generation } = event.value;
          if (generation === undefined) break;
          const lines = [...warningLines(generation), summaryLine(generation)];
          stdout.write("\n");
          stderr.write(`${lines.join("\n")}\n`);
          break;
        }
        case "error":
          if (event.value.partial !== undefined) {
            stderr.write(`\n${summaryLine(event.value.partial)}\n`);
          }
          break;
        default:
          break;
      }
    }
  },
};
