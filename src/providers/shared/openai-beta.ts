import type { JsonObject } from "../../domain/json.ts";
import type { ProviderRequest } from "../provider.ts";

/** Option with the header of the same name. */
const OPTION = "openai-beta";

/** Names of betas, in a list. */
const NAMES = /^[\w.=-]{1,128}(?:, ?[\w.=-]{1,128}){0,15}$/;

/** The header that a caller of the dialect has sent. */
export function betaHeaders({ options }: ProviderRequest): Record<string, string> {
  const given = options[OPTION];
  return typeof given === "string" && NAMES.test(given) ? { [OPTION]: given } : {};
}

/** The options that go into a body. */
export function bodyOptions({ [OPTION]: _, ...options }: JsonObject): JsonObject {
  return options;
}
