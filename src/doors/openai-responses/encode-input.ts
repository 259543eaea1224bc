// The input of a stored response as items: `decodeInput` in the other direction.
import type { Message, Part, ToolResultPart } from "../../domain/generation-spec.ts";
import type { JsonObject } from "../../domain/json.ts";
import { mediaUrl } from "../shared/media-source.ts";
import { callItem, ownItem, reasoningItem, refusalContent, textContent } from "./encode-items.ts";

const STATUS = "completed";

function contentOf(part: Part): JsonObject[] {
  switch (part.type) {
    case "text":
      return [{ type: "input_text", text: part.text }];
    case "refusal":
      return [refusalContent(part.text)];
    case "image": {
      const { source, detail = "auto" } = part;
      const where =
        source.type === "provider-file"
          ? { file_id: source.fileId }
          : { image_url: mediaUrl(source) };
      return [{ type: "input_image", detail, ...where }];
    }
    case "file":
      return [fileContent(part)];
    case "provider": {
      const own = ownItem(part);
      return own === undefined ? [] : [own];
    }
    default:
      return [];
  }
}

function fileContent({ source, filename }: Extract<Part, { type: "file" }>): JsonObject {
  const named = filename === "" ? {} : { filename };
  if (source.type === "provider-file") return { type: "input_file", file_id: source.fileId };
  const field = source.type === "uri" ? "file_url" : "file_data";
  return { type: "input_file", ...named, [field]: mediaUrl(source) };
}

function resultItem(part: ToolResultPart): JsonObject {
  const [first, ...more] = part.content;
  const isPlain = first?.type === "text" && more.length === 0;
  const output = isPlain ? first.text : part.content.flatMap(contentOf);
  return { type: "function_call_output", status: STATUS, call_id: part.toolCallId, output };
}

/** A part that is an item of its own; undefined: it is content of a message. */
function itemOf(part: Part, isAnswer: boolean): JsonObject | undefined {
  switch (part.type) {
    case "tool-call":
      return callItem("", part, STATUS);
    case "tool-result":
      return resultItem(part);
    case "reasoning":
      return reasoningItem("", part, STATUS);
    case "provider": {
      const own = ownItem(part);
      // In a message of the user's the results of tools are items, and everything else is content.
      return isAnswer || String(own?.["type"]).endsWith("_output") ? own : undefined;
    }
    default:
      return undefined;
  }
}

function itemsOf({ role, parts }: Message): JsonObject[] {
  const items: JsonObject[] = [];
  let content: JsonObject[] | undefined;
  for (const part of parts) {
    const item = itemOf(part, role === "assistant");
    if (item !== undefined) {
      items.push(item);
      content = undefined;
      continue;
    }
    const isText = role === "assistant" && part.type === "text";
    const next = isText ? [textContent(part.text)] : contentOf(part);
    if (next.length === 0) continue;
    if (content === undefined) {
      content = [];
      items.push({ type: "message", status: STATUS, role, content });
    }
    content.push(...next);
  }
  return items;
}

/** First part of an item's identifier, by its type. */
const PREFIXES: Readonly<Record<string, string>> = {
  message: "msg",
  function_call: "fc",
  function_call_output: "fco",
  reasoning: "rs",
};

/** The items in their order. Their identifiers are made of `seed` and their places. */
export function encodeInput(messages: readonly Message[], seed: string): JsonObject[] {
  return messages.flatMap(itemsOf).map((item, index) => {
    const prefix = PREFIXES[String(item["type"])] ?? "item";
    return { ...item, id: `${prefix}_${seed}_in${index}` };
  });
}
