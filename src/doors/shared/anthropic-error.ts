// Errors in the form of Anthropic's API.
import type { GatewayError } from "../../domain/gateway-error.ts";
import type { JsonObject } from "../../domain/json.ts";
import type { DoorRefusal } from "../door.ts";
import { httpStatusOf, retryHeaders } from "./http-status.ts";

/** The vendor's own status for an overloaded service. */
const OVERLOADED = 529;

const TYPES: Readonly<Record<number, string>> = {
  400: "invalid_request_error",
  401: "authentication_error",
  403: "permission_error",
  404: "not_found_error",
  409: "invalid_request_error",
  413: "request_too_large",
  429: "rate_limit_error",
  504: "timeout_error",
  [OVERLOADED]: "overloaded_error",
};

function statusOf(error: GatewayError): number {
  const isOverloaded = error.kind === "provider-overloaded" || error.kind === "gateway-overloaded";
  return isOverloaded ? OVERLOADED : httpStatusOf(error);
}

/** Details of a refused thread, which the clients' tool runners read. */
function detailsOf({ metadata }: GatewayError): JsonObject {
  const { error_code, unsupported } = metadata;
  if (error_code === undefined || unsupported === undefined) return {};
  return { details: { error_code, unsupported: [unsupported] } };
}

/** The body of a refusal, and the data of an event. */
export function anthropicError(error: GatewayError): JsonObject {
  const type = TYPES[statusOf(error)] ?? "api_error";
  return { type: "error", error: { type, message: error.message, ...detailsOf(error) } };
}

/** The answer that refuses a call. */
export function anthropicRefusal(error: GatewayError): DoorRefusal {
  return {
    status: statusOf(error),
    headers: retryHeaders(error),
    body: anthropicError(error),
  };
}
