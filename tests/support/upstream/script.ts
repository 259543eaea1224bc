import { isJsonObject, type JsonObject } from "../../../src/domain/json.ts";

/** A fault of one request, with the same fields as the simulator's. */
export interface UpstreamFault {
  readonly attempt: number;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly cut_after_bytes?: number;
  readonly stall_after_events?: number;
  readonly malformed_at?: number;
  readonly error_at?: number;
  /** The answer ends after its last content, without finish reason, counts and end marker. */
  readonly omit_terminator?: boolean;
  /** Answers this request with another text. Only for this server. */
  readonly text?: string;
  readonly refuse?: boolean;
  /** Waits for `release`. Only for this server. */
  readonly held?: boolean;
  /** The connection breaks inside the headers of the answer. Only for this server. */
  readonly cut_headers?: boolean;
}

/** Body field `simulator` of a request. */
export interface UpstreamScript {
  readonly text?: string;
  readonly tokens?: number;
  readonly first_token_ms?: number;
  readonly pace_ms?: number;
  readonly faults?: readonly UpstreamFault[];
  /** Reasoning text before the answer. */
  readonly reasoning?: string;
  /** A continued answer first repeats the prefix. */
  readonly echo?: boolean;
  /** The model refuses with this text. */
  readonly refusal?: string;
}

/** An answer, independent of the dialect. */
export interface UpstreamAnswer {
  readonly id: string;
  readonly model: string;
  readonly reasoning: string;
  readonly refusal: string;
  readonly tokens: readonly string[];
  readonly tool: { readonly id: string; readonly name: string; readonly json: string } | undefined;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** The request asked for usage, in dialects that require it. */
  readonly withUsage: boolean;
}

/** One event of a stream: its text on the wire, and whether it has content. */
export interface WireEvent {
  readonly text: string;
  readonly content: boolean;
}

export interface WireDialect {
  whole(answer: UpstreamAnswer): object;
  events(answer: UpstreamAnswer): WireEvent[];
  /** The end marker, after `count` events. A stream without it stops before. */
  terminator(answer: UpstreamAnswer, count: number): string;
  /** An error inside a stream. */
  error(): string;
  /** An error instead of a whole answer, with HTTP 200. */
  failure(answer: UpstreamAnswer): object;
  /** An event whose data is not JSON. */
  malformed(): string;
  /** A keep-alive event without content. */
  ping(): string;
}

/** Text in pieces of at most three code points. */
export function inPieces(text: string): readonly string[] {
  return text.match(/.{1,3}/gsu) ?? [];
}

export function scriptOf(body: JsonObject): UpstreamScript {
  return isJsonObject(body["simulator"]) ? (body["simulator"] as UpstreamScript) : {};
}

/** The text of a last message of the assistant, which an answer continues; otherwise empty. */
export function prefixOf(body: JsonObject): string {
  const messages = Array.isArray(body["messages"]) ? body["messages"].filter(isJsonObject) : [];
  const last = messages.at(-1);
  if (last?.["role"] !== "assistant") return "";
  const { content } = last;
  if (typeof content === "string") return content;
  const parts = Array.isArray(content) ? content.filter(isJsonObject) : [];
  return parts.map((part) => String(part["text"] ?? "")).join("");
}

/** Words of a prompt that this server understands, of clients that cannot send a script. */
const TOOL_WORDS = "use a tool";
export const JSON_WORDS = "as json";

/** Whether a prompt has these words. */
export function says(body: JsonObject, words: string): boolean {
  return JSON.stringify(body["messages"] ?? body["input"] ?? "").includes(words);
}

/** The prompt asks for a tool, and none has answered yet. */
function asksForTool(body: JsonObject): boolean {
  const isAnswered = ['"role":"tool"', "function_call_output", "tool_result"].some((mark) =>
    says(body, mark),
  );
  return says(body, TOOL_WORDS) && !isAnswered;
}

/** A named or required tool of any dialect's request, and the first one if the prompt asks for a tool. */
export function forcedTool(body: JsonObject): string | undefined {
  const choice = body["tool_choice"];
  const tools = Array.isArray(body["tools"]) ? body["tools"].filter(isJsonObject) : [];
  const nameOf = (tool: JsonObject | undefined): string => {
    const inner = isJsonObject(tool?.["function"]) ? tool["function"] : tool;
    return String(inner?.["name"] ?? "");
  };
  if (choice === "required" || (tools.length > 0 && asksForTool(body))) return nameOf(tools[0]);
  if (!isJsonObject(choice)) return undefined;
  if (choice["type"] === "any") return nameOf(tools[0]);
  return choice["type"] === "function" || choice["type"] === "tool" ? nameOf(choice) : undefined;
}

export function sse(data: object | string, name?: string): string {
  const text = typeof data === "string" ? data : JSON.stringify(data);
  return `${name === undefined ? "" : `event: ${name}\n`}data: ${text}\n\n`;
}
