import { invalidField } from "../../domain/gateway-error.ts";
import type {
  CacheHint,
  FilePart,
  ImagePart,
  MediaSource,
  Message,
  Part,
  TextPart,
  ToolCallPart,
  ToolResultPart,
} from "../../domain/generation-spec.ts";
import type { JsonObject } from "../../domain/json.ts";
import type { ProviderData } from "../../domain/provider-data.ts";
import { isAudioPart, isCustomCall } from "./chat-message-data.ts";
import { type BodyFields, RawJson, rawArray, rawObject } from "./json-body.ts";
import type { Placements } from "./placements.ts";
import { rawPart, withData } from "./provider-json.ts";

export interface ChatMessageWire {
  /** Field of a part that marks the end of a reusable prefix; undefined: no field does. */
  readonly cacheField: CacheField | undefined;
  /** Field of an assistant message for returned reasoning text; undefined: there is none. */
  readonly reasoningField: ReasoningField | undefined;
  readonly systemPlace: SystemPlace;
}

/** With `content`, reasoning is sent as parts of type `thinking` (Mistral). */
export type ReasoningField = "reasoning_content" | "reasoning" | "content";

/** `first`: a single system message at the start, which the templates of many open models require. */
export type SystemPlace = "anywhere" | "first";

/** Inline bytes as a data URL. */
export function dataUrl(source: Extract<MediaSource, { type: "inline" }>): string {
  const { data, mediaType } = source;
  const base64 = Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("base64");
  return `data:${mediaType};base64,${base64}`;
}

/** OpenAI's mark, or Anthropic's for servers that translate (OpenRouter). */
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

/** A part of a message. A part with fields of the vendor is JSON text. */
type Encoded = JsonObject | RawJson;

/** A message, with the fields that its vendor has added. */
interface EncodedMessage {
  readonly role: string;
  readonly fields: BodyFields;
  readonly data?: ProviderData | undefined;
}

/** Text parts, the only ones that roles other than `user` support. */
function encodeText(part: Part, path: string): Encoded {
  if (part.type === "text") return { type: "text", text: part.text };
  if (part.type === "provider") return rawPart(part);
  throw invalidField(path, `a part of type ${part.type} cannot stand here at this provider`);
}

function encodeUserPart(part: Part, path: string): Encoded {
  switch (part.type) {
    case "image":
      return encodeImage(part, path);
    case "file":
      return encodeFile(part, path);
    default:
      return encodeText(part, path);
  }
}

/** The part with the caller's cache mark and the vendor's fields. */
function completed(encoded: Encoded, { providerData }: Part, mark: JsonObject): Encoded {
  if (encoded instanceof RawJson) return encoded;
  const marked = { ...encoded, ...mark };
  return providerData === undefined ? marked : withData(marked, providerData);
}

/** A single plain text as a string, the shortest form; otherwise parts. */
function content(parts: readonly Encoded[]): RawJson | string {
  const [first] = parts;
  if (first === undefined) return "";
  const plain =
    parts.length === 1 &&
    !(first instanceof RawJson) &&
    first.type === "text" &&
    Object.keys(first).length === 2;
  if (plain && typeof first.text === "string") return first.text;
  return rawArray(parts.map((each) => (each instanceof RawJson ? each : rawObject(each))));
}

function encodeToolResult(part: ToolResultPart, path: string): EncodedMessage {
  const parts = part.content.map((entry, index) =>
    completed(encodeText(entry, `${path}.content[${index}]`), entry, {}),
  );
  // The wire has no flag for a failed tool, so the text marks it.
  const marked = part.isError ? [{ type: "text", text: "Error:" }, ...parts] : parts;
  return {
    role: "tool",
    fields: { role: "tool", tool_call_id: part.toolCallId, content: content(marked) },
    data: part.providerData,
  };
}

function encodeCall(part: ToolCallPart): RawJson {
  const { id, name, argumentsJson, providerData } = part;
  return isCustomCall(part)
    ? withData({ id, type: "custom", custom: { name, input: argumentsJson } }, providerData)
    : withData(
        { id, type: "function", function: { name, arguments: argumentsJson } },
        providerData,
      );
}

/** A thought in Mistral's form. */
function thinkingPart(text: string): Encoded {
  return { type: "thinking", thinking: [{ type: "text", text }] };
}

function encodeAssistant(message: Message, path: string, wire: ChatMessageWire): EncodedMessage {
  const parts: Encoded[] = [];
  const calls: RawJson[] = [];
  let reasoning = "";
  for (const [index, part] of message.parts.entries()) {
    if (part.type === "tool-call") calls.push(encodeCall(part));
    else if (part.type === "reasoning") {
      if (wire.reasoningField !== "content") reasoning += part.text;
      else if (part.text !== "") parts.push(thinkingPart(part.text));
    } else if (part.type === "refusal") {
      parts.push(completed({ type: "refusal", refusal: part.text }, part, {}));
    } else if (part.type !== "provider" || !isAudioPart(part)) {
      parts.push(completed(encodeText(part, `${path}.parts[${index}]`), part, {}));
    }
  }
  return {
    role: "assistant",
    fields: {
      role: "assistant",
      // Beside calls, empty content must be "" and not null: llama-cpp-python fails with null, and every server
      // accepts "".
      content: content(parts),
      ...(calls.length === 0 ? undefined : { tool_calls: rawArray(calls) }),
      ...(wire.reasoningField === undefined || reasoning === ""
        ? undefined
        : { [wire.reasoningField]: reasoning }),
    },
    data: message.providerData,
  };
}

function encodeMessage(message: Message, path: string, wire: ChatMessageWire): EncodedMessage[] {
  if (message.role === "assistant") return [named(encodeAssistant(message, path, wire), message)];
  const results: EncodedMessage[] = [];
  const parts: Encoded[] = [];
  const encode = message.role === "user" ? encodeUserPart : encodeText;
  for (const [index, part] of message.parts.entries()) {
    const partPath = `${path}.parts[${index}]`;
    if (part.type === "tool-result") results.push(encodeToolResult(part, partPath));
    else {
      const mark = cacheMark(part.cacheHint, wire.cacheField);
      parts.push(completed(encode(part, partPath), part, mark));
    }
  }
  if (parts.length === 0 && results.length > 0) return results;
  const { role, providerData: data } = message;
  const own: EncodedMessage = { role, fields: { role, content: content(parts) }, data };
  return [...results, named(own, message)];
}

function named(encoded: EncodedMessage, { name }: Message): EncodedMessage {
  if (name === undefined || name === "") return encoded;
  return { ...encoded, fields: { ...encoded.fields, name } };
}

/** Parts that `encodeChatMessages` can encode. */
export const CHAT_PLACEMENTS: Placements = {
  parts: {
    system: ["text", "tool-result"],
    user: ["text", "image", "file", "tool-result", "provider"],
    assistant: ["text", "refusal", "reasoning", "tool-call", "provider"],
    tool: ["text", "tool-result", "provider"],
    "tool-result": ["text", "provider"],
  },
  image: ["inline", "uri"],
  file: ["inline", "provider-file"],
};

/** Whether a part is text without additions. */
function isPlain(part: Part): part is TextPart {
  return part.type === "text" && part.cacheHint === undefined && part.providerData === undefined;
}

/** Joins all system messages into one at the start. */
function systemFirst(messages: readonly Message[]): readonly Message[] {
  const [first, ...more] = messages.filter(({ role }) => role === "system");
  if (first === undefined || (more.length === 0 && messages[0] === first)) return messages;
  const parts = [first, ...more].flatMap((message) => message.parts);
  const text = parts.every(isPlain) ? parts.map((part) => part.text).join("\n\n") : undefined;
  return [
    { ...first, parts: text === undefined ? parts : [{ type: "text", text }] },
    ...messages.filter(({ role }) => role !== "system"),
  ];
}

/** Moves tool results directly after their calls, before other later messages. */
function resultsFirst(encoded: readonly EncodedMessage[]): readonly EncodedMessage[] {
  const ordered: EncodedMessage[] = [];
  let others: EncodedMessage[] = [];
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
export function encodeChatMessages(messages: readonly Message[], wire: ChatMessageWire): RawJson {
  const encoded = resultsFirst(
    (wire.systemPlace === "first" ? systemFirst(messages) : messages).flatMap((message, index) =>
      encodeMessage(message, `spec.messages[${index}]`, wire),
    ),
  );
  return rawArray(encoded.map(({ fields, data }) => withData(fields, data)));
}
