import { type FieldViolation, invalidField } from "../../domain/gateway-error.ts";
import type {
  CacheHint,
  FilePart,
  ImagePart,
  MediaSource,
  Message,
  Part,
  ProviderPart,
  ReasoningPart,
  RefusalPart,
  TextPart,
  ToolCallPart,
  ToolResultPart,
} from "../../domain/generation-spec.ts";
import { isJsonObject, type JsonObject } from "../../domain/json.ts";
import { RawJson, rawArray, rawEntries, rawObject } from "../shared/json-body.ts";
import { misplacedPart, type Placements } from "../shared/placements.ts";
import { rawFields, rawPart, withData } from "../shared/provider-json.ts";

/** A turn on the wire. Adjacent messages of one role become one turn. */
interface Turn {
  readonly role: "user" | "assistant";
  /** Tool results, which come first in a user turn. */
  readonly results: RawJson[];
  readonly blocks: RawJson[];
}

function cacheControl(hint: CacheHint | undefined): JsonObject | undefined {
  if (hint === undefined) return undefined;
  return hint.ttl === "" ? { type: "ephemeral" } : { type: "ephemeral", ttl: hint.ttl };
}

function base64(source: Extract<MediaSource, { type: "inline" }>): string {
  const { data } = source;
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("base64");
}

function encodeSource(source: MediaSource): JsonObject {
  switch (source.type) {
    case "inline":
      return { type: "base64", media_type: source.mediaType, data: base64(source) };
    case "uri":
      return { type: "url", url: source.uri };
    case "provider-file":
      return { type: "file", file_id: source.fileId };
  }
}

function encodeImage({ source, cacheHint, providerData }: ImagePart): RawJson {
  return withData(
    { type: "image", source: encodeSource(source), cache_control: cacheControl(cacheHint) },
    providerData,
  );
}

/** Plain text is sent as text, because only PDF is accepted as base64. */
function encodeFile({ source, filename, cacheHint, providerData }: FilePart): RawJson {
  const plain = source.type === "inline" && source.mediaType.startsWith("text/");
  const content = plain
    ? { type: "text", media_type: "text/plain", data: Buffer.from(source.data).toString("utf8") }
    : encodeSource(source);
  return withData(
    {
      type: "document",
      source: content,
      title: filename === "" ? undefined : filename,
      cache_control: cacheControl(cacheHint),
    },
    providerData,
  );
}

function encodeText(part: TextPart | RefusalPart): RawJson {
  const { text, cacheHint, providerData } = part;
  return withData({ type: "text", text, cache_control: cacheControl(cacheHint) }, providerData);
}

/** A block as the vendor wrote it, with the caller's cache mark added. */
function encodeProviderPart(part: ProviderPart): RawJson {
  const mark = cacheControl(part.cacheHint);
  return mark === undefined
    ? rawPart(part)
    : rawEntries([...rawFields(part.json), ["cache_control", mark]]);
}

/** The text of an answer with its citations. The vendor accepts citations only there. */
function encodeAnswerText(part: TextPart): RawJson {
  const { text, cacheHint, providerData, annotations = [] } = part;
  const citations = annotations.flatMap((each) =>
    each.providerData === undefined ? [] : [rawPart(each.providerData)],
  );
  return withData(
    {
      type: "text",
      text,
      citations: citations.length === 0 ? undefined : rawArray(citations),
      cache_control: cacheControl(cacheHint),
    },
    providerData,
  );
}

function misplaced(part: Part, path: string): Error {
  return invalidField(path, `a part of type ${part.type} cannot stand here at this provider`);
}

function encodeUserPart(part: Part, path: string): RawJson {
  switch (part.type) {
    case "text":
      return encodeText(part);
    case "provider":
      return encodeProviderPart(part);
    case "image":
      return encodeImage(part);
    case "file":
      return encodeFile(part);
    default:
      throw misplaced(part, path);
  }
}

function encodeToolResult(part: ToolResultPart, path: string): RawJson {
  const content = part.content.map((entry, index) =>
    encodeUserPart(entry, `${path}.content[${index}]`),
  );
  return withData(
    {
      type: "tool_result",
      tool_use_id: part.toolCallId,
      content: content.length === 0 ? undefined : rawArray(content),
      is_error: part.isError ? true : undefined,
      cache_control: cacheControl(part.cacheHint),
    },
    part.providerData,
  );
}

/** Signatures are sent back unchanged. Without one, the provider accepts no reasoning. */
function encodeReasoning(part: ReasoningPart): RawJson | undefined {
  if (part.signature.length === 0) return undefined;
  const signature = Buffer.from(part.signature).toString("utf8");
  return part.redacted
    ? withData({ type: "redacted_thinking", data: signature }, part.providerData)
    : withData({ type: "thinking", thinking: part.text, signature }, part.providerData);
}

/** Inputs by part, so that arguments are parsed once for the check and the body. */
const inputs = new WeakMap<ToolCallPart, string | undefined>();

/**
 * The arguments of a call as the JSON text of an object; empty arguments and null count as an empty object.
 * Undefined: the arguments are no object.
 */
function inputOf(part: ToolCallPart): string | undefined {
  if (!inputs.has(part)) inputs.set(part, readInput(part.argumentsJson));
  return inputs.get(part);
}

function readInput(json: string): string | undefined {
  if (json.trim() === "") return "{}";
  try {
    const value: unknown = JSON.parse(json);
    if (value === null) return "{}";
    return isJsonObject(value) ? json : undefined;
  } catch {
    return undefined;
  }
}

function encodeAssistantPart(part: Part, path: string): RawJson | undefined {
  switch (part.type) {
    case "text":
      return encodeAnswerText(part);
    case "refusal":
      return encodeText(part);
    case "provider":
      return encodeProviderPart(part);
    case "reasoning":
      return encodeReasoning(part);
    case "tool-call":
      return withData(
        {
          type: "tool_use",
          id: part.id,
          name: part.name,
          input: new RawJson(inputOf(part) ?? "{}"),
          cache_control: cacheControl(part.cacheHint),
        },
        part.providerData,
      );
    default:
      throw misplaced(part, path);
  }
}

function addMessage(turn: Turn, message: Message, path: string): void {
  for (const [index, part] of message.parts.entries()) {
    const at = `${path}.parts[${index}]`;
    if (part.type === "tool-result") turn.results.push(encodeToolResult(part, at));
    else if (turn.role === "assistant") {
      const block = encodeAssistantPart(part, at);
      if (block !== undefined) turn.blocks.push(block);
    } else turn.blocks.push(encodeUserPart(part, at));
  }
}

const MESSAGES_PLACEMENTS: Placements = {
  parts: {
    system: ["text"],
    user: ["text", "image", "file", "tool-result", "provider"],
    assistant: ["text", "refusal", "reasoning", "tool-call", "tool-result", "provider"],
    tool: ["text", "image", "file", "tool-result", "provider"],
    "tool-result": ["text", "image", "file", "provider"],
  },
  image: ["inline", "uri", "provider-file"],
  file: ["inline", "uri", "provider-file"],
};

/** The part that `encodeSystem` and `encodeTurns` cannot encode; undefined: all can be encoded. */
export function unsupportedMessages(messages: readonly Message[]): FieldViolation | undefined {
  const found = misplacedPart(messages, MESSAGES_PLACEMENTS);
  if (found !== undefined) return found;
  for (const [index, { parts }] of messages.entries()) {
    for (const [position, part] of parts.entries()) {
      if (part.type !== "tool-call" || inputOf(part) !== undefined) continue;
      const field = `spec.messages[${index}].parts[${position}].tool_call.arguments_json`;
      return { field, description: "a tool call with arguments that are no JSON object" };
    }
  }
  return undefined;
}

/** `system`: all system messages in order, as blocks. */
export function encodeSystem(messages: readonly Message[]): RawJson | undefined {
  const blocks = messages.flatMap((message, index) =>
    message.role !== "system"
      ? []
      : message.parts.map((part, position) => {
          if (part.type === "text") return encodeText(part);
          throw misplaced(part, `spec.messages[${index}].parts[${position}]`);
        }),
  );
  return blocks.length === 0 ? undefined : rawArray(blocks);
}

/** `messages`: alternating turns, tool results first. Throws `GatewayError` for a part that the wire cannot carry. */
export function encodeTurns(messages: readonly Message[]): RawJson {
  const turns: Turn[] = [];
  for (const [index, message] of messages.entries()) {
    if (message.role === "system") continue;
    const role = message.role === "assistant" ? "assistant" : "user";
    const last = turns.at(-1);
    const turn: Turn = last?.role === role ? last : { role, results: [], blocks: [] };
    if (turn !== last) turns.push(turn);
    addMessage(turn, message, `spec.messages[${index}]`);
  }
  const encoded = turns
    .map(({ role, results, blocks }) => ({ role, content: [...results, ...blocks] }))
    .filter(({ content }) => content.length > 0)
    .map(({ role, content }) => rawObject({ role, content: rawArray(content) }));
  return rawArray(encoded);
}
