// Annotations of OpenAI's dialects. They are flat in Responses, and below the name of their type in Chat.
import { isJsonObject, type JsonObject, type JsonValue } from "../../domain/json.ts";
import type { Annotation } from "../../domain/provider-data.ts";
import { annotationOf } from "./annotations.ts";
import { type DataOrigin, rawElements } from "./provider-json.ts";

function text(value: JsonValue | undefined): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function count(value: JsonValue | undefined): number | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) ? value : undefined;
}

/** One annotation; `json`: its text. Its range is in code points, and `end_index` is after the last one. */
export function openAiAnnotation(source: JsonObject, json: string, origin: DataOrigin): Annotation {
  const nested = typeof source.type === "string" ? source[source.type] : undefined;
  const said: JsonObject = isJsonObject(nested) ? nested : source;
  return annotationOf({
    uri: text(said.url),
    title: text(said.title),
    citedText: text(said.content) ?? text(said.quote),
    start: count(said.start_index),
    end: count(said.end_index),
    fileId: text(said.file_id),
    filename: text(said.filename) ?? text(said.name),
    firstPage: undefined,
    lastPage: undefined,
    providerData: { ...origin, json },
  });
}

/** A list of annotations; `json`: its text. */
export function openAiAnnotations(
  list: JsonValue | undefined,
  json: () => string | undefined,
  origin: DataOrigin,
): Annotation[] {
  if (!Array.isArray(list) || list.length === 0) return [];
  const texts = rawElements(json() ?? JSON.stringify(list));
  return list.flatMap((each, index) =>
    isJsonObject(each)
      ? [openAiAnnotation(each, texts[index] ?? JSON.stringify(each), origin)]
      : [],
  );
}
