import type { JsonObject } from "../../domain/json.ts";
import type { Annotation, TokenLogprob } from "../../domain/provider-data.ts";
import { CallIds } from "./call-id.ts";
import { protocolError } from "./http-error.ts";
import {
  type Item,
  type ItemName,
  ItemTable,
  type TextType,
  type WrittenText,
} from "./item-table.ts";
import { openAiAnnotation } from "./openai-annotations.ts";
import { partAdditions } from "./part-additions.ts";
import { createPartWriter, type PartWriter } from "./part-writer.ts";
import type { DataOrigin } from "./provider-json.ts";
import {
  argumentsOf,
  objects,
  type ReadItem,
  rawOf,
  textsOf,
  type WholeText,
} from "./read-item.ts";
import { encodeReasoning } from "./reasoning-signature.ts";
import { itemData, providerItem } from "./response-data.ts";
import { stringOf } from "./string-of.ts";

/** Appends to a text. `logprobs`: those of its tokens. */
function write(
  written: WrittenText,
  delta: string,
  logprobs: readonly TokenLogprob[] | undefined,
): void {
  written.text += delta;
  written.part.append(delta, logprobs);
}

function annotate(item: Item, contentIndex: number, annotations: readonly Annotation[]): void {
  const written = item.texts.get(contentIndex);
  if (written !== undefined && annotations.length > 0) written.annotations = annotations;
}

function freeIndex({ texts }: Item, index: number): number {
  return texts.has(index) ? Math.max(...texts.keys()) + 1 : index;
}

/** Turns the output items of one answer into parts, from pieces and from complete items. */
export class ResponseParts {
  readonly #ids: CallIds;
  readonly #origin: DataOrigin;
  readonly #writer: PartWriter = createPartWriter();
  readonly #items = new ItemTable();
  #hasToolCalls = false;
  #hasRefusal = false;
  #isEmpty = true;

  /** `newId` creates identifiers of calls that have none of their own. */
  constructor(newId: () => string, origin: DataOrigin) {
    this.#ids = new CallIds(newId);
    this.#origin = origin;
  }

  get events(): PartWriter["events"] {
    return this.#writer.events;
  }

  get hasToolCalls(): boolean {
    return this.#hasToolCalls;
  }

  get hasRefusal(): boolean {
    return this.#hasRefusal;
  }

  /** Whether no part was written and the only items were messages without content. */
  get isEmpty(): boolean {
    return this.#isEmpty;
  }

  text(
    name: ItemName,
    contentIndex: number,
    delta: string,
    logprobs: readonly TokenLogprob[] | undefined,
  ): void {
    const item = this.#items.piece(name, "message");
    if (delta === "" && (logprobs === undefined || !item.texts.has(contentIndex))) return;
    write(this.#opened(item, contentIndex, "text"), delta, logprobs);
  }

  /** `json`: the text of the annotation. */
  annotation(name: ItemName, contentIndex: number, annotation: JsonObject, json: string): void {
    const written = this.#items.piece(name, "message").texts.get(contentIndex);
    if (written === undefined) return;
    const own = openAiAnnotation(annotation, json, this.#origin);
    written.annotations = [...written.annotations, own];
  }

  refusal(name: ItemName, contentIndex: number, delta: string): void {
    this.#append(this.#items.piece(name, "message"), contentIndex, "refusal", delta);
  }

  /** A complete text, whose beginning may have arrived before. */
  wholeText(name: ItemName, contentIndex: number, type: "text" | "refusal", text: string): void {
    const whole = { type, text, logprobs: undefined };
    this.#complete(this.#items.piece(name, "message"), contentIndex, whole);
  }

  reasoning(name: ItemName, paragraph: string, delta: string): void {
    this.#appendReasoning(this.#items.piece(name, "reasoning"), paragraph, delta);
  }

  wholeReasoning(name: ItemName, paragraph: string, text: string): void {
    const item = this.#items.piece(name, "reasoning");
    if (!item.paragraphs.has(paragraph)) this.#appendReasoning(item, paragraph, text);
  }

  startItem(outputIndex: number, read: ReadItem): void {
    const item = this.#items.started(outputIndex, read.item);
    if (item.kind === "call" && !item.isEnded) this.#startCall(item, read);
  }

  toolArguments(name: ItemName, delta: string): void {
    this.#appendCall(this.#items.piece(name, "call"), delta);
  }

  wholeArguments(name: ItemName, text: string): void {
    this.#completeCall(this.#items.piece(name, "call"), text);
  }

  /** A finished item: writes content that its deltas did not have, and ends its parts. */
  endItem(outputIndex: number, read: ReadItem): void {
    this.#endItem(this.#items.ended(outputIndex, read.item), read);
  }

  /** An item of the finished response, which may be at another position than before. */
  settleItem(position: number, read: ReadItem): void {
    this.#endItem(this.#items.settled(position, read.item), read);
  }

  /** Ends the items that the provider left open. */
  endAll(): void {
    for (const item of this.#items.all()) if (!item.isEnded) this.#endParts(item);
  }

  /** The text at this position of an item, which is opened if necessary. */
  #opened(item: Item, contentIndex: number, type: TextType): WrittenText {
    this.#isEmpty = false;
    if (type === "refusal") this.#hasRefusal = true;
    let written = item.texts.get(contentIndex);
    if (written === undefined) {
      written = { type, part: this.#writer.openText(type), text: "", annotations: [] };
      item.texts.set(contentIndex, written);
    }
    return written;
  }

  #append(item: Item, contentIndex: number, type: TextType, delta: string): void {
    if (delta !== "") write(this.#opened(item, contentIndex, type), delta, undefined);
  }

  /** Writes the rest of a complete text. */
  #complete(item: Item, contentIndex: number, { type, text, logprobs }: WholeText): void {
    const written = item.texts.get(contentIndex)?.text ?? "";
    const rest = text.slice(written.length);
    if (rest === "" || !text.startsWith(written)) return;
    // If there were deltas, they contained the probabilities.
    const own = written === "" ? logprobs : undefined;
    write(this.#opened(item, contentIndex, type), rest, own);
  }

  #startCall(item: Item, read: ReadItem): void {
    const { call } = item;
    item.data = itemData("call", read.item, rawOf(read), this.#origin) ?? item.data;
    const name = stringOf(read.item.name);
    const whole = argumentsOf(read);
    if (call.part !== undefined || name === "") return this.#completeCall(item, whole);
    this.#hasToolCalls = true;
    const id = this.#ids.take(stringOf(read.item.call_id), stringOf(read.item.id));
    if (whole.startsWith(call.text)) call.text = whole;
    call.part = this.#writer.openToolCall(id, name, call.text);
  }

  #appendCall({ call }: Item, delta: string): void {
    call.text += delta;
    call.part?.append(delta);
  }

  #completeCall(item: Item, whole: string): void {
    const { text } = item.call;
    if (whole.startsWith(text)) this.#appendCall(item, whole.slice(text.length));
  }

  #endMessage(item: Item, message: ReadItem): void {
    item.data = itemData("message", message.item, rawOf(message), this.#origin);
    const unmatched: ReturnType<typeof textsOf> = [];
    const known = new Set(item.texts.values());
    for (const entry of textsOf(message, this.#origin)) {
      const written = item.texts.get(entry.index);
      if (written === undefined || written.type !== entry.type) unmatched.push(entry);
      else {
        known.delete(written);
        this.#complete(item, entry.index, entry);
        annotate(item, entry.index, entry.annotations);
      }
    }
    for (const { index, type, text, logprobs, annotations } of unmatched) {
      // If positions differ, the text decides.
      const same = [...item.texts].find(
        ([, written]) =>
          known.has(written) && written.type === type && text.startsWith(written.text),
      );
      if (same !== undefined) known.delete(same[1]);
      const at = same?.[0] ?? freeIndex(item, index);
      this.#complete(item, at, { type, text, logprobs });
      annotate(item, at, annotations);
    }
  }

  #endReasoning(item: Item, read: ReadItem): void {
    const source = read.item;
    const paragraphs = [...objects(source.summary), ...objects(source.content)].map((paragraph) =>
      stringOf(paragraph.text),
    );
    const text = paragraphs.filter((paragraph) => paragraph !== "").join("\n\n");
    if (!item.texts.has(0)) this.#append(item, 0, "reasoning", text);
    const signature = encodeReasoning(source);
    const data = itemData("reasoning", source, rawOf(read), this.#origin);
    const part = {
      type: "reasoning",
      text,
      signature,
      redacted: text === "",
      provider: this.#origin.providerType,
      ...(data !== undefined && { providerData: data }),
    } as const;
    const open = item.texts.get(0)?.part;
    if (open !== undefined) {
      const added = partAdditions(data);
      if (signature.length === 0) open.end(undefined, added);
      else open.end(part);
    } else if (signature.length > 0) this.#writer.writeWhole(part);
  }

  #endItem(known: Item, read: ReadItem): void {
    if (known.isEnded) return;
    const { item } = read;
    if (item.type !== "message") this.#isEmpty = false;
    if (item.type === "reasoning") this.#endReasoning(known, read);
    else if (item.type === "message") this.#endMessage(known, read);
    else if (known.kind === "call") this.#startCall(known, read);
    else this.#writer.writeWhole(providerItem(item, rawOf(read), this.#origin));
    this.#endParts(known);
  }

  #endParts(item: Item): void {
    item.isEnded = true;
    for (const { part, annotations } of item.texts.values()) {
      part.end(undefined, partAdditions(item.data, annotations));
    }
    const { part, text } = item.call;
    if (part === undefined && text !== "") {
      throw protocolError("a tool call of the provider has no name");
    }
    part?.end(undefined, partAdditions(item.data));
  }

  #appendReasoning(item: Item, paragraph: string, delta: string): void {
    if (delta === "") return;
    const isNext = item.paragraphs.size > 0 && !item.paragraphs.has(paragraph);
    item.paragraphs.add(paragraph);
    this.#append(item, 0, "reasoning", isNext ? `\n\n${delta}` : delta);
  }
}
