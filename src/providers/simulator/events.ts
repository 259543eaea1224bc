import type { FunctionTool, GenerationSpec, Message, Part } from "../../domain/generation-spec.ts";
import type { JsonValue } from "../../domain/json.ts";
import type { FinishReason, ProviderEvent } from "../../domain/provider-event.ts";
import { countCodePoints } from "../../domain/text.ts";
import { smallestValue } from "./json-value.ts";
import type { Script } from "./request.ts";
import { defaultLength, hash, pieces, words } from "./text.ts";

/** Longest token of structured output and of a scripted text, in code points. */
const JSON_TOKEN_POINTS = 3;
const TEXT_TOKEN_POINTS = 4;

const CODE_POINTS_PER_TOKEN = 4;
const TOKENS_PER_MESSAGE = 4;

/** The whole answer, before anything goes wrong with it. */
export interface Plan {
  readonly deltas: readonly ProviderEvent[];
  readonly reason: FinishReason;
  readonly inputTokens: number;
}

function partText(part: Part): string {
  switch (part.type) {
    case "text":
    case "refusal":
    case "reasoning":
      return part.text;
    case "tool-call":
      return part.argumentsJson;
    case "tool-result":
      return part.content.map(partText).join("");
    case "image":
    case "file":
      return "";
  }
}

function messageText(message: Message): string {
  return message.parts.map(partText).join("");
}

/** Code points of all text / 4, rounded up, plus 4 a message. */
function inputTokens(spec: GenerationSpec): number {
  const points = spec.messages.reduce(
    (sum, message) => sum + countCodePoints(messageText(message)),
    0,
  );
  return Math.ceil(points / CODE_POINTS_PER_TOKEN) + spec.messages.length * TOKENS_PER_MESSAGE;
}

function calledTool({ toolChoice, tools }: GenerationSpec): FunctionTool | undefined {
  const mode = toolChoice?.mode;
  if (mode === undefined || mode === "auto" || mode === "none") return undefined;
  return tools.find(
    (tool): tool is FunctionTool =>
      tool.type === "function" && (mode === "required" || tool.name === mode.functionName),
  );
}

function seedOf(spec: GenerationSpec): number {
  return hash(spec.messages.map((message) => `${message.role}:${messageText(message)}`).join("\n"));
}

function jsonText(schema: string): string {
  return JSON.stringify(schema === "" ? {} : smallestValue(JSON.parse(schema) as JsonValue));
}

/** The first stop sequence in `text`, by position. */
function stopAt(text: string, sequences: readonly string[]): number {
  const found = sequences.map((sequence) => text.indexOf(sequence)).filter((at) => at >= 0);
  return found.length === 0 ? -1 : Math.min(...found);
}

/** Tokens up to UTF-16 position `end` of their joined text. */
function cutTokens(tokens: readonly string[], end: number): string[] {
  const kept: string[] = [];
  let position = 0;
  for (const token of tokens) {
    if (position >= end) break;
    kept.push(token.slice(0, end - position));
    position += token.length;
  }
  return kept;
}

function textTokens(spec: GenerationSpec, script: Script): Iterable<string> {
  const format = spec.outputFormat;
  if (script.text !== undefined) return pieces(script.text, TEXT_TOKEN_POINTS);
  if (format.type === "json-object") return pieces('{"ok":true}', JSON_TOKEN_POINTS);
  if (format.type === "json-schema") return pieces(jsonText(format.schema), JSON_TOKEN_POINTS);
  const seed = seedOf(spec);
  return words(seed, script.tokens ?? defaultLength(seed));
}

function planTool(spec: GenerationSpec, tool: FunctionTool, limit: number) {
  const all = [...pieces(jsonText(tool.parametersJsonSchema), JSON_TOKEN_POINTS)];
  const id = `call_${seedOf(spec).toString(16).padStart(8, "0")}`;
  const deltas = all
    .slice(0, limit)
    .map(
      (argumentsFragment, index): ProviderEvent =>
        index === 0
          ? { type: "tool-call-delta", partIndex: 0, id, name: tool.name, argumentsFragment }
          : { type: "tool-call-delta", partIndex: 0, argumentsFragment },
    );
  const reason: FinishReason = all.length > limit ? "max-tokens" : "tool-calls";
  return { deltas, reason, inputTokens: inputTokens(spec) };
}

/** What the simulator answers: it depends on the request alone, streamed or not. */
export function planAnswer(spec: GenerationSpec, script: Script): Plan {
  const limit = spec.sampling.maxOutputTokens ?? Number.POSITIVE_INFINITY;
  const tool = calledTool(spec);
  if (tool !== undefined) return planTool(spec, tool, limit);

  const all = [...textTokens(spec, script)];
  const allowed = all.length > limit ? all.slice(0, limit) : all;
  const sequences = spec.sampling.stopSequences ?? [];
  const end = sequences.length === 0 ? -1 : stopAt(allowed.join(""), sequences);
  const tokens = end < 0 ? allowed : cutTokens(allowed, end);
  return {
    deltas: tokens.map((text) => ({ type: "text-delta", partIndex: 0, text })),
    reason: end >= 0 ? "stop-sequence" : allowed === all ? "stop" : "max-tokens",
    inputTokens: inputTokens(spec),
  };
}
