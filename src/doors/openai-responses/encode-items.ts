// Encodes parts of an answer as output items of the Responses API.
import type { Part, ReasoningPart } from "../../domain/generation-spec.ts";
import { isJsonObject, type JsonObject } from "../../domain/json.ts";
import type { TokenLogprob, TopLogprob } from "../../domain/provider-data.ts";
import { ownAnnotations, ownFields } from "../shared/own-fields.ts";
import { ORIGIN } from "./decode-input.ts";

export type ItemStatus = "in_progress" | "completed" | "incomplete";

/** `own` has fields that a provider of the dialect has added to the item. */
export function messageItem(
  id: string,
  content: JsonObject[],
  status: ItemStatus,
  own: JsonObject = {},
): JsonObject {
  return { ...own, id, type: "message", status, role: "assistant", content };
}

export function textContent(
  text: string,
  annotations: JsonObject[] = [],
  logprobs: JsonObject[] = [],
): JsonObject {
  return { type: "output_text", text, annotations, logprobs };
}

/** Sources of a text. */
export function annotationsOf(part: Part | undefined): JsonObject[] {
  return part?.type === "text" ? ownAnnotations(part.annotations, ORIGIN.api) : [];
}

function encodeTop({ token, logprob, rawBytes }: TopLogprob): JsonObject {
  return { token, logprob, bytes: [...(rawBytes ?? Buffer.from(token))] };
}

/** Probabilities of tokens. */
export function encodeLogprobs(logprobs: readonly TokenLogprob[] = []): JsonObject[] {
  return logprobs.map((each) => ({ ...encodeTop(each), top_logprobs: each.top.map(encodeTop) }));
}

/** Fields that a provider of the dialect has added to the item of a part. */
export function itemFields(part: Part | undefined): JsonObject {
  return part === undefined || part.type === "provider"
    ? {}
    : ownFields(part.providerData, ORIGIN.api);
}

export function refusalContent(refusal: string): JsonObject {
  return { type: "refusal", refusal };
}

export function callItem(
  id: string,
  call: { readonly id: string; readonly name: string; readonly argumentsJson: string },
  status: ItemStatus,
  own: JsonObject = {},
): JsonObject {
  const { id: call_id, name, argumentsJson } = call;
  if (own["type"] === "custom_tool_call") {
    return { ...own, id, status, call_id, name, input: argumentsJson };
  }
  return { ...own, id, type: "function_call", status, call_id, name, arguments: argumentsJson };
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
  { text, signature, providerData }: Pick<ReasoningPart, "text" | "signature" | "providerData">,
  status: ItemStatus,
): JsonObject {
  const summary = text === "" ? [] : [{ type: "summary_text", text }];
  // A stream has already sent the item's own identifier before the vendor's is known.
  const own = ownFields(providerData, ORIGIN.api);
  return { ...own, summary, ...signedFields({ signature }), id, type: "reasoning", status };
}

/** A part without deltas as an item; undefined: the dialect has none for it. */
export function ownItem(part: Extract<Part, { type: "provider" }>): JsonObject | undefined {
  return part.api === ORIGIN.api ? (JSON.parse(part.json) as JsonObject) : undefined;
}
