// Data that a provider adds to parts, calls and messages, and that is sent back as text: JSON that is parsed and
// serialized loses the order of its keys, and integers beyond 2^53.
import type { JsonObject } from "../../domain/json.ts";
import { MAX_PROVIDER_JSON_BYTES, type ProviderData } from "../../domain/provider-data.ts";
import { type BodyFields, RawJson, rawEntries, rawObject } from "./json-body.ts";
import { ANY, rawValues } from "./raw-values.ts";

/** The provider type and API that the JSON belongs to. */
export type DataOrigin = Pick<ProviderData, "providerType" | "api">;

/** The fields of a JSON object, with the JSON text of each value. */
export function rawFields(json: string): Map<string, RawJson> {
  const fields = JSON.parse(json) as JsonObject;
  const raw = rawValues(json, [[ANY]]);
  return new Map(
    Object.entries(fields).map(([name, value]) => [
      name,
      new RawJson(raw.at(name) ?? JSON.stringify(value)),
    ]),
  );
}

/** The JSON texts of the elements of a JSON array. */
export function rawElements(json: string): string[] {
  const elements = JSON.parse(json) as unknown[];
  const raw = rawValues(`{"all":${json}}`, [["all", ANY]]);
  return elements.map((element, index) => raw.at("all", index) ?? JSON.stringify(element));
}

function isSaid(value: unknown): boolean {
  return value !== undefined && value !== null;
}

/** The fields of an object that are not `known`, as data; undefined: none. `raw`: returns the object's JSON text. */
export function extraData(
  source: JsonObject,
  known: ReadonlySet<string>,
  raw: () => string | undefined,
  { providerType, api }: DataOrigin,
): ProviderData | undefined {
  const names = Object.keys(source).filter((name) => !known.has(name) && isSaid(source[name]));
  if (names.length === 0) return undefined;
  const texts = rawFields(raw() ?? JSON.stringify(source));
  const fields = names.map((name) => [name, texts.get(name)] as const);
  return { providerType, api, json: rawEntries(fields).text };
}

/**
 * Joins the data of several pieces. The last value of a repeated field counts. Data that is too long for an answer is
 * not extended.
 */
export function joinedData(
  before: ProviderData | undefined,
  next: ProviderData | undefined,
): ProviderData | undefined {
  if (before === undefined || next === undefined) return next ?? before;
  if (before.json === next.json || before.json.length > MAX_PROVIDER_JSON_BYTES) return before;
  return { ...next, json: rawEntries([...rawFields(before.json), ...rawFields(next.json)]).text };
}

/** An object of a body with the fields of `data`. Those of `fields` take precedence. */
export function withData(fields: BodyFields, data: ProviderData | undefined): RawJson {
  if (data === undefined) return rawObject(fields);
  const added = Array.from(rawFields(data.json)).filter(([name]) => fields[name] === undefined);
  return rawEntries([...Object.entries(fields), ...added]);
}

/** A provider's own part in the form for the request. */
export function rawPart({ json }: ProviderData): RawJson {
  return new RawJson(json);
}
