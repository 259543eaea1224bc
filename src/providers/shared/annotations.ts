import type { Annotation } from "../../domain/provider-data.ts";

/** Bounds of the contract. Values beyond them are only in the vendor's JSON. */
const MAX_URI = 8_192;
const MAX_TITLE = 4_096;
const MAX_CITED_UNITS = 262_144 / 3;
const MAX_FILE_ID = 256;
const MAX_FILENAME = 1_024;
/** Largest int32. */
const MAX_COUNT = 2_147_483_647;

type Said = { readonly [Field in keyof Annotation]: Annotation[Field] | undefined };

function atMost(text: string | undefined, units: number): string | undefined {
  return text === undefined || text.length <= units ? text : text.slice(0, units).toWellFormed();
}

function whole(text: string | undefined, units: number): string | undefined {
  return text !== undefined && text.length <= units ? text : undefined;
}

function between(value: number | undefined, least: number): number | undefined {
  return value !== undefined && value >= least && value <= MAX_COUNT ? value : undefined;
}

/** An annotation from a vendor's facts, within the contract's bounds. */
export function annotationOf(said: Said): Annotation {
  const range = { start: between(said.start, 0), end: between(said.end, 0) };
  const fields: Said = {
    uri: whole(said.uri, MAX_URI),
    title: atMost(said.title, MAX_TITLE),
    citedText: atMost(said.citedText, MAX_CITED_UNITS),
    ...(range.start === undefined || range.end === undefined ? undefined : range),
    fileId: whole(said.fileId, MAX_FILE_ID),
    filename: atMost(said.filename, MAX_FILENAME),
    firstPage: between(said.firstPage, 1),
    lastPage: between(said.lastPage, 1),
    providerData: said.providerData,
  };
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined),
  ) as Annotation;
}
