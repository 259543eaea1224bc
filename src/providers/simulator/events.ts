import { countCodePoints } from "../../domain/count-code-points.ts";
import { type FieldViolation, GatewayError } from "../../domain/gateway-error.ts";
import type {
  FunctionTool,
  GenerationSpec,
  Message,
  OutputFormat,
  Part,
} from "../../domain/generation-spec.ts";
import type { JsonObject } from "../../domain/json.ts";
import type { FinishReason, ProviderEvent } from "../../domain/provider-event.ts";
import type { Script } from "./request.ts";
import { smallValue } from "./small-value.ts";
import { greeting, hash, pieces, words } from "./text.ts";

/** Longest token of structured output and of a scripted text, in code points. */
const JSON_TOKEN_POINTS = 3;
const TEXT_TOKEN_POINTS = 4;

const CODE_POINTS_PER_TOKEN = 4;
const TOKENS_PER_MESSAGE = 4;

/** The complete answer, before faults are applied. */
export interface Plan {
  /** Text, or the arguments of `call`. May be read once only. */
  readonly tokens: Iterable<string>;
  readonly count: number;
  /** The function that the answer calls. */
  readonly call: { readonly id: string; readonly name: string } | undefined;
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
    case "provider":
    case "image":
    case "file":
      return "";
  }
}

function messageText(message: Message): string {
  return message.parts.map(partText).join("");
}

/** Code points of all text divided by 4, rounded up, plus 4 for each message. */
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

/** The text of the user's last message. */
function promptOf({ messages }: GenerationSpec): string {
  const last = messages.findLast(({ role }) => role === "user");
  return last === undefined ? "" : messageText(last);
}

function seedOf(spec: GenerationSpec): number {
  return hash(spec.messages.map((message) => `${message.role}:${messageText(message)}`).join("\n"));
}

/** Answers by the object with their schema, so that each is computed once for the check and the answer. */
const answers = new WeakMap<object, string>();

function jsonText(owner: object, schema: () => JsonObject): string {
  const known = answers.get(owner);
  if (known !== undefined) return known;
  const answer = JSON.stringify(smallValue(schema()));
  answers.set(owner, answer);
  return answer;
}

/** Arguments are an object even if their schema does not say so. */
function argumentsText(tool: FunctionTool): string {
  const { parametersJsonSchema: text } = tool;
  const own = (): JsonObject => (text === "" ? {} : (JSON.parse(text) as JsonObject));
  return jsonText(tool, () => ({ type: "object", ...own() }));
}

function formatText(format: Extract<OutputFormat, { type: "json-schema" }>): string {
  return jsonText(format, () => JSON.parse(format.schema) as JsonObject);
}

/** The JSON Schema of a request for which the simulator finds no value; undefined: there is a value. */
export function answerMisfit(
  spec: GenerationSpec,
  options: JsonObject,
): FieldViolation | undefined {
  const tool = calledTool(spec);
  const format = spec.outputFormat;
  if (tool === undefined && (format.type !== "json-schema" || "text" in options)) return undefined;
  try {
    if (tool !== undefined) argumentsText(tool);
    else if (format.type === "json-schema") formatText(format);
    return undefined;
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    const field =
      tool === undefined
        ? "spec.output_format.json_schema.schema"
        : `spec.tools[${spec.tools.indexOf(tool)}].function.parameters_json_schema`;
    return { field, description: error.message };
  }
}

/** Position of the first stop sequence in `text`; -1: none. */
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

/** The complete output; undefined: the answer consists of generated words, as many as the script says. */
function givenText(spec: GenerationSpec, script: Script): string[] | undefined {
  const format = spec.outputFormat;
  if (script.text !== undefined) return pieces(script.text, TEXT_TOKEN_POINTS);
  if (format.type === "json-object") return pieces('{"ok":true}', JSON_TOKEN_POINTS);
  if (format.type === "json-schema") return pieces(formatText(format), JSON_TOKEN_POINTS);
  return script.tokens === undefined ? greeting(promptOf(spec)) : undefined;
}

/** The plan, cut at the first stop sequence in its text. */
function planUntil(plan: Plan, sequences: readonly string[]): Plan {
  const all = [...plan.tokens];
  const end = stopAt(all.join(""), sequences);
  if (end < 0) return { ...plan, tokens: all };
  const tokens = cutTokens(all, end);
  return { ...plan, tokens, count: tokens.length, reason: "stop-sequence" };
}

/** The simulator's answer. It depends only on the request, streamed or not. */
export function planAnswer(spec: GenerationSpec, script: Script): Plan {
  const { maxOutputTokens: limit = Number.POSITIVE_INFINITY, stopSequences = [] } = spec.sampling;
  const seed = seedOf(spec);
  const tool = calledTool(spec);
  const given =
    tool === undefined ? givenText(spec, script) : pieces(argumentsText(tool), JSON_TOKEN_POINTS);
  const total = given?.length ?? script.tokens ?? 0;
  const count = Math.min(total, limit);
  const plan: Plan = {
    tokens: given?.slice(0, count) ?? words(seed, count),
    count,
    call: tool && { id: `call_${seed.toString(16).padStart(8, "0")}`, name: tool.name },
    reason: count < total ? "max-tokens" : tool === undefined ? "stop" : "tool-calls",
    inputTokens: inputTokens(spec),
  };
  return tool === undefined && stopSequences.length > 0 ? planUntil(plan, stopSequences) : plan;
}

/** The event for a token, or for all of them together. */
export function deltaOf({ call }: Plan, text: string, isFirst: boolean): ProviderEvent {
  if (call === undefined) return { type: "text-delta", partIndex: 0, text };
  return isFirst
    ? { type: "tool-call-delta", partIndex: 0, ...call, argumentsFragment: text }
    : { type: "tool-call-delta", partIndex: 0, argumentsFragment: text };
}
