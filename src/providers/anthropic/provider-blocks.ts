// Data of blocks that the contract cannot express: blocks of the vendor's own tools, citations, and fields that the
// next turn must repeat.
import type { ProviderPart } from "../../domain/generation-spec.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../domain/json.ts";
import type { Annotation, ProviderData } from "../../domain/provider-data.ts";
import { annotationOf } from "../shared/annotations.ts";
import { RawJson, rawEntries } from "../shared/json-body.ts";
import { type DataOrigin, extraData, rawElements, rawFields } from "../shared/provider-json.ts";
import { inputText } from "./input-text.ts";

export const ORIGIN: DataOrigin = { providerType: "anthropic", api: "messages" };

/** Fields of blocks that the contract can express. */
const KNOWN_FIELDS = {
  text: new Set(["type", "text", "citations"]),
  tool_use: new Set(["type", "id", "name", "input"]),
  thinking: new Set(["type", "thinking", "signature"]),
  redacted_thinking: new Set(["type", "data"]),
} as const satisfies Record<string, ReadonlySet<string>>;

/** Fields that the vendor adds to a block, to be sent back with it. */
export function blockData(
  type: keyof typeof KNOWN_FIELDS,
  source: JsonObject,
  raw: () => string | undefined,
): ProviderData | undefined {
  return extraData(source, KNOWN_FIELDS[type], raw, ORIGIN);
}

function text(value: JsonValue | undefined): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function count(value: JsonValue | undefined): number | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) ? value : undefined;
}

/** A citation as an annotation of its whole block, because the vendor splits its text at citations. */
export function citationOf(citation: JsonObject, json: string): Annotation {
  const { start_page_number: first, end_page_number: behind } = citation;
  const end = count(behind);
  return annotationOf({
    uri: text(citation["url"]) ?? text(citation["source"]),
    title: text(citation["title"]) ?? text(citation["document_title"]),
    citedText: text(citation["cited_text"]),
    fileId: text(citation["file_id"]),
    firstPage: count(first),
    lastPage: end === undefined ? undefined : end - 1,
    providerData: { ...ORIGIN, json },
  });
}

/** The citations at the start of a block. */
export function citationsOf(source: JsonObject, raw: () => string | undefined): Annotation[] {
  const { citations } = source;
  if (!Array.isArray(citations) || citations.length === 0) return [];
  const block = raw();
  const list = block === undefined ? undefined : rawFields(block).get("citations")?.text;
  const texts = rawElements(list ?? JSON.stringify(citations));
  return citations.flatMap((citation, index) =>
    isJsonObject(citation) ? [citationOf(citation, texts[index] ?? JSON.stringify(citation))] : [],
  );
}

/** An open block of another kind. */
export class ProviderBlock {
  readonly #json: string;
  #input = "";
  /** Content of other kinds of deltas, by field. */
  readonly #added = new Map<string, string | RawJson>();

  constructor(json: string) {
    this.#json = json;
  }

  /** The input arrives in pieces of JSON. Texts of other deltas are pieces too. */
  append(delta: JsonObject, raw: (field: string) => string | undefined): void {
    for (const [field, value] of Object.entries(delta)) {
      if (field === "type") continue;
      if (field === "partial_json") this.#input += inputText(value, () => raw(field));
      else if (typeof value !== "string")
        this.#added.set(field, new RawJson(JSON.stringify(value)));
      else {
        const before = this.#added.get(field);
        this.#added.set(field, typeof before === "string" ? before + value : value);
      }
    }
  }

  /** The input as JSON text, or as a JSON string if it was cut off. */
  #inputJson(): RawJson {
    try {
      JSON.parse(this.#input);
      return new RawJson(this.#input);
    } catch {
      return new RawJson(JSON.stringify(this.#input));
    }
  }

  part(): ProviderPart {
    return { type: "provider", ...ORIGIN, json: this.#whole() };
  }

  #whole(): string {
    if (this.#input === "" && this.#added.size === 0) return this.#json;
    const fields = new Map<string, unknown>(rawFields(this.#json));
    if (this.#input !== "") fields.set("input", this.#inputJson());
    for (const [name, value] of this.#added) fields.set(name, value);
    return rawEntries(fields).text;
  }
}
