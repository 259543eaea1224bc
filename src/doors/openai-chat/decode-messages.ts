// Messages of Chat Completions as the contract has them.
import type { Message, Part } from "../../domain/generation-spec.ts";
import { isJsonObject, type JsonValue } from "../../domain/json.ts";
import { Fields } from "../shared/fields.ts";
import { mediaSource } from "../shared/media-source.ts";

/** Parts without a word in the contract go to providers of this type alone, in this dialect. */
const ORIGIN = { providerType: "openai", api: "chat" } as const;

function imagePart(part: Fields): Part {
  const image = part.object("image_url");
  if (image === undefined) throw part.error("image_url", "an object with `url` is required");
  const source = mediaSource(image.requiredText("url"), image.pathOf("url"));
  const detail = image.word("detail", ["auto", "low", "high"]);
  return detail === undefined ? { type: "image", source } : { type: "image", source, detail };
}

function filePart(part: Fields): Part {
  const file = part.object("file");
  if (file === undefined) throw part.error("file", "an object is required");
  const filename = file.text("filename") ?? "";
  const fileId = file.text("file_id");
  if (fileId !== undefined) {
    const source = { type: "provider-file", fileId, provider: "openai", mediaType: "" } as const;
    return { type: "file", source, filename };
  }
  const source = mediaSource(file.requiredText("file_data"), file.pathOf("file_data"));
  return { type: "file", source, filename };
}

function contentPart(part: Fields): Part | undefined {
  switch (part.requiredText("type")) {
    case "text": {
      const text = part.text("text") ?? "";
      return text === "" ? undefined : { type: "text", text };
    }
    case "refusal":
      return { type: "refusal", text: part.requiredText("refusal") };
    case "image_url":
      return imagePart(part);
    case "file":
      return filePart(part);
    default:
      return { type: "provider", ...ORIGIN, json: JSON.stringify(part.source) };
  }
}

/** Content as one text or as parts; empty texts say nothing and are left out. */
function contentOf(message: Fields): Part[] {
  const content: JsonValue | undefined = message.value("content");
  if (content === undefined || content === "") return [];
  if (typeof content === "string") return [{ type: "text", text: content }];
  if (!Array.isArray(content))
    throw message.error("content", "must be a string or a list of parts");
  return message.objects("content").flatMap((part) => contentPart(part) ?? []);
}

function toolCall(call: Fields): Part {
  const id = call.requiredText("id");
  const type = call.text("type") ?? "function";
  if (type === "custom") {
    const custom = call.object("custom") ?? new Fields({}, call.pathOf("custom"));
    const providerData = { ...ORIGIN, json: JSON.stringify({ type }) };
    const argumentsJson = custom.text("input") ?? "";
    return {
      type: "tool-call",
      id,
      name: custom.requiredText("name"),
      argumentsJson,
      providerData,
    };
  }
  if (type !== "function") throw call.error("type", "must be function or custom");
  const called = call.object("function");
  if (called === undefined) throw call.error("function", "an object is required");
  const argumentsJson = called.text("arguments") ?? "";
  return { type: "tool-call", id, name: called.requiredText("name"), argumentsJson };
}

function assistantParts(message: Fields): Part[] {
  // Two names are in use: DeepSeek's, which most servers of open models took over, and that of newer vLLM.
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

const SYSTEM_ROLES: ReadonlySet<string> = new Set(["system", "developer"]);

function decodeMessage(message: Fields): Message {
  const role = message.requiredText("role");
  const name = message.text("name");
  const named = name === undefined || name === "" ? {} : { name };
  if (SYSTEM_ROLES.has(role)) return { role: "system", parts: contentOf(message), ...named };
  switch (role) {
    case "user":
      return { role, parts: contentOf(message), ...named };
    case "assistant":
      return { role, parts: assistantParts(message), ...named };
    case "tool": {
      const toolCallId = message.requiredText("tool_call_id");
      const content = contentOf(message);
      return {
        role,
        parts: [{ type: "tool-result", toolCallId, name: "", content, isError: false }],
      };
    }
    default:
      throw message.error("role", "must be system, developer, user, assistant or tool");
  }
}

/** `messages` of a request. Messages that say nothing are left out. Throws INVALID_ARGUMENT. */
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
