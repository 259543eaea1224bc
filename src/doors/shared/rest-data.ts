import { dialectOptions } from "../../domain/dialect-options.ts";
import type { JsonObject } from "../../domain/json.ts";
import type { ProviderData } from "../../domain/provider-data.ts";
import type { Fields } from "./fields.ts";

/** Whose JSON it is: of every provider that speaks the dialect. */
export type DialectOrigin = Pick<ProviderData, "providerType" | "api">;

export function originOf(dialect: "chat" | "responses" | "messages"): DialectOrigin {
  return { providerType: dialectOptions(dialect), api: dialect };
}

/** Fields as data for targets of the dialect; without a field there is none. */
export function dataOf(
  fields: JsonObject,
  origin: DialectOrigin,
): { readonly providerData?: ProviderData } {
  if (Object.keys(fields).length === 0) return {};
  return { providerData: { ...origin, json: JSON.stringify(fields) } };
}

/** The fields of an object that the contract has no word for. */
export function restData(fields: Fields, origin: DialectOrigin) {
  return dataOf(fields.rest(), origin);
}
