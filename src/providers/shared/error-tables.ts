import type { ErrorKind } from "../../domain/gateway-error.ts";
import type { ErrorEvidence } from "./error-body.ts";

/** Codes and types whose meaning does not depend on the status beside them. */
const KIND_OF_CODE: ReadonlyMap<string, ErrorKind> = new Map<string, ErrorKind>([
  ["authentication_error", "provider-authentication"],
  ["invalid_api_key", "provider-authentication"],
  ["permission_error", "provider-permission"],
  ["billing_error", "quota"],
  ["insufficient_quota", "quota"],
  ["credit_balance_exhausted", "quota"],
  ["organization_spend_limit_exceeded", "quota"],
  ["organization_usage_limit_exceeded", "quota"],
  ["project_spend_limit_exceeded", "quota"],
  ["rate_limit_error", "rate-limit"],
  ["rate_limit_exceeded", "rate-limit"],
  ["slow_down", "rate-limit"],
  ["overloaded_error", "provider-overloaded"],
  ["engine_overloaded", "provider-overloaded"],
  ["server_is_overloaded", "provider-overloaded"],
  ["context_length_exceeded", "context-length"],
  ["request_too_large", "context-length"],
  ["content_filter", "content-filter"],
  ["content_policy_violation", "content-filter"],
  ["not_found_error", "not-found"],
  ["model_not_found", "not-found"],
  ["unsupported_parameter", "validation"],
  ["unsupported_value", "validation"],
  ["api_error", "server-error"],
  ["server_error", "server-error"],
  ["timeout_error", "server-error"],
]);

/** Types that say less than a status does: they count inside an answer of HTTP 200 only. */
const KIND_OF_VAGUE_TYPE: ReadonlyMap<string, ErrorKind> = new Map<string, ErrorKind>([
  ["invalid_request_error", "validation"],
  ["service_unavailable_error", "server-error"],
]);

const KIND_OF_STATUS: ReadonlyMap<number, ErrorKind> = new Map<number, ErrorKind>([
  [400, "validation"],
  [401, "provider-authentication"],
  [402, "quota"],
  [403, "provider-permission"],
  [404, "not-found"],
  [405, "validation"],
  [408, "server-error"],
  [409, "server-error"],
  [410, "validation"],
  [413, "context-length"],
  [422, "validation"],
  [425, "server-error"],
  [429, "rate-limit"],
  [529, "provider-overloaded"],
]);

/** Text that is the only evidence of servers without a code, beside a status that says "bad request". */
const CONTEXT_TEXT =
  /maximum context length|context length exceeded|context_length_exceeded|prompt is too long/i;
const QUOTA_TEXT = /credit balance is too low|exceeded your current quota/i;

/** By code, then by type. A vague type counts only without a status. */
export function classifyCode(evidence: ErrorEvidence): ErrorKind | undefined {
  const { status, code = "", type = "" } = evidence;
  return (
    KIND_OF_CODE.get(code) ??
    KIND_OF_CODE.get(type) ??
    (status === undefined ? KIND_OF_VAGUE_TYPE.get(type) : undefined)
  );
}

/** By HTTP status; text only splits what one status means, and speaks where a status says nothing. */
export function classifyStatus(status: number, evidence: ErrorEvidence): ErrorKind | undefined {
  if (status === 400 || status === 413 || status === 422) {
    if (CONTEXT_TEXT.test(evidence.message)) return "context-length";
    if (QUOTA_TEXT.test(evidence.message)) return "quota";
  }
  if (status === 429 && QUOTA_TEXT.test(evidence.message)) return "quota";
  const known = KIND_OF_STATUS.get(status);
  if (known !== undefined) return known;
  if (status >= 500) return "server-error";
  return classifyMessage(evidence.message) ?? (status >= 400 ? "validation" : undefined);
}

/** Text about a field of the request that is named like a failure. */
const FIELD_TEXT = /\b(?:invalid|unsupported|unknown|unexpected)\b.{0,40}\btimeout\b/;

/**
 * Phrases of errors that carry neither a code nor a telling status, lower case.
 * The order is precedence: what is wrong for good stands before what passes.
 */
const PHRASES: readonly (readonly [ErrorKind, readonly string[]])[] = [
  ["context-length", ["context_length_exceeded", "maximum context length", "prompt is too long"]],
  ["quota", ["exceeded your current quota", "credit balance is too low"]],
  [
    "provider-authentication",
    ["invalid api key", "authentication failed", "unauthorized", "invalid_api_key", "auth_error"],
  ],
  ["provider-overloaded", ["overloaded"]],
  [
    "rate-limit",
    [
      "rate limit",
      "too many requests",
      "quota exceeded",
      "too_many_requests",
      "rate_limit_exceeded",
      "throttled",
      "retry later",
      "request limit",
      "api limit",
      "usage limit",
      "limit reached",
      "exceeded quota",
      "try again later",
      "resource_exhausted",
    ],
  ],
  [
    "content-filter",
    ["content filter", "content_filter", "safety filter", "harmful content", "content policy"],
  ],
  [
    "server-error",
    [
      "server error",
      "internal error",
      "server_error",
      "timed out",
      "timeout",
      "deadline exceeded",
      "unavailable",
    ],
  ],
  ["validation", ["invalid request", "bad request", "validation error", "invalid_request"]],
  [
    "network",
    [
      "connection error",
      "network error",
      "dns resolution",
      "connection refused",
      "connection reset",
      "connection_error",
    ],
  ],
];

/** By text, the last resort: anything typed outranks it. */
export function classifyMessage(message: string): ErrorKind | undefined {
  const text = message.toLowerCase();
  if (FIELD_TEXT.test(text)) return "validation";
  return PHRASES.find(([, phrases]) => phrases.some((phrase) => text.includes(phrase)))?.[0];
}
