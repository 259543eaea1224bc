import { invalidField } from "../../domain/gateway-error.ts";
import { isJsonObject, type JsonObject } from "../../domain/json.ts";

/** Fields of a reasoning item that the next request must repeat. */
const FIELDS = ["id", "summary", "content", "encrypted_content"] as const;

/**
 * The signature of a reasoning part: the item as the provider wrote it, as JSON text, so that it can be sent back
 * unchanged. Empty without ciphertext, because only the ciphertext is accepted without storage at the provider.
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

/** Items by signature, so that a signature is parsed once for the check and the body. */
const items = new WeakMap<Uint8Array, JsonObject | "foreign">();

function parse(signature: Uint8Array): JsonObject | "foreign" {
  try {
    const item: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(signature));
    return isJsonObject(item) && typeof item.encrypted_content === "string" ? item : "foreign";
  } catch {
    return "foreign";
  }
}

function itemOf(signature: Uint8Array): JsonObject | "foreign" {
  const known = items.get(signature);
  if (known !== undefined) return known;
  const item = parse(signature);
  items.set(signature, item);
  return item;
}

/** Whether `encodeReasoning` wrote the signature. */
export function isOwnSignature(signature: Uint8Array): boolean {
  return itemOf(signature) !== "foreign";
}

/** The item of a signature. Throws `GatewayError` for `field` if `encodeReasoning` did not write it. */
export function decodeReasoning(signature: Uint8Array, field: string): JsonObject {
  const item = itemOf(signature);
  if (item === "foreign") throw invalidField(field, "not a signature of this provider");
  return { type: "reasoning", ...item, summary: item.summary ?? [] };
}
