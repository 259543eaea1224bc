// Input items of OpenAI's Responses API as the contract's messages.
import { invalidField } from "../../domain/gateway-error.ts";
import type { Message, Part } from "../../domain/generation-spec.ts";
import type { Fields } from "../shared/fields.ts";
import { mediaSource } from "../shared/media-source.ts";

/** Items without a word in the contract go to providers of this type alone, in this dialect. */
export const ORIGIN = { providerType: "openai", api: "responses" } as const;

/**
 * Fields of a reasoning item that the next request has to repeat: they travel as the signature of the part. The
 * identifier is this door's and not the vendor's, who takes items without one.
 */
const REASONING_FIELDS = ["summary", "content", "encrypted_content"] as const;

function textPart(text: string): Part[] {
  return text === "" ? [] : [{ type: "text", text }];
}

function imagePart(part: Fields): Part {
  const detail = part.word("detail", ["auto", "low", "high"]);
  const fileId = part.text("file_id");
  const source =
    fileId === undefined
      ? mediaSource(part.requiredText("image_url"), part.pathOf("image_url"))
      : ({ type: "provider-file", fileId, provider: "openai", mediaType: "" } as const);
  return detail === undefined ? { type: "image", source } : { type: "image", source, detail };
}

function filePart(part: Fields): Part {
  const filename = part.text("filename") ?? "";
  const fileId = part.text("file_id");
  if (fileId !== undefined) {
    const source = { type: "provider-file", fileId, provider: "openai", mediaType: "" } as const;
    return { type: "file", source, filename };
  }
  const field = part.value("file_url") === undefined ? "file_data" : "file_url";
  return {
    type: "file",
    source: mediaSource(part.requiredText(field), part.pathOf(field)),
    filename,
  };
}

function contentPart(part: Fields): Part[] {
  switch (part.requiredText("type")) {
    case "input_text":
    case "output_text":
    case "text":
      return textPart(part.text("text") ?? "");
    case "refusal":
      return [{ type: "refusal", text: part.requiredText("refusal") }];
    case "input_image":
      return [imagePart(part)];
    case "input_file":
      return [filePart(part)];
    default:
      return [{ type: "provider", ...ORIGIN, json: JSON.stringify(part.source) }];
  }
}

function contentOf(item: Fields, name: string): Part[] {
  const content = item.value(name);
  if (typeof content === "string") return textPart(content);
  return item.objects(name).flatMap(contentPart);
}

function reasoningPart(item: Fields): Part {
  const kept = Object.fromEntries(
    REASONING_FIELDS.flatMap((field) => {
      const value = item.value(field);
      return value === undefined ? [] : [[field, value]];
    }),
  );
  const isSigned = typeof kept["encrypted_content"] === "string";
  const text = item
    .objects("summary")
    .map((each) => each.text("text") ?? "")
    .join("\n\n");
  return {
    type: "reasoning",
    text,
    signature: isSigned ? Buffer.from(JSON.stringify(kept)) : new Uint8Array(),
    redacted: false,
    provider: ORIGIN.providerType,
  };
}

const ROLES: Readonly<Record<string, "system" | "user" | "assistant">> = {
  system: "system",
  developer: "system",
  user: "user",
  assistant: "assistant",
};

function messageOf(item: Fields): Message {
  const role = ROLES[item.requiredText("role")];
  if (role === undefined) {
    throw item.error("role", "must be user, assistant, system or developer");
  }
  return { role, parts: contentOf(item, "content") };
}

/** One item as a message of its own. */
function decodeItem(item: Fields): Message {
  switch (item.text("type") ?? "message") {
    case "message":
      return messageOf(item);
    case "function_call": {
      const id = item.requiredText("call_id");
      const argumentsJson = item.text("arguments") ?? "";
      const call = {
        type: "tool-call",
        id,
        name: item.requiredText("name"),
        argumentsJson,
      } as const;
      return { role: "assistant", parts: [call] };
    }
    case "function_call_output": {
      const toolCallId = item.requiredText("call_id");
      const content = contentOf(item, "output");
      const result = {
        type: "tool-result",
        toolCallId,
        name: "",
        content,
        isError: false,
      } as const;
      return { role: "tool", parts: [result] };
    }
    case "reasoning":
      return { role: "assistant", parts: [reasoningPart(item)] };
    case "item_reference":
      throw item.error("type", "items are not kept: send them whole");
    default: {
      const isResult = item.text("type")?.endsWith("_output") === true;
      const part = { type: "provider", ...ORIGIN, json: JSON.stringify(item.source) } as const;
      return { role: isResult ? "user" : "assistant", parts: [part] };
    }
  }
}

/** Neighbours of the assistant's are one message: a call stands beside the thoughts that led to it. */
function joined(messages: readonly Message[]): Message[] {
  const all: Message[] = [];
  for (const message of messages) {
    const last = all.at(-1);
    if (message.role !== "assistant" || last?.role !== "assistant") all.push(message);
    else all[all.length - 1] = { ...last, parts: [...last.parts, ...message.parts] };
  }
  return all.filter(({ parts }) => parts.length > 0);
}

/** `instructions` and `input` of a request. Throws INVALID_ARGUMENT. */
export function decodeInput(body: Fields): Message[] {
  const instructions = textPart(body.text("instructions") ?? "");
  const system: Message[] =
    instructions.length === 0 ? [] : [{ role: "system", parts: instructions }];
  const input = body.value("input");
  if (typeof input === "string") {
    return [...system, { role: "user", parts: textPart(input) }];
  }
  const items = body.objects("input");
  if (items.length === 0) throw invalidField("input", "a text or at least one item is required");
  return [...system, ...joined(items.map(decodeItem))];
}
