import { isJsonObject, type JsonObject, type JsonValue } from "../../domain/json.ts";
import { createPartWriter, type OpenPart, type PartWriter } from "../shared/part-writer.ts";
import { encodeReasoning } from "./reasoning-signature.ts";

/** One item of `output` and the parts it has become. */
interface Item {
  /** By the position inside the item: a message can hold several texts. */
  readonly parts: Map<number, OpenPart>;
  /** Summary or content position that wrote last: positions are paragraphs. */
  paragraph: string | undefined;
  ended: boolean;
}

/** The output items of one answer, while they are written and when they come whole. */
export interface ResponseParts {
  readonly events: PartWriter["events"];
  hasToolCalls(): boolean;
  hasRefusal(): boolean;
  /** No part was written, and no item came but messages without content. */
  isEmpty(): boolean;
  text(outputIndex: number, contentIndex: number, delta: string): void;
  refusal(outputIndex: number, contentIndex: number, delta: string): void;
  reasoning(outputIndex: number, paragraph: string, delta: string): void;
  startItem(outputIndex: number, item: JsonObject): void;
  toolArguments(outputIndex: number, delta: string): void;
  /** A finished item: writes what its deltas have not said, and ends its parts. */
  endItem(outputIndex: number, item: JsonObject): void;
}

function textOf(value: JsonValue | undefined): string {
  return typeof value === "string" ? value : "";
}

function objects(value: JsonValue | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}

/** `instanceId` is the provider that signs reasoning parts. */
export function createResponseParts(instanceId: string): ResponseParts {
  const writer = createPartWriter();
  const items = new Map<number, Item>();
  let hasToolCalls = false;
  let hasRefusal = false;
  let isEmpty = true;

  function itemAt(outputIndex: number): Item {
    const known = items.get(outputIndex);
    if (known !== undefined) return known;
    const item: Item = { parts: new Map(), paragraph: undefined, ended: false };
    items.set(outputIndex, item);
    return item;
  }

  function append(
    outputIndex: number,
    contentIndex: number,
    type: "text" | "reasoning" | "refusal",
    delta: string,
  ): void {
    if (delta === "") return;
    isEmpty = false;
    const { parts } = itemAt(outputIndex);
    const part = parts.get(contentIndex) ?? writer.openText(type);
    parts.set(contentIndex, part);
    part.append(delta);
  }

  function startItem(outputIndex: number, item: JsonObject): void {
    if (item.type !== "function_call" && item.type !== "custom_tool_call") return;
    const { parts } = itemAt(outputIndex);
    if (parts.has(0)) return;
    hasToolCalls = true;
    const id = textOf(item.call_id) || textOf(item.id) || `call_${outputIndex}`;
    const fragment = textOf(item.arguments) || textOf(item.input);
    parts.set(0, writer.openToolCall(id, textOf(item.name), fragment));
  }

  function reasoning(outputIndex: number, paragraph: string, delta: string): void {
    const item = itemAt(outputIndex);
    const next = item.paragraph !== undefined && item.paragraph !== paragraph;
    item.paragraph = paragraph;
    append(outputIndex, 0, "reasoning", next ? `\n\n${delta}` : delta);
  }

  function refusal(outputIndex: number, contentIndex: number, delta: string): void {
    hasRefusal = true;
    append(outputIndex, contentIndex, "refusal", delta);
  }

  function endMessage(outputIndex: number, item: JsonObject): void {
    for (const [contentIndex, content] of objects(item.content).entries()) {
      if (itemAt(outputIndex).parts.has(contentIndex)) continue;
      if (content.type === "refusal") refusal(outputIndex, contentIndex, textOf(content.refusal));
      else append(outputIndex, contentIndex, "text", textOf(content.text));
    }
  }

  function endReasoning(outputIndex: number, item: JsonObject): void {
    const { parts } = itemAt(outputIndex);
    const paragraphs = [...objects(item.summary), ...objects(item.content)].map((paragraph) =>
      textOf(paragraph.text),
    );
    const text = paragraphs.filter((paragraph) => paragraph !== "").join("\n\n");
    if (!parts.has(0)) append(outputIndex, 0, "reasoning", text);
    const signature = encodeReasoning(item);
    const part = {
      type: "reasoning",
      text,
      signature,
      redacted: text === "",
      provider: instanceId,
    } as const;
    const open = parts.get(0);
    if (open !== undefined) open.end(signature.length === 0 ? undefined : part);
    else if (signature.length > 0) writer.writeWhole(part);
  }

  return {
    events: writer.events,
    hasToolCalls: () => hasToolCalls,
    hasRefusal: () => hasRefusal,
    isEmpty: () => isEmpty,
    text: (outputIndex, contentIndex, delta) => append(outputIndex, contentIndex, "text", delta),
    refusal,
    reasoning,
    startItem,
    toolArguments(outputIndex, delta) {
      itemAt(outputIndex).parts.get(0)?.append(delta);
    },
    endItem(outputIndex, item) {
      const known = itemAt(outputIndex);
      if (known.ended) return;
      known.ended = true;
      if (item.type !== "message") isEmpty = false;
      if (item.type === "reasoning") return endReasoning(outputIndex, item);
      if (item.type === "message") endMessage(outputIndex, item);
      const written = known.parts.get(0);
      startItem(outputIndex, item);
      if (written !== undefined && !written.isWritten()) {
        written.append(textOf(item.arguments) || textOf(item.input));
      }
      for (const part of known.parts.values()) part.end();
    },
  };
}
