// Fields of an answer that the contract cannot express. They become metadata.
import { isJsonObject, type JsonObject, type JsonValue } from "../../domain/json.ts";
import { isEmptyValue } from "./is-empty-value.ts";

/** Only a text with this many digits can contain an integer beyond a double's precision. */
const LONG_NUMBER = /\d{16}/;
const INTEGER = /^-?\d+$/;

/** Parses JSON, with integers beyond 2^53 as text. */
function parseExactly(json: string): JsonValue {
  const keep = (_key: string, value: unknown, context?: { readonly source?: string }): unknown => {
    const isExact = typeof value !== "number" || Number.isSafeInteger(value);
    const source = context?.source ?? "";
    return isExact || !INTEGER.test(source) ? value : source;
  };
  return JSON.parse(json, keep as (key: string, value: unknown) => unknown) as JsonValue;
}

function at(value: JsonValue | undefined, place: readonly (string | number)[]): JsonValue {
  let found: JsonValue | undefined = value;
  for (const step of place) {
    if (Array.isArray(found)) found = found[Number(step)];
    else found = isJsonObject(found) ? found[step] : undefined;
  }
  return found ?? null;
}

/** Path of an object in the text that it was parsed from. */
export type Place = readonly (string | number)[];

/** Place of an object's fields in the metadata, and how pieces are joined. */
interface Keeping {
  /** The metadata field that contains them; unset: they are at the top. */
  readonly group?: string;
  /** Whether texts and lists are pieces of longer ones. Default: false. */
  readonly isPiece?: boolean;
}

/** Rules for the fields of one kind of object. They are constants, so that no event creates objects. */
export interface FieldRules extends Keeping {
  /** Fields that the contract can express, or without information. They are not kept. */
  readonly known: ReadonlySet<string>;
}

/** Longest metadata of an answer in UTF-16 units of JSON. */
const MAX_UNITS = 512 * 1024;

function joined(before: JsonValue | undefined, value: JsonValue, isPiece: boolean): JsonValue {
  if (isPiece && typeof before === "string" && typeof value === "string") return before + value;
  if (isPiece && Array.isArray(before) && Array.isArray(value)) return [...before, ...value];
  return isJsonObject(before) && isJsonObject(value) ? { ...before, ...value } : value;
}

function isScalar(value: JsonValue): boolean {
  return typeof value !== "object" && typeof value !== "number";
}

/** Metadata of one answer. Integers beyond 2^53 are text. */
export class AnswerMetadata {
  #fields: JsonObject | undefined;
  #units = 0;
  /** Whether a field was left out because the metadata would be too long. */
  isCut = false;

  /**
   * Keeps the fields of `source` that are neither known nor empty. `json`: the text that `source` was parsed from.
   */
  keep(source: JsonObject, rules: FieldRules, json: string, place: () => Place): void {
    let exact: JsonValue | undefined;
    for (const name in source) {
      if (rules.known.has(name)) continue;
      const value = source[name];
      if (value === undefined || value === null || this.#has(name, value, rules)) continue;
      if (isEmptyValue(value)) continue;
      if (!isScalar(value) && LONG_NUMBER.test(json)) exact ??= at(parseExactly(json), place());
      this.add(name, isJsonObject(exact) ? (exact[name] ?? value) : value, rules);
    }
  }

  /** Whether the field is already kept, because servers repeat general fields in each piece. */
  #has(name: string, value: JsonValue, { group }: Keeping): boolean {
    const fields = group === undefined ? this.#fields : this.#fields?.[group];
    return isJsonObject(fields) && fields[name] === value;
  }

  add(name: string, value: JsonValue, { group, isPiece = false }: Keeping = {}): void {
    this.#units += name.length + JSON.stringify(value).length;
    if (this.#units > MAX_UNITS) {
      this.isCut = true;
      return;
    }
    this.#fields ??= {};
    let fields = this.#fields;
    if (group !== undefined) {
      const known = fields[group];
      const own: JsonObject = isJsonObject(known) ? known : {};
      fields[group] = own;
      fields = own;
    }
    fields[name] = joined(fields[name], value, isPiece);
  }

  /** The field `metadata` for the end of an answer. */
  get metadata(): { readonly metadata?: JsonObject } {
    return this.#fields === undefined ? {} : { metadata: this.#fields };
  }
}
