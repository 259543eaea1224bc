// The output items of a response while it is made, and the events by which they come to be.
import type { StreamEventBody } from "../../domain/generation.ts";
import type { Part } from "../../domain/generation-spec.ts";
import type { JsonObject } from "../../domain/json.ts";
import {
  annotationsOf,
  callItem,
  encodeLogprobs,
  type ItemStatus,
  itemFields,
  messageItem,
  ownItem,
  reasoningItem,
  refusalContent,
  textContent,
} from "./encode-items.ts";
import { contentPlace, type OpenPart, type OutputItem, summaryPlace } from "./output-item.ts";
import type { ResponseEvents } from "./response-events.ts";

type BodyOf<Type extends StreamEventBody["type"]> = Extract<StreamEventBody, { type: Type }>;

const NO_SIGNATURE = new Uint8Array();

export interface ResponseOutputOptions {
  readonly events: ResponseEvents;
  /** Events that come before the first item; "" after it. */
  readonly begin: () => string;
  /** From which identifiers of items are made. */
  readonly seed: () => string;
}

export class ResponseOutput {
  /** The current state of each item, in order. */
  readonly items: JsonObject[] = [];
  readonly #options: ResponseOutputOptions;
  readonly #events: ResponseEvents;
  /** By the index of the generation's part. */
  readonly #open = new Map<number, OpenPart>();
  /** The item of the next text. */
  #message: OutputItem | undefined;

  constructor(options: ResponseOutputOptions) {
    this.#options = options;
    this.#events = options.events;
  }

  text({ partIndex, text, logprobs }: BodyOf<"text-delta">): string {
    let opened = "";
    let open = this.#open.get(partIndex);
    if (open === undefined) {
      const [item, added] = this.#openMessage();
      open = this.#begin(partIndex, item);
      const place = contentPlace(open);
      opened = `${added}${this.#events.text("response.content_part.added", { ...place, part: textContent("") })}`;
    }
    open.text += text;
    const tokens = encodeLogprobs(logprobs);
    open.logprobs.push(...tokens);
    const delta = { ...contentPlace(open), delta: text, logprobs: tokens };
    return opened + this.#events.text("response.output_text.delta", delta);
  }

  reasoning({ partIndex, text }: BodyOf<"reasoning-delta">): string {
    let opened = "";
    let open = this.#open.get(partIndex);
    if (open === undefined) {
      opened = this.#options.begin() + this.closeMessage();
      open = this.#begin(partIndex, this.#item("reasoning", "rs"));
      const { item } = open;
      const none = { text: "", signature: NO_SIGNATURE };
      opened += this.#added(item, reasoningItem(item.id, none, "in_progress"));
      opened += this.#events.text("response.reasoning_summary_part.added", {
        ...summaryPlace(item),
        part: { type: "summary_text", text: "" },
      });
    }
    open.text += text;
    const delta = { ...summaryPlace(open.item), delta: text };
    return opened + this.#events.text("response.reasoning_summary_text.delta", delta);
  }

  toolCall({ partIndex, id, name, argumentsFragment }: BodyOf<"tool-call-delta">): string {
    let opened = "";
    let open = this.#open.get(partIndex);
    if (open === undefined) {
      opened = this.#options.begin() + this.closeMessage();
      open = this.#begin(partIndex, this.#item("call", "fc", id, name));
      opened += this.#added(open.item, encodedCall(open, "in_progress"));
    }
    if (argumentsFragment === "") return opened;
    open.text += argumentsFragment;
    const delta = {
      item_id: open.item.id,
      output_index: open.item.output,
      delta: argumentsFragment,
    };
    return opened + this.#events.text("response.function_call_arguments.delta", delta);
  }

  endPart({ partIndex, part }: BodyOf<"part-end">): string {
    const open = this.#open.get(partIndex);
    this.#open.delete(partIndex);
    if (open === undefined) return part === undefined ? "" : this.#wholePart(part);
    switch (open.item.kind) {
      case "message":
        return this.#endText(open, part);
      case "reasoning":
        return this.#endReasoning(open, part);
      case "call":
        return this.#endCall(open, part);
    }
  }

  /** Ends everything that is open. */
  end(): string {
    return this.#endParts([...this.#open.keys()]) + this.closeMessage();
  }

  closeMessage(): string {
    const item = this.#message;
    if (item === undefined) return "";
    this.#message = undefined;
    const own = [...this.#open].flatMap(([index, open]) => (open.item === item ? [index] : []));
    return (
      this.#endParts(own) +
      this.#done(item, messageItem(item.id, item.content, "completed", item.own))
    );
  }

  #endParts(indices: readonly number[]): string {
    return indices.map((partIndex) => this.endPart({ type: "part-end", partIndex })).join("");
  }

  #begin(partIndex: number, item: OutputItem): OpenPart {
    const open = { item, index: item.begun++, text: "", logprobs: [] };
    this.#open.set(partIndex, open);
    return open;
  }

  #item(kind: OutputItem["kind"], prefix: string, callId = "", name = ""): OutputItem {
    const output = this.items.length;
    const id = `${prefix}_${this.#options.seed()}_${output}`;
    return { id, output, kind, content: [], begun: 0, callId, name, own: {} };
  }

  #added(item: OutputItem, encoded: JsonObject): string {
    this.items.push(encoded);
    const data = { output_index: item.output, item: encoded };
    return this.#events.text("response.output_item.added", data);
  }

  #done(item: OutputItem, encoded: JsonObject): string {
    this.items[item.output] = encoded;
    const data = { output_index: item.output, item: encoded };
    return this.#events.text("response.output_item.done", data);
  }

  #openMessage(): readonly [OutputItem, string] {
    const begun = this.#options.begin();
    if (this.#message !== undefined) return [this.#message, begun];
    const item = this.#item("message", "msg");
    this.#message = item;
    return [item, begun + this.#added(item, messageItem(item.id, [], "in_progress"))];
  }

  #endText(open: OpenPart, ended: Part | undefined): string {
    const { item, index, text, logprobs } = open;
    const place = contentPlace(open);
    const annotations = annotationsOf(ended);
    const part = textContent(text, annotations, logprobs);
    item.own = { ...item.own, ...itemFields(ended) };
    item.content[index] = part;
    const added = annotations.map((annotation, annotation_index) =>
      this.#events.text("response.output_text.annotation.added", {
        ...place,
        annotation_index,
        annotation,
      }),
    );
    return [
      ...added,
      this.#events.text("response.output_text.done", { ...place, text, logprobs }),
      this.#events.text("response.content_part.done", { ...place, part }),
    ].join("");
  }

  #endReasoning({ item, text }: OpenPart, part: Part | undefined): string {
    const whole = { ...(part?.type === "reasoning" ? part : { signature: NO_SIGNATURE }), text };
    const place = summaryPlace(item);
    return (
      this.#events.text("response.reasoning_summary_text.done", { ...place, text }) +
      this.#events.text("response.reasoning_summary_part.done", {
        ...place,
        part: { type: "summary_text", text },
      }) +
      this.#done(item, reasoningItem(item.id, whole, "completed"))
    );
  }

  #endCall(open: OpenPart, part: Part | undefined): string {
    const { item, text } = open;
    item.own = itemFields(part);
    return (
      this.#events.text("response.function_call_arguments.done", {
        item_id: item.id,
        output_index: item.output,
        name: item.name,
        arguments: text,
      }) + this.#done(item, encodedCall(open, "completed"))
    );
  }

  /** The events of a part without deltas. */
  #wholePart(part: Part): string {
    if (part.type === "refusal") return this.#refusal(part.text);
    const encoded =
      part.type === "provider"
        ? ownItem(part)
        : part.type === "reasoning"
          ? reasoningItem(this.#item("reasoning", "rs").id, part, "completed")
          : undefined;
    if (encoded === undefined) return "";
    const opened = this.#options.begin() + this.closeMessage();
    const item = this.#item("reasoning", "rs");
    return opened + this.#added(item, encoded) + this.#done(item, encoded);
  }

  #refusal(refusal: string): string {
    const [item, opened] = this.#openMessage();
    const index = item.begun++;
    const place = contentPlace({ item, index });
    const part = refusalContent(refusal);
    item.content[index] = part;
    return [
      opened,
      this.#events.text("response.content_part.added", { ...place, part: refusalContent("") }),
      this.#events.text("response.refusal.delta", { ...place, delta: refusal }),
      this.#events.text("response.refusal.done", { ...place, refusal }),
      this.#events.text("response.content_part.done", { ...place, part }),
    ].join("");
  }
}

function encodedCall({ item, text }: OpenPart, status: ItemStatus): JsonObject {
  const { id, callId, name, own } = item;
  return callItem(id, { id: callId, name, argumentsJson: text }, status, own);
}
