import type { JsonObject } from "../../domain/json.ts";

export type Header = (name: string) => string | undefined;

/** What the header `openai-beta` says: an option of the dialect by a name that no field of a body has. */
export function betaOption(header: Header): JsonObject {
  const beta = header("openai-beta");
  return beta === undefined ? {} : { "openai-beta": beta };
}
