// Decodes the messages of Chat Completions into messages of the contract.
import type { CacheHint, Message, Part } from "../../domain/generation-spec.ts";
import { isJsonObject, type JsonValue } from "../../domain/json.ts";
import { Fields } from "../shared/fields.ts";
import { mediaSource } from "../shared/media-source.ts";
import { dataOf, originOf, restData } from "../shared/rest-data.ts";

/** Origin of provider data: fields without a counterpart in the contract go only to targets of this dialect. */
export const ORIGIN = originOf("chat");

/** Cache marks: OpenAI's, and Anthropic's for servers that translate between the dialects. */
const CACHE_MARKS = ["prompt_cache_breakpoint", "cache_control"] as const;

/** Targets of the dialect receive the mark unchanged; all others receive the cache hint. */
function cacheHintOf(part: Fields): { readonly cacheHint?: CacheHint } {
  const mark = CACHE_MARKS.map((name) => part.peek(name)).find(isJsonObject);
  if (mark === undefined) return {};
  const ttl = mark["ttl"];
  return { cacheHint: { ttl: typeof ttl === "string" ? ttl : "" } };
}

const DETAILS = ["auto", "low", "high"] as const;

/** Undefined: only targets of the dialect know this value of `detail`. */
function detailOf(image: Fields) {
  const detail = DETAILS.find((word) => word === image.peek("detail"));
  if (detail !== undefined) image.value("detail");
  return detail === undefined ? {} : { detail };
}

function imagePart(part: Fields): Part {
  const image = part.object("image_url");
  if (image === undefined) throw part.error("image_url", "an object with `url` is required");
  const source = mediaSource(image.requiredText("url"), image.pathOf("url"));
  return { type: "image", source, ...detailOf(image) };
}

function filePart(part: Fields): Part {
  const file = part.object("file");
  if (file === undefined) throw part.error("file", "an object is required");
  const fileId = file.text("file_id");
  if (fileId !== undefined) {
    const provider = ORIGIN.providerType;
    const source = { type: "provider-file", fileId, provider, mediaType: "" } as const;
    return { type: "file", source, filename: "" };
  }
  const source = mediaSource(file.requiredText("file_data"), file.pathOf("file_data"));
  return { type: "file", source, filename: file.text("filename") ?? "" };
}

function contentPart(part: Fields): Part | undefined {
  const known = knownPart(part);
  return known?.type === "provider" ? known : known && { ...known, ...restData(part, ORIGIN) };
}

function knownPart(part: Fields): Part | undefined {
  switch (part.requiredText("type")) {
    case "text": {
      const text = part.text("text") ?? "";
      return text === "" ? undefined : { type: "text", text, ...cacheHintOf(part) };
    }
    case "refusal":
      return { type: "refusal", text: part.requiredText("refusal") };
    case "image_url":
      return { ...imagePart(part), ...cacheHintOf(part) };
    case "file":
      return { ...filePart(part), ...cacheHintOf(part) };
    default:
      return { type: "provider", ...ORIGIN, json: JSON.stringify(part.source) };
  }
}

/** Decodes content that is one text or a list of parts. Empty texts are left out. */
function contentOf(message: Fields): Part[] {
  const content: JsonValue | undefined = message.value("content");
  if (content === undefined || content === "") return [];
  if (typeof content === "string") return [{ type: "text", text: content }];
  if (!Array.isArray(content))
    throw message.error("content", "must be a string or a list of parts");
  return message.objects("content").flatMap((part) => contentPart(part) ?? []);
}

function customCall(call: Fields, id: string): Part {
  const custom = call.object("custom") ?? new Fields({}, call.pathOf("custom"));
  const argumentsJson = custom.text("input") ?? "";
  const name = custom.requiredText("name");
  const data = dataOf({ type: "custom", ...call.rest() }, ORIGIN);
  return { type: "tool-call", id, name, argumentsJson, ...data };
}

function toolCall(call: Fields): Part {
  const id = call.requiredText("id");
  const type = call.text("type") ?? "function";
  if (type === "custom") return customCall(call, id);
  if (type !== "function") throw call.error("type", "must be function or custom");
  const called = call.object("function");
  if (called === undefined) throw call.error("function", "an object is required");
  const argumentsJson = called.text("arguments") ?? "";
  const name = called.requiredText("name");
  return { type: "tool-call", id, name, argumentsJson, ...restData(call, ORIGIN) };
}

function assistantParts(message: Fields): Part[] {
  // Servers use two names: DeepSeek's, which most servers of open models have, and that of newer vLLM.
  const thoughts = message.text("reasoning_content") ?? message.text("reasoning") ?? "";
  const refusal = message.text("refusal") ?? "";
  return [
    ...(thoughts === ""
      ? []
      : [
          {
            type: "reasoning",
            text: thoughts,
            signature: new Uint8Array(),
            redacted: false,
            provider: ORIGIN.providerType,
          } as const,
        ]),
    ...contentOf(message),
    ...(refusal === "" ? [] : [{ type: "refusal", text: refusal } as const]),
    ...message.objects("tool_calls").map(toolCall),
  ];
}

const DEVELOPER = "developer";

/** A role that only targets of the dialect know is kept as provider data. */
function systemMessage(message: Fields, role: string): Message {
  const parts = contentOf(message);
  const own = role === DEVELOPER ? { role } : {};
  return { role: "system", parts, ...dataOf({ ...own, ...message.rest() }, ORIGIN) };
}

function toolMessage(message: Fields): Message {
  const toolCallId = message.requiredText("tool_call_id");
  const content = contentOf(message);
  const result = { type: "tool-result", toolCallId, name: "", content, isError: false } as const;
  return { role: "tool", parts: [{ ...result, ...restData(message, ORIGIN) }] };
}

function decodeMessage(message: Fields): Message {
  const role = message.requiredText("role");
  if (role === "tool") return toolMessage(message);
  const name = message.text("name");
  const named = name === undefined || name === "" ? {} : { name };
  switch (role) {
    case "system":
    case DEVELOPER:
      return { ...systemMessage(message, role), ...named };
    case "user": {
      const parts = contentOf(message);
      return { role, parts, ...named, ...restData(message, ORIGIN) };
    }
    case "assistant": {
      const parts = assistantParts(message);
      return { role, parts, ...named, ...restData(message, ORIGIN) };
    }
    default:
      throw message.error("role", "must be system, developer, user, assistant or tool");
  }
}

/** Decodes `messages` of a request. Empty messages are left out. Throws INVALID_ARGUMENT. */
export function decodeMessages(body: Fields): Message[] {
  const given = body.list("messages");
  if (given === undefined || given.length === 0) {
    throw body.error("messages", "at least one message is required");
  }
  if (!given.every(isJsonObject)) throw body.error("messages", "must hold objects only");
  return body
    .objects("messages")
    .map(decodeMessage)
    .filter(({ parts }) => parts.length > 0);
}
