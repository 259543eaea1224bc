import { invalidField } from "../../domain/gateway-error.ts";
import type {
  CacheHint,
  FilePart,
  ImagePart,
  MediaSource,
  Message,
  Part,
  ToolResultPart,
} from "../../domain/generation-spec.ts";
import type { JsonObject, JsonValue } from "../../domain/json.ts";
import type { Placements } from "./placements.ts";

export interface ChatMessageWire {
  /** Field of a part that marks the end of a reusable prefix; undefined: none does. */
  readonly cacheField: CacheField | undefined;
  /** Field of an assistant message that takes reasoning text back; undefined: none does. */
  readonly reasoningField: string | undefined;
}

/** Inline bytes as a data URL. */
export function dataUrl(source: Extract<MediaSource, { type: "inline" }>): string {
  const { data, mediaType } = source;
  const base64 = Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("base64");
  return `data:${mediaType};base64,${base64}`;
}

/** OpenAI's mark, or Anthropic's behind a translation (OpenRouter). */
export type CacheField = "prompt_cache_breakpoint" | "cache_control";

/** The mark that ends a reusable prefix. */
export function cacheMark(hint: CacheHint | undefined, field: CacheField | undefined): JsonObject {
  if (hint === undefined || field === undefined) return {};
  const ttl = hint.ttl === "" ? {} : { ttl: hint.ttl };
  if (field === "cache_control") return { cache_control: { type: "ephemeral", ...ttl } };
  return { prompt_cache_breakpoint: { mode: "explicit", ...ttl } };
}

function encodeImage({ source, detail }: ImagePart, path: string): JsonObject {
  if (source.type === "provider-file") {
    throw invalidField(path, "this provider takes images inline or by URL, not by file identifier");
  }
  const url = source.type === "inline" ? dataUrl(source) : source.uri;
  return { type: "image_url", image_url: detail === undefined ? { url } : { url, detail } };
}

function encodeFile({ source, filename }: FilePart, path: string): JsonObject {
  switch (source.type) {
    case "provider-file":
      return { type: "file", file: { file_id: source.fileId } };
    case "inline":
      return { type: "file", file: { filename: filename || "file", file_data: dataUrl(source) } };
    case "uri":
      throw invalidField(path, "this provider takes files inline or by identifier, not by URL");
  }
}

/** Texts only: what every role but `user` takes. */
function encodeText(part: Part, path: string): JsonObject {
  if (part.type === "text") return { type: "text", text: part.text };
  throw invalidField(path, `a part of type ${part.type} cannot stand here at this provider`);
}

function encodeUserPart(part: Part, path: string): JsonObject {
  switch (part.type) {
    case "image":
      return encodeImage(part, path);
    case "file":
      return encodeFile(part, path);
    default:
      return encodeText(part, path);
  }
}

/** One plain text as a string, the shortest form; anything else as parts. */
function content(parts: JsonObject[]): JsonValue {
  const [first] = parts;
  if (first === undefined) return "";
  const plain = parts.length === 1 && first.type === "text" && Object.keys(first).length === 2;
  return plain && typeof first.text === "string" ? first.text : parts;
}

function encodeToolResult(part: ToolResultPart, path: string): JsonObject {
  const parts = part.content.map((entry, index) => encodeText(entry, `${path}.content[${index}]`));
  // The wire has no flag for a failed tool: the text has to say it.
  const marked = part.isError ? [{ type: "text", text: "Error:" }, ...parts] : parts;
  return { role: "tool", tool_call_id: part.toolCallId, content: content(marked) };
}

function encodeAssistant(message: Message, path: string, wire: ChatMessageWire): JsonObject {
  const parts: JsonObject[] = [];
  const calls: JsonObject[] = [];
  let reasoning = "";
  for (const [index, part] of message.parts.entries()) {
    if (part.type === "tool-call") {
      const { id, name, argumentsJson } = part;
      calls.push({ id, type: "function", function: { name, arguments: argumentsJson } });
    } else if (part.type === "reasoning") reasoning += part.text;
    else if (part.type === "refusal") parts.push({ type: "refusal", refusal: part.text });
    else parts.push(encodeText(part, `${path}.parts[${index}]`));
  }
  return {
    role: "assistant",
    // Empty and not null beside calls: llama-cpp-python fails with null, and nobody with "".
    content: content(parts),
    ...(calls.length === 0 ? undefined : { tool_calls: calls }),
    ...(wire.reasoningField === undefined || reasoning === ""
      ? undefined
      : { [wire.reasoningField]: reasoning }),
  };
}

function encodeMessage(message: Message, path: string, wire: ChatMessageWire): JsonObject[] {
  if (message.role === "assistant") return [named(encodeAssistant(message, path, wire), message)];
  const results: JsonObject[] = [];
  const parts: JsonObject[] = [];
  const encode = message.role === "user" ? encodeUserPart : encodeText;
  for (const [index, part] of message.parts.entries()) {
    const partPath = `${path}.parts[${index}]`;
    if (part.type === "tool-result") results.push(encodeToolResult(part, partPath));
    else {
      const mark = cacheMark(part.cacheHint, wire.cacheField);
      parts.push({ ...encode(part, partPath), ...mark });
    }
  }
  if (parts.length === 0 && results.length > 0) return results;
  return [...results, named({ role: message.role, content: content(parts) }, message)];
}

function named(encoded: JsonObject, { name }: Message): JsonObject {
  return name === undefined || name === "" ? encoded : { ...encoded, name };
}

/** What `encodeChatMessages` can encode. */
export const CHAT_PLACEMENTS: Placements = {
  parts: {
    system: ["text", "tool-result"],
    user: ["text", "image", "file", "tool-result"],
    assistant: ["text", "refusal", "reasoning", "tool-call"],
    tool: ["text", "tool-result"],
    "tool-result": ["text"],
  },
  image: ["inline", "uri"],
  file: ["inline", "provider-file"],
};

/** Results follow the calls that they answer, before anything else that was said since. */
function resultsFirst(encoded: readonly JsonObject[]): readonly JsonObject[] {
  const ordered: JsonObject[] = [];
  let others: JsonObject[] = [];
  for (const message of encoded) {
    if (message.role === "tool") ordered.push(message);
    else if (message.role !== "assistant") others.push(message);
    else {
      ordered.push(...others, message);
      others = [];
    }
  }
  return [...ordered, ...others];
}

/** `messages` of a Chat Completions request. Throws `GatewayError` for a part that the wire cannot carry. */
export function encodeChatMessages(
  messages: readonly Message[],
  wire: ChatMessageWire,
): readonly JsonObject[] {
  return resultsFirst(
    messages.flatMap((message, index) => encodeMessage(message, `spec.messages[${index}]`, wire)),
  );
}
