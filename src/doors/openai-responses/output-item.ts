import type { JsonObject } from "../../domain/json.ts";

/** An output item while it is made. */
export interface OutputItem {
  readonly id: string;
  readonly output: number;
  readonly kind: "message" | "reasoning" | "call";
  /** Content parts of a message that are whole. */
  readonly content: JsonObject[];
  readonly callId: string;
  readonly name: string;
  /** Of the part that is open. */
  text: string;
  logprobs: JsonObject[];
  /** Fields that the provider has added to the item. */
  own: JsonObject;
}

/** Where an event of an item's thoughts belongs: they are one summary. */
export function summaryPlace({ id, output }: OutputItem): JsonObject {
  return { item_id: id, output_index: output, summary_index: 0 };
}
