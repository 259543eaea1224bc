import { invalidField } from "../../domain/gateway-error.ts";
import { isJsonObject, type JsonObject } from "../../domain/json.ts";

/** Fields of a reasoning item that the next request has to repeat. */
const FIELDS = ["id", "summary", "content", "encrypted_content"] as const;

/**
 * The signature of a reasoning part: the item as the provider wrote it, as JSON
 * text, so that it can go back unchanged. Empty where the item cannot go back,
 * because nothing but its ciphertext is proof without storage at the provider.
 */
export function encodeReasoning(item: JsonObject): Uint8Array {
  if (typeof item.encrypted_content !== "string" || item.encrypted_content === "") {
    return new Uint8Array();
  }
  const kept = Object.fromEntries(
    FIELDS.flatMap((field) => {
      const value = item[field];
      return value === undefined || value === null ? [] : [[field, value]];
    }),
  );
  return new TextEncoder().encode(JSON.stringify(kept));
}

/** The item again. Throws `GatewayError` naming `field` for anything that did not come from here. */
export function decodeReasoning(signature: Uint8Array, field: string): JsonObject {
  let item: unknown;
  try {
    item = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(signature));
  } catch {
    throw invalidField(field, "not a signature of this provider");
  }
  if (!isJsonObject(item) || typeof item.encrypted_content !== "string") {
    throw invalidField(field, "not a signature of this provider");
  }
  return { type: "reasoning", ...item, summary: item.summary ?? [] };
}
