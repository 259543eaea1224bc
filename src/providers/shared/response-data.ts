// Data of Responses items that the contract cannot express.
import type { ProviderPart, ToolCallPart } from "../../domain/generation-spec.ts";
import { isJsonObject, type JsonObject } from "../../domain/json.ts";
import type { ProviderData } from "../../domain/provider-data.ts";
import { type DataOrigin, extraData } from "./provider-json.ts";

export const RESPONSES_API = "responses";

const CUSTOM_CALL = "custom_tool_call";

/**
 * Fields of items that the contract can express. An item's identifier is useless without storage at the vendor, which
 * would look for the item, and for its reasoning, in vain.
 */
const KNOWN_FIELDS = {
  message: new Set(["type", "id", "role", "status", "content"]),
  call: new Set(["type", "id", "call_id", "name", "arguments", "input", "status"]),
  reasoning: new Set(["type", "id", "status", "summary", "content", "encrypted_content"]),
} as const satisfies Record<string, ReadonlySet<string>>;

/** Fields that the vendor adds to an item. A custom call keeps its type. */
export function itemData(
  kind: keyof typeof KNOWN_FIELDS,
  item: JsonObject,
  raw: () => string | undefined,
  origin: DataOrigin,
): ProviderData | undefined {
  const known: ReadonlySet<string> = KNOWN_FIELDS[kind];
  if (item.type !== CUSTOM_CALL) return extraData(item, known, raw, origin);
  return extraData(item, new Set([...known].filter((name) => name !== "type")), raw, origin);
}

/** An item of another kind. */
export function providerItem(
  item: JsonObject,
  raw: () => string | undefined,
  origin: DataOrigin,
): ProviderPart {
  return { type: "provider", ...origin, json: raw() ?? JSON.stringify(item) };
}

/** Whether the vendor wrote the call as a custom call with free text. */
export function isCustomCall({ providerData }: ToolCallPart): boolean {
  if (providerData === undefined) return false;
  const fields: unknown = JSON.parse(providerData.json);
  return isJsonObject(fields) && fields.type === CUSTOM_CALL;
}
