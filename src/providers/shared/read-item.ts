import { isJsonObject, type JsonObject, type JsonValue } from "../../domain/json.ts";
import type { TokenLogprob } from "../../domain/provider-data.ts";
import type { TextType } from "./item-table.ts";
import { readLogprobs } from "./logprobs.ts";
import { openAiAnnotations } from "./openai-annotations.ts";
import { type DataOrigin, rawElements, rawFields } from "./provider-json.ts";
import type { RawValues } from "./raw-values.ts";
import { stringOf } from "./string-of.ts";

/** An item with the JSON text that it was read from, and its place there. */
export interface ReadItem {
  readonly item: JsonObject;
  readonly raw: RawValues;
  readonly place: readonly (string | number)[];
}

export function objects(value: JsonValue | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}

/** Arguments of a call, or the input of a custom one: text as it is, other values as JSON text. */
export function argumentsOf({ item, raw, place }: ReadItem): string {
  const field = item.arguments === undefined ? "input" : "arguments";
  const value = item[field];
  if (typeof value === "string") return value;
  if (value === undefined || value === null) return "";
  return raw.at(...place, field) ?? JSON.stringify(value);
}

/** The JSON text of an item. */
export function rawOf({ raw, place }: ReadItem): () => string | undefined {
  return () => raw.at(...place);
}

/** The JSON text of the annotations of a content part. */
function rawAnnotations(read: ReadItem, position: number): string | undefined {
  const content = raw(rawOf(read)(), "content");
  const part = content === undefined ? undefined : rawElements(content)[position];
  return raw(part, "annotations");
}

function raw(json: string | undefined, field: string): string | undefined {
  return json === undefined ? undefined : rawFields(json).get(field)?.text;
}

/** A complete text, whose beginning may have arrived before. */
export interface WholeText {
  readonly type: TextType;
  readonly text: string;
  /** Probabilities of its tokens, if the vendor has them. */
  readonly logprobs: readonly TokenLogprob[] | undefined;
}

/** Texts of a finished message, by position. */
export function textsOf(read: ReadItem, origin: DataOrigin) {
  return objects(read.item.content)
    .map((content, index) => {
      const type: TextType = content.type === "refusal" ? "refusal" : "text";
      return {
        index,
        type,
        text: stringOf(content[type]),
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
