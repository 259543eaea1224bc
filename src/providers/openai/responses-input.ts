import { type FieldViolation, invalidField } from "../../domain/gateway-error.ts";
import type { FilePart, ImagePart, Message, Part } from "../../domain/generation-spec.ts";
import type { JsonObject, JsonValue } from "../../domain/json.ts";
import { type CacheField, cacheMark, dataUrl } from "../shared/chat-messages.ts";
import { misplacedPart, type Placements } from "../shared/placements.ts";
import { decodeReasoning, isOwnSignature } from "./reasoning-signature.ts";

function encodeImage({ source, detail }: ImagePart): JsonObject {
  const image =
    source.type === "provider-file"
      ? { file_id: source.fileId }
      : { image_url: source.type === "inline" ? dataUrl(source) : source.uri };
  return { type: "input_image", ...image, detail: detail ?? "auto" };
}

function encodeFile({ source, filename }: FilePart): JsonObject {
  switch (source.type) {
    case "provider-file":
      return { type: "input_file", file_id: source.fileId };
    case "uri":
      return { type: "input_file", file_url: source.uri };
    case "inline":
      return { type: "input_file", filename: filename || "file", file_data: dataUrl(source) };
  }
}

function encodeInputPart(part: Part, path: string, cacheField: CacheField | undefined): JsonObject {
  const mark = cacheMark(part.cacheHint, cacheField);
  switch (part.type) {
    case "text":
      return { type: "input_text", text: part.text, ...mark };
    case "image":
      return { ...encodeImage(part), ...mark };
    case "file":
      return { ...encodeFile(part), ...mark };
    default:
      throw invalidField(path, `a part of type ${part.type} cannot stand here at this provider`);
  }
}

/** A single plain text as a string. */
function output(parts: JsonObject[]): JsonValue {
  const [first] = parts;
  if (first === undefined) return "";
  const plain =
    parts.length === 1 && first.type === "input_text" && Object.keys(first).length === 2;
  return plain && typeof first.text === "string" ? first.text : parts;
}

function encodeToolResult(
  part: Extract<Part, { type: "tool-result" }>,
  path: string,
  cacheField: CacheField | undefined,
): JsonObject {
  const parts = part.content.map((entry, index) =>
    encodeInputPart(entry, `${path}.content[${index}]`, cacheField),
  );
  // The wire has no flag for a failed tool: the text has to say it.
  if (part.isError) parts.unshift({ type: "input_text", text: "Error:" });
  return { type: "function_call_output", call_id: part.toolCallId, output: output(parts) };
}

/** An assistant turn as items in the order of its parts; neighbouring texts share one message. */
function encodeAssistant(message: Message, path: string): JsonObject[] {
  const items: JsonObject[] = [];
  let content: JsonObject[] | undefined;

  function addText(part: JsonObject): void {
    if (content === undefined) {
      content = [];
      items.push({ type: "message", role: "assistant", content });
    }
    content.push(part);
  }

  for (const [index, part] of message.parts.entries()) {
    if (part.type === "text") addText({ type: "output_text", text: part.text, annotations: [] });
    else if (part.type === "refusal") addText({ type: "refusal", refusal: part.text });
    else {
      content = undefined;
      const item = encodeItem(part, `${path}.parts[${index}]`);
      if (item !== undefined) items.push(item);
    }
  }
  return items;
}

function encodeItem(part: Part, path: string): JsonObject | undefined {
  switch (part.type) {
    case "tool-call":
      return {
        type: "function_call",
        call_id: part.id,
        name: part.name,
        arguments: part.argumentsJson,
      };
    case "reasoning":
      // Without its signature the provider takes no reasoning back.
      return part.signature.length === 0
        ? undefined
        : decodeReasoning(part.signature, `${path}.reasoning.signature`);
    default:
      throw invalidField(path, `a part of type ${part.type} cannot stand here at this provider`);
  }
}

function encodeMessage(
  message: Message,
  path: string,
  cacheField: CacheField | undefined,
): JsonObject[] {
  if (message.role === "assistant") return encodeAssistant(message, path);
  const results: JsonObject[] = [];
  const content: JsonObject[] = [];
  for (const [index, part] of message.parts.entries()) {
    const partPath = `${path}.parts[${index}]`;
    if (part.type === "tool-result") results.push(encodeToolResult(part, partPath, cacheField));
    else content.push(encodeInputPart(part, partPath, cacheField));
  }
  if (content.length === 0 && results.length > 0) return results;
  return [...results, { type: "message", role: message.role, content }];
}

const PLACEMENTS: Placements = {
  parts: {
    system: ["text", "image", "file", "tool-result"],
    user: ["text", "image", "file", "tool-result"],
    assistant: ["text", "refusal", "reasoning", "tool-call"],
    tool: ["text", "image", "file", "tool-result"],
    "tool-result": ["text", "image", "file"],
  },
  image: ["inline", "uri", "provider-file"],
  file: ["inline", "uri", "provider-file"],
};

/** What `encodeInput` cannot encode of these messages at this instance; undefined: nothing. */
export function inputMisfit(
  messages: readonly Message[],
  instance: string,
): FieldViolation | undefined {
  const found = misplacedPart(messages, PLACEMENTS);
  if (found !== undefined) return found;
  for (const [index, { parts }] of messages.entries()) {
    for (const [position, part] of parts.entries()) {
      // Reasoning of other instances is left out before it is encoded.
      if (part.type !== "reasoning" || part.provider !== instance) continue;
      if (part.signature.length === 0 || isOwnSignature(part.signature)) continue;
      const field = `spec.messages[${index}].parts[${position}].reasoning.signature`;
      return { field, description: "reasoning with a signature that is not its own" };
    }
  }
  return undefined;
}

/** `input` of a Responses request. Throws `GatewayError` for a part that the wire cannot carry. */
export function encodeInput(
  messages: readonly Message[],
  cacheField: CacheField | undefined,
): JsonObject[] {
  return messages.flatMap((message, index) =>
    encodeMessage(message, `spec.messages[${index}]`, cacheField),
  );
}
