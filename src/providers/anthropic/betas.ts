import { invalidField } from "../../domain/gateway-error.ts";
import type { JsonObject, JsonValue } from "../../domain/json.ts";

/** A token of RFC 9110, which an element of a list in a header must be. */
const TOKEN = /^[!#$%&'*+.^_`|~\w-]{1,128}$/;
const MAX_BETAS = 64;

function isBeta(value: JsonValue): value is string {
  return typeof value === "string" && TOKEN.test(value);
}

/** The names in the option `betas`, which are sent as a header; empty if the option is unset or invalid. */
export function betasOf({ betas }: JsonObject): readonly string[] {
  return Array.isArray(betas) ? betas.filter(isBeta) : [];
}

/** Refuses an option `betas` that no header can carry. Throws INVALID_ARGUMENT. */
export function checkBetas({ betas }: JsonObject, instance: string): void {
  if (betas === undefined) return;
  const field = `spec.provider_options.${instance}.betas`;
  if (!Array.isArray(betas) || betas.length > MAX_BETAS) {
    throw invalidField(field, `must be a list of at most ${MAX_BETAS} names`);
  }
  const index = betas.findIndex((beta) => !isBeta(beta));
  if (index < 0) return;
  throw invalidField(`${field}[${index}]`, "must be 1 to 128 letters, digits, . _ - and the like");
}
