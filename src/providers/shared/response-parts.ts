import { isJsonObject, type JsonObject, type JsonValue } from "../../domain/json.ts";
import type { Annotation, PartAdditions, TokenLogprob } from "../../domain/provider-data.ts";
import { usableId } from "./call-id.ts";
import { protocolError } from "./http-error.ts";
import { readLogprobs } from "./logprobs.ts";
import { openAiAnnotation, openAiAnnotations } from "./openai-annotations.ts";
import { createPartWriter, type PartWriter } from "./part-writer.ts";
import { type DataOrigin, rawElements, rawFields } from "./provider-json.ts";
import type { RawValues } from "./raw-values.ts";
import { encodeReasoning } from "./reasoning-signature.ts";
import { itemData, providerItem } from "./response-data.ts";
import { createItemTable, type Item, type ItemName, type TextType } from "./response-items.ts";

/** An item with the texts of the JSON that it was read from, and its place there. */
export interface ReadItem {
  readonly item: JsonObject;
  readonly raw: RawValues;
  readonly place: readonly (string | number)[];
}

/** The output items of one answer, while they are written and when they come whole. */
export interface ResponseParts {
  readonly events: PartWriter["events"];
  hasToolCalls(): boolean;
  hasRefusal(): boolean;
  /** No part was written, and no item came but messages without content. */
  isEmpty(): boolean;
  text(
    name: ItemName,
    contentIndex: number,
    delta: string,
    logprobs: readonly TokenLogprob[] | undefined,
  ): void;
  /** `json` is the text of the annotation. */
  annotation(name: ItemName, contentIndex: number, annotation: JsonObject, json: string): void;
  refusal(name: ItemName, contentIndex: number, delta: string): void;
  /** A whole text, of which all or nothing can have come before. */
  wholeText(name: ItemName, contentIndex: number, type: "text" | "refusal", text: string): void;
  reasoning(name: ItemName, paragraph: string, delta: string): void;
  wholeReasoning(name: ItemName, paragraph: string, text: string): void;
  startItem(outputIndex: number, read: ReadItem): void;
  toolArguments(name: ItemName, delta: string): void;
  wholeArguments(name: ItemName, text: string): void;
  /** A finished item: writes what its deltas have not said, and ends its parts. */
  endItem(outputIndex: number, read: ReadItem): void;
  /** An item of the finished response: it may stand at another place than it had before. */
  settleItem(position: number, read: ReadItem): void;
  /** Ends what the provider left open. */
  endAll(): void;
}

function textOf(value: JsonValue | undefined): string {
  return typeof value === "string" ? value : "";
}

function objects(value: JsonValue | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}

/** Arguments of a call, or the input of a custom one: text as it is, anything else as its JSON text. */
export function argumentsOf({ item, raw, place }: ReadItem): string {
  const field = item.arguments === undefined ? "input" : "arguments";
  const value = item[field];
  if (typeof value === "string") return value;
  if (value === undefined || value === null) return "";
  return raw.at(...place, field) ?? JSON.stringify(value);
}

/** The text of an item, or of a field of it. */
function rawOf({ raw, place }: ReadItem): () => string | undefined {
  return () => raw.at(...place);
}

/** The text of the annotations of a content part. */
function rawAnnotations(read: ReadItem, position: number): string | undefined {
  const content = raw(rawOf(read)(), "content");
  const part = content === undefined ? undefined : rawElements(content)[position];
  return raw(part, "annotations");
}

function raw(json: string | undefined, field: string): string | undefined {
  return json === undefined ? undefined : rawFields(json).get(field)?.text;
}

/** Texts of a finished message, by their position. */
function textsOf(read: ReadItem, origin: DataOrigin) {
  return objects(read.item.content)
    .map((content, index) => {
      const type: TextType = content.type === "refusal" ? "refusal" : "text";
      return {
        index,
        type,
        text: textOf(content[type]),
        logprobs: type === "text" ? readLogprobs(content.logprobs) : undefined,
        annotations: openAiAnnotations(
          content.annotations,
          () => rawAnnotations(read, index),
          origin,
        ),
      };
    })
    .filter(({ text }) => text !== "");
}

/** What stands beside a text. */
function additions(
  annotations: readonly Annotation[],
  data: Item["data"],
): PartAdditions | undefined {
  if (data === undefined && annotations.length === 0) return undefined;
  return {
    ...(annotations.length > 0 && { annotations }),
    ...(data !== undefined && { providerData: data }),
  };
}

/** `newId` names calls that came without a name. */
export function createResponseParts(newId: () => string, origin: DataOrigin): ResponseParts {
  const writer = createPartWriter();
  const items = createItemTable();
  let hasToolCalls = false;
  let hasRefusal = false;
  let isEmpty = true;

  function append(
    item: Item,
    contentIndex: number,
    type: TextType,
    delta: string,
    logprobs?: readonly TokenLogprob[],
  ): void {
    if (delta === "" && (logprobs === undefined || !item.texts.has(contentIndex))) return;
    isEmpty = false;
    if (type === "refusal") hasRefusal = true;
    let written = item.texts.get(contentIndex);
    if (written === undefined) {
      written = { type, part: writer.openText(type), text: "", annotations: [] };
      item.texts.set(contentIndex, written);
    }
    written.text += delta;
    written.part.append(delta, logprobs);
  }

  /** Writes what is left of a whole text whose beginning has been written. */
  function complete(
    item: Item,
    contentIndex: number,
    type: TextType,
    whole: string,
    logprobs?: readonly TokenLogprob[],
  ): void {
    const written = item.texts.get(contentIndex)?.text ?? "";
    // Probabilities have come with the deltas, if there were any.
    const own = written === "" ? logprobs : undefined;
    if (whole.startsWith(written)) {
      append(item, contentIndex, type, whole.slice(written.length), own);
    }
  }

  function annotate(item: Item, contentIndex: number, annotations: readonly Annotation[]): void {
    const written = item.texts.get(contentIndex);
    if (written !== undefined && annotations.length > 0) written.annotations = annotations;
  }

  function startCall(item: Item, read: ReadItem): void {
    const { call } = item;
    item.data = itemData("call", read.item, rawOf(read), origin) ?? item.data;
    const name = textOf(read.item.name);
    const whole = argumentsOf(read);
    if (call.part !== undefined || name === "") return completeCall(item, whole);
    hasToolCalls = true;
    const id = usableId(textOf(read.item.call_id)) || usableId(textOf(read.item.id)) || newId();
    if (whole.startsWith(call.text)) call.text = whole;
    call.part = writer.openToolCall(id, name, call.text);
  }

  function appendCall({ call }: Item, delta: string): void {
    call.text += delta;
    call.part?.append(delta);
  }

  function completeCall(item: Item, whole: string): void {
    const { text } = item.call;
    if (whole.startsWith(text)) appendCall(item, whole.slice(text.length));
  }

  function endMessage(item: Item, message: ReadItem): void {
    item.data = itemData("message", message.item, rawOf(message), origin);
    const left: ReturnType<typeof textsOf> = [];
    const known = new Set(item.texts.values());
    for (const entry of textsOf(message, origin)) {
      const written = item.texts.get(entry.index);
      if (written === undefined || written.type !== entry.type) left.push(entry);
      else {
        known.delete(written);
        complete(item, entry.index, entry.type, entry.text, entry.logprobs);
        annotate(item, entry.index, entry.annotations);
      }
    }
    for (const { index, type, text, logprobs, annotations } of left) {
      // Where the positions differ, the words tell.
      const same = [...item.texts].find(
        ([, written]) =>
          known.has(written) && written.type === type && text.startsWith(written.text),
      );
      if (same !== undefined) known.delete(same[1]);
      const at = same?.[0] ?? freeIndex(item, index);
      complete(item, at, type, text, logprobs);
      annotate(item, at, annotations);
    }
  }

  function freeIndex({ texts }: Item, index: number): number {
    return texts.has(index) ? Math.max(...texts.keys()) + 1 : index;
  }

  function endReasoning(item: Item, read: ReadItem): void {
    const source = read.item;
    const paragraphs = [...objects(source.summary), ...objects(source.content)].map((paragraph) =>
      textOf(paragraph.text),
    );
    const text = paragraphs.filter((paragraph) => paragraph !== "").join("\n\n");
    if (!item.texts.has(0)) append(item, 0, "reasoning", text);
    const signature = encodeReasoning(source);
    const data = itemData("reasoning", source, rawOf(read), origin);
    const part = {
      type: "reasoning",
      text,
      signature,
      redacted: text === "",
      provider: origin.providerType,
      ...(data !== undefined && { providerData: data }),
    } as const;
    const open = item.texts.get(0)?.part;
    if (open !== undefined) {
      const added = additions([], data);
      if (signature.length === 0) open.end(undefined, added);
      else open.end(part);
    } else if (signature.length > 0) writer.writeWhole(part);
  }

  function endItem(known: Item, read: ReadItem): void {
    if (known.isEnded) return;
    const { item } = read;
    if (item.type !== "message") isEmpty = false;
    if (item.type === "reasoning") endReasoning(known, read);
    else if (item.type === "message") endMessage(known, read);
    else if (known.kind === "call") startCall(known, read);
    else writer.writeWhole(providerItem(item, rawOf(read), origin));
    endParts(known);
  }

  function endParts(item: Item): void {
    item.isEnded = true;
    for (const { part, annotations } of item.texts.values()) {
      part.end(undefined, additions(annotations, item.data));
    }
    const { part, text } = item.call;
    if (part === undefined && text !== "") {
      throw protocolError("a tool call of the provider has no name");
    }
    part?.end(undefined, additions([], item.data));
  }

  function reasoning(item: Item, paragraph: string, delta: string): void {
    if (delta === "") return;
    const isNext = item.paragraphs.size > 0 && !item.paragraphs.has(paragraph);
    item.paragraphs.add(paragraph);
    append(item, 0, "reasoning", isNext ? `\n\n${delta}` : delta);
  }

  return {
    events: writer.events,
    hasToolCalls: () => hasToolCalls,
    hasRefusal: () => hasRefusal,
    isEmpty: () => isEmpty,
    text: (name, contentIndex, delta, logprobs) =>
      append(items.named(name, "message"), contentIndex, "text", delta, logprobs),
    annotation(name, contentIndex, annotation, json) {
      const written = items.named(name, "message").texts.get(contentIndex);
      if (written === undefined) return;
      const own = openAiAnnotation(annotation, json, origin);
      written.annotations = [...written.annotations, own];
    },
    refusal: (name, contentIndex, delta) =>
      append(items.named(name, "message"), contentIndex, "refusal", delta),
    wholeText: (name, contentIndex, type, text) =>
      complete(items.named(name, "message"), contentIndex, type, text),
    reasoning: (name, paragraph, delta) =>
      reasoning(items.named(name, "reasoning"), paragraph, delta),
    wholeReasoning(name, paragraph, text) {
      const item = items.named(name, "reasoning");
      if (!item.paragraphs.has(paragraph)) reasoning(item, paragraph, text);
    },
    startItem(outputIndex, read) {
      const item = items.started(outputIndex, read.item);
      if (item.kind === "call" && !item.isEnded) startCall(item, read);
    },
    toolArguments: (name, delta) => appendCall(items.named(name, "call"), delta),
    wholeArguments: (name, text) => completeCall(items.named(name, "call"), text),
    endItem: (outputIndex, read) => endItem(items.ended(outputIndex, read.item), read),
    settleItem: (position, read) => endItem(items.settled(position, read.item), read),
    endAll() {
      for (const item of items.all()) if (!item.isEnded) endParts(item);
    },
  };
}
