// Errors in the form of OpenAI's APIs.
import type { GatewayError } from "../../domain/gateway-error.ts";
import type { JsonObject } from "../../domain/json.ts";
import type { DoorRefusal } from "../door.ts";
import { httpStatusOf, retryHeaders } from "./http-status.ts";

/** Codes that OpenAI's clients and their agents act on. */
function codeOf({ kind, reason }: GatewayError): string | null {
  switch (kind) {
    case "context-length":
      return "context_length_exceeded";
    case "quota":
    case "budget":
      return "insufficient_quota";
    case "rate-limit":
    case "caller-limit":
      return "rate_limit_exceeded";
    case "content-filter":
      return "content_filter";
    case "unauthenticated":
      return "invalid_api_key";
    case "not-found":
      return reason === undefined || reason === "MODEL_NOT_FOUND" ? "model_not_found" : "not_found";
    case "validation":
      return reason === "PREVIOUS_RESPONSE_NOT_FOUND" ? "previous_response_not_found" : null;
    default:
      return reason?.toLowerCase() ?? kind.replaceAll("-", "_");
  }
}

function typeOf(status: number, error: GatewayError): string {
  if (error.kind === "quota" || error.kind === "budget") return "insufficient_quota";
  if (status === 401) return "authentication_error";
  if (status === 403) return "permission_error";
  if (status === 429) return "rate_limit_error";
  return status < 500 ? "invalid_request_error" : "server_error";
}

/** Removes the name of the contract's message from a path, because the dialect has no such message. */
function paramOf({ violations }: GatewayError): string | null {
  const field = violations[0]?.field ?? "";
  return field === "" ? null : field.replace(/^spec\./, "");
}

/** The object `error` of a body or an event. */
export function openAiError(error: GatewayError): JsonObject {
  return {
    message: error.message,
    type: typeOf(httpStatusOf(error), error),
    param: paramOf(error),
    code: codeOf(error),
  };
}

/** The answer that refuses a call. */
export function openAiRefusal(error: GatewayError): DoorRefusal {
  const body = { error: openAiError(error) };
  return { status: httpStatusOf(error), headers: retryHeaders(error), body };
}
