// Encodes parts of an answer as output items of the Responses API.
import type { Part, ReasoningPart } from "../../domain/generation-spec.ts";
import { isJsonObject, type JsonObject } from "../../domain/json.ts";
import { ORIGIN } from "./decode-input.ts";

export type ItemStatus = "in_progress" | "completed" | "incomplete";

export function messageItem(id: string, content: JsonObject[], status: ItemStatus): JsonObject {
  return { id, type: "message", status, role: "assistant", content };
}

export function textContent(text: string): JsonObject {
  return { type: "output_text", text, annotations: [], logprobs: [] };
}

export function refusalContent(refusal: string): JsonObject {
  return { type: "refusal", refusal };
}

export function callItem(
  id: string,
  call: { readonly id: string; readonly name: string; readonly argumentsJson: string },
  status: ItemStatus,
): JsonObject {
  const { id: call_id, name, argumentsJson } = call;
  return { id, type: "function_call", status, call_id, name, arguments: argumentsJson };
}

/** The item as the vendor wrote it; undefined: another vendor signed it, or none did. */
function signedFields({ signature }: Pick<ReasoningPart, "signature">): JsonObject | undefined {
  if (signature.length === 0) return undefined;
  try {
    const fields: unknown = JSON.parse(Buffer.from(signature).toString("utf8"));
    return isJsonObject(fields) && typeof fields["encrypted_content"] === "string"
      ? fields
      : undefined;
  } catch {
    return undefined;
  }
}

export function reasoningItem(
  id: string,
  { text, signature }: Pick<ReasoningPart, "text" | "signature">,
  status: ItemStatus,
): JsonObject {
  const summary = text === "" ? [] : [{ type: "summary_text", text }];
  // A stream has already sent the item's own identifier before the vendor's is known.
  return { summary, ...signedFields({ signature }), id, type: "reasoning", status };
}

/** A part without deltas as an item; undefined: the dialect has none for it. */
export function ownItem(part: Extract<Part, { type: "provider" }>): JsonObject | undefined {
  const isOwn = part.providerType === ORIGIN.providerType && part.api === ORIGIN.api;
  return isOwn ? (JSON.parse(part.json) as JsonObject) : undefined;
}
