// Decodes input items of OpenAI's Responses API into messages of the contract.
import { invalidField } from "../../domain/gateway-error.ts";
import type { Message, Part, TextPart } from "../../domain/generation-spec.ts";
import { isJsonObject } from "../../domain/json.ts";
import type { Annotation } from "../../domain/provider-data.ts";
import type { Fields } from "../shared/fields.ts";
import { mediaSource } from "../shared/media-source.ts";
import { dataOf, originOf, restData } from "../shared/rest-data.ts";

/** Origin of provider data: fields without a counterpart in the contract go only to targets of this dialect. */
export const ORIGIN = originOf("responses");

/**
 * Fields of a reasoning item that the next request has to repeat. The part's signature carries them. The identifier is
 * not among them: this door made it, and the vendor accepts items without one.
 */
const REASONING_FIELDS = ["summary", "content", "encrypted_content"] as const;

function textPart(text: string): TextPart[] {
  return text === "" ? [] : [{ type: "text", text }];
}

const DETAILS = ["auto", "low", "high"] as const;

function imagePart(part: Fields): Part {
  const detail = DETAILS.find((word) => word === part.peek("detail"));
  // Other values go unchanged to targets of the dialect.
  if (detail !== undefined) part.value("detail");
  const fileId = part.text("file_id");
  const source =
    fileId === undefined
      ? mediaSource(part.requiredText("image_url"), part.pathOf("image_url"))
      : ({ type: "provider-file", fileId, provider: ORIGIN.providerType, mediaType: "" } as const);
  return detail === undefined ? { type: "image", source } : { type: "image", source, detail };
}

function filePart(part: Fields): Part {
  const fileId = part.text("file_id");
  if (fileId !== undefined) {
    const provider = ORIGIN.providerType;
    const source = { type: "provider-file", fileId, provider, mediaType: "" } as const;
    return { type: "file", source, filename: "" };
  }
  const isUrl = part.peek("file_url") !== undefined;
  const field = isUrl ? "file_url" : "file_data";
  const source = mediaSource(part.requiredText(field), part.pathOf(field));
  return { type: "file", source, filename: isUrl ? "" : (part.text("filename") ?? "") };
}

function annotationsOf(part: Fields): { readonly annotations?: readonly Annotation[] } {
  const annotations = (part.list("annotations") ?? []).filter(isJsonObject).map((each) => ({
    providerData: { ...ORIGIN, json: JSON.stringify(each) },
  }));
  return annotations.length === 0 ? {} : { annotations };
}

function knownPart(part: Fields): Part[] {
  switch (part.requiredText("type")) {
    case "output_text":
      // Only answers have log probabilities.
      part.value("logprobs");
      return textPart(part.text("text") ?? "").map((text) => ({ ...text, ...annotationsOf(part) }));
    case "input_text":
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

function contentPart(part: Fields): Part[] {
  return knownPart(part).map((known) =>
    known.type === "provider" ? known : { ...known, ...restData(part, ORIGIN) },
  );
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
  forgetForm(item);
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
    ...restData(item, ORIGIN),
  };
}

/** Fields with the type and the identifier of an item. */
function forgetForm(item: Fields): void {
  for (const name of ["type", "id", "status"]) item.value(name);
}

const ROLES: Readonly<Record<string, "system" | "user" | "assistant">> = {
  system: "system",
  developer: "system",
  user: "user",
  assistant: "assistant",
};

function withMessageData(part: Part, data: ReturnType<typeof dataOf>): Part {
  if (part.type !== "text") return part;
  const { providerData: _, ...own } = part;
  return { ...own, ...data };
}

/** In assistant messages the fields stay with each text, because neighbouring messages are merged. */
function messageOf(item: Fields): Message {
  const said = item.requiredText("role");
  const role = ROLES[said];
  if (role === undefined) {
    throw item.error("role", "must be user, assistant, system or developer");
  }
  const parts = contentOf(item, "content");
  forgetForm(item);
  const own = role === "system" && said !== role ? { role: said } : {};
  const data = dataOf({ ...own, ...item.rest() }, ORIGIN);
  if (role !== "assistant") return { role, parts, ...data };
  return { role, parts: parts.map((part) => withMessageData(part, data)) };
}

function callOf(item: Fields): Message {
  const id = item.requiredText("call_id");
  const name = item.requiredText("name");
  const argumentsJson = item.text("arguments") ?? "";
  forgetForm(item);
  const call = { type: "tool-call", id, name, argumentsJson, ...restData(item, ORIGIN) } as const;
  return { role: "assistant", parts: [call] };
}

function resultOf(item: Fields): Message {
  const toolCallId = item.requiredText("call_id");
  const content = contentOf(item, "output");
  forgetForm(item);
  const result = { type: "tool-result", toolCallId, name: "", content, isError: false } as const;
  return { role: "tool", parts: [{ ...result, ...restData(item, ORIGIN) }] };
}

/** Decodes one item into a message. */
function decodeItem(item: Fields): Message {
  switch (item.text("type") ?? "message") {
    case "message":
      return messageOf(item);
    case "function_call":
      return callOf(item);
    case "function_call_output":
      return resultOf(item);
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

/** Merges neighbouring assistant messages, so that a call is in one message with its reasoning. */
function joined(messages: readonly Message[]): Message[] {
  const all: Message[] = [];
  for (const message of messages) {
    const last = all.at(-1);
    if (message.role !== "assistant" || last?.role !== "assistant") all.push(message);
    else all[all.length - 1] = { ...last, parts: [...last.parts, ...message.parts] };
  }
  return all.filter(({ parts }) => parts.length > 0);
}

/** Decodes `instructions` and `input` of a request. Throws INVALID_ARGUMENT. */
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
