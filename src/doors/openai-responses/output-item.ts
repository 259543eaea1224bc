import type { JsonObject } from "../../domain/json.ts";

/** An output item while it is made. */
export interface OutputItem {
  readonly id: string;
  readonly output: number;
  readonly kind: "message" | "reasoning" | "call";
  /** Finished content parts of a message, by their index. */
  readonly content: JsonObject[];
  /** Content parts that have begun. */
  begun: number;
  readonly callId: string;
  readonly name: string;
  /** Fields that the provider has added to the item. */
  own: JsonObject;
}

/** An unfinished part of an item. The parts of a message can be open at the same time. */
export interface OpenPart {
  readonly item: OutputItem;
  /** Index among the content parts of a message. */
  readonly index: number;
  text: string;
  readonly logprobs: JsonObject[];
}

/** Position of an event of a content part. */
export function contentPlace({ item, index }: Pick<OpenPart, "item" | "index">): JsonObject {
  return { item_id: item.id, output_index: item.output, content_index: index };
}

/** Position of an event of an item's thoughts: they are one summary. */
export function summaryPlace({ id, output }: OutputItem): JsonObject {
  return { item_id: id, output_index: output, summary_index: 0 };
}
