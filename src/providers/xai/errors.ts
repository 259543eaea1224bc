import type { ErrorKind } from "../../domain/gateway-error.ts";
import { isOverloaded } from "../shared/classify-error.ts";
import type { ErrorEvidence } from "../shared/error-body.ts";
import type { ErrorRules } from "../shared/http-error.ts";
import { isTooLong } from "../shared/is-too-long.ts";

/**
 * xAI writes a gRPC status in `code` as its description. The descriptions are a closed list; each is mapped to the
 * status's name and the kind of error.
 */
const STATUS_OF_DESCRIPTION: ReadonlyMap<string, readonly [string, ErrorKind]> = new Map<
  string,
  readonly [string, ErrorKind]
>([
  ["client specified an invalid argument", ["invalid_argument", "validation"]],
  ["some requested entity was not found", ["not_found", "not-found"]],
  [
    "the caller does not have permission to execute the specified operation",
    ["permission_denied", "provider-permission"],
  ],
  [
    "the request does not have valid authentication credentials",
    ["unauthenticated", "provider-authentication"],
  ],
  ["some resource has been exhausted", ["resource_exhausted", "rate-limit"]],
  ["deadline expired before operation could complete", ["deadline_exceeded", "server-error"]],
  ["the operation was aborted", ["aborted", "server-error"]],
  ["internal error", ["internal", "server-error"]],
  ["the service is currently unavailable", ["unavailable", "server-error"]],
]);

/** One status has several meanings, and only the text distinguishes them. */
const CREDIT_TEXT = /used all available credits|monthly spending limit|run out of credits/i;
const POLICY_TEXT = /violates usage guidelines|SAFETY_CHECK_TYPE/;
const KEY_TEXT = /incorrect api key/i;

function statusOf({ code = "" }: ErrorEvidence): readonly [string, ErrorKind] | undefined {
  return STATUS_OF_DESCRIPTION.get(code.toLowerCase());
}

export const errorRules: ErrorRules = {
  refine(evidence) {
    const code = statusOf(evidence)?.[0];
    return code === undefined ? evidence : { ...evidence, code };
  },
  classify(evidence) {
    const { message } = evidence;
    if (CREDIT_TEXT.test(message)) return "quota";
    if (POLICY_TEXT.test(message)) return "content-filter";
    if (KEY_TEXT.test(message)) return "provider-authentication";
    if (isTooLong(evidence)) return "context-length";
    // Beside an HTTP status, the description adds nothing.
    if (evidence.status !== undefined) return undefined;
    const kind = statusOf(evidence)?.[1];
    return kind === "server-error" && isOverloaded(evidence) ? "provider-overloaded" : kind;
  },
  requestIdHeader: "x-request-id",
  resetHeaders: [],
};
