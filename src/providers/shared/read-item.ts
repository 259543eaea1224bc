import { isJsonObject, type JsonObject, type JsonValue } from "../../domain/json.ts";
import type { TokenLogprob } from "../../domain/provider-data.ts";
import { readLogprobs } from "./logprobs.ts";
import { openAiAnnotations } from "./openai-annotations.ts";
import { type DataOrigin, rawElements, rawFields } from "./provider-json.ts";
import type { RawValues } from "./raw-values.ts";
import type { TextType } from "./response-items.ts";
import { stringOf } from "./string-of.ts";

/** An item with the texts of the JSON that it was read from, and its place there. */
export interface ReadItem {
  readonly item: JsonObject;
  readonly raw: RawValues;
  readonly place: readonly (string | number)[];
}

export function objects(value: JsonValue | undefined): JsonObject[] {
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
export function rawOf({ raw, place }: ReadItem): () => string | undefined {
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

/** A whole text, of which all or nothing can have come before. */
export interface WholeText {
  readonly type: TextType;
  readonly text: string;
  /** Of its tokens, where the vendor has them. */
  readonly logprobs: readonly TokenLogprob[] | undefined;
}

/** Texts of a finished message, by their position. */
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
