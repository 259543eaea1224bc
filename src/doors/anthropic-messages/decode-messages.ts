// Decodes the messages of Anthropic's API into messages of the contract.
import type {
  CacheHint,
  MediaSource,
  Message,
  Part,
  ToolResultPart,
} from "../../domain/generation-spec.ts";
import type { Fields } from "../shared/fields.ts";
import { dataOf, originOf, restData } from "../shared/rest-data.ts";

/** Origin of provider data: fields without a counterpart in the contract go only to targets of this dialect. */
export const ORIGIN = originOf("messages");

function cacheHintOf(block: Fields): { readonly cacheHint?: CacheHint } {
  const mark = block.object("cache_control");
  mark?.value("type");
  return mark === undefined ? {} : { cacheHint: { ttl: mark.text("ttl") ?? "" } };
}

function providerPart(block: Fields): Part {
  const { cache_control: _, ...own } = block.source;
  return { type: "provider", ...ORIGIN, json: JSON.stringify(own), ...cacheHintOf(block) };
}

/** Undefined: only the vendor can read this kind of source. */
function mediaSource(source: Fields): MediaSource | undefined {
  switch (source.requiredText("type")) {
    case "base64": {
      const data = Buffer.from(source.requiredText("data"), "base64");
      return { type: "inline", data, mediaType: source.text("media_type") ?? "" };
    }
    case "url":
      return { type: "uri", uri: source.requiredText("url"), mediaType: "" };
    case "file": {
      const fileId = source.requiredText("file_id");
      return { type: "provider-file", fileId, provider: ORIGIN.providerType, mediaType: "" };
    }
    case "text": {
      const data = Buffer.from(source.text("data") ?? "");
      source.value("media_type");
      return { type: "inline", data, mediaType: "text/plain" };
    }
    default:
      return undefined;
  }
}

function mediaPart(block: Fields, type: "image" | "file"): Part {
  const source = block.object("source");
  if (source === undefined) throw block.error("source", "an object is required");
  const media = mediaSource(source);
  if (media === undefined) return providerPart(block);
  const hint = cacheHintOf(block);
  if (type === "image") return { type, source: media, ...hint };
  return { type, source: media, filename: block.text("title") ?? "", ...hint };
}

/**
 * Beginning of a coding agent's attribution block. The block differs between calls and spoils the prompt caches of other
 * vendors.
 */
const ATTRIBUTION = "x-anthropic-billing-header:";

function textPart(block: Fields): Part | undefined {
  const text = block.text("text") ?? "";
  if (text.startsWith(ATTRIBUTION)) return providerPart(block);
  return text === "" ? undefined : { type: "text", text, ...cacheHintOf(block) };
}

function reasoningPart(block: Fields, redacted: boolean): Part {
  const signature = Buffer.from(block.text(redacted ? "data" : "signature") ?? "");
  const text = redacted ? "" : (block.text("thinking") ?? "");
  return { type: "reasoning", text, signature, redacted, provider: ORIGIN.providerType };
}

function toolResult(block: Fields): ToolResultPart {
  const content = block.value("content");
  const parts: Part[] =
    typeof content === "string"
      ? content === ""
        ? []
        : [{ type: "text", text: content }]
      : block.objects("content").flatMap((each) => decodeBlock(each) ?? []);
  return {
    type: "tool-result",
    toolCallId: block.requiredText("tool_use_id"),
    name: "",
    content: parts,
    isError: block.flag("is_error") ?? false,
    ...cacheHintOf(block),
  };
}

function toolCall(block: Fields): Part {
  const input = block.object("input");
  return {
    type: "tool-call",
    id: block.requiredText("id"),
    name: block.requiredText("name"),
    argumentsJson: JSON.stringify(input?.source ?? {}),
    ...cacheHintOf(block),
  };
}

/** Undefined: the text is empty. */
function decodeBlock(block: Fields): Part | undefined {
  const known = knownBlock(block);
  return known?.type === "provider" ? known : known && { ...known, ...restData(block, ORIGIN) };
}

function knownBlock(block: Fields): Part | undefined {
  switch (block.requiredText("type")) {
    case "text":
      return textPart(block);
    case "image":
      return mediaPart(block, "image");
    case "document":
      return mediaPart(block, "file");
    case "tool_use":
      return toolCall(block);
    case "tool_result":
      return toolResult(block);
    case "thinking":
      return reasoningPart(block, false);
    case "redacted_thinking":
      return reasoningPart(block, true);
    default:
      return providerPart(block);
  }
}

/** Content is a text or a list of blocks. */
function contentOf(holder: Fields, name: string): Part[] {
  const content = holder.value(name);
  if (typeof content === "string") return content === "" ? [] : [{ type: "text", text: content }];
  return holder.objects(name).flatMap((block) => decodeBlock(block) ?? []);
}

/** Tool results are blocks of user messages in this dialect, and messages of the role `tool` in the contract. */
function userMessages(parts: readonly Part[], message: Fields): Message[] {
  const results = parts.filter(({ type }) => type === "tool-result");
  const others = parts.filter(({ type }) => type !== "tool-result");
  const data = restData(message, ORIGIN);
  return [
    ...(results.length === 0 ? [] : [{ role: "tool", parts: results, ...data } as const]),
    ...(others.length === 0 ? [] : [{ role: "user", parts: others, ...data } as const]),
  ];
}

/** Only targets of the dialect accept a system message between other messages. */
function decodeMessage(message: Fields): Message[] {
  const role = message.word("role", ["user", "assistant", "system"]);
  const parts = contentOf(message, "content");
  if (role === undefined) throw message.error("role", "is required");
  if (parts.length === 0) return [];
  if (role === "user") return userMessages(parts, message);
  const own = role === "system" ? { role } : {};
  return [{ role, parts, ...dataOf({ ...own, ...message.rest() }, ORIGIN) }];
}

/** `system` and `messages` of a request. Throws INVALID_ARGUMENT. */
export function decodeMessages(body: Fields): Message[] {
  const system = contentOf(body, "system");
  const messages = body.objects("messages");
  if (messages.length === 0) throw body.error("messages", "at least one message is required");
  return [
    ...(system.length === 0 ? [] : [{ role: "system", parts: system } as const]),
    ...messages.flatMap(decodeMessage),
  ];
}
