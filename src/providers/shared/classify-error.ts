import type { ErrorKind, ProviderFailure } from "../../domain/gateway-error.ts";
import type { ErrorEvidence } from "./error-body.ts";
import { isFiltered } from "./is-filtered.ts";
import { isLargerThanLimit, isTooLong } from "./is-too-long.ts";

/** Codes and types with the same meaning beside any status. */
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
  ["overloaded", "provider-overloaded"],
  ["overloaded_error", "provider-overloaded"],
  ["engine_overloaded", "provider-overloaded"],
  ["engine_overloaded_error", "provider-overloaded"],
  ["server_is_overloaded", "provider-overloaded"],
  ["server_overloaded", "provider-overloaded"],
  ["model_overloaded", "provider-overloaded"],
  ["capacity_exceeded", "provider-overloaded"],
  ["context_length_exceeded", "context-length"],
  ["exceed_context_size_error", "context-length"],
  ["request_too_large", "context-length"],
  ["content_filter", "content-filter"],
  ["content_policy_violation", "content-filter"],
  ["content_moderation", "content-filter"],
  ["moderation_blocked", "content-filter"],
  ["data_inspection_failed", "content-filter"],
  ["responsibleaipolicyviolation", "content-filter"],
  ["not_found_error", "not-found"],
  ["unsupported_parameter", "validation"],
  ["unsupported_value", "validation"],
]);

/** Codes about the model itself, beside any status. */
const MODEL_CODES: ReadonlySet<string> = new Set([
  "model_not_found",
  "model_not_available",
  "model_deprecated",
  "model_decommissioned",
  "invalid_model",
  "unknown_model",
  // Azure.
  "deploymentnotfound",
]);

/** Words that are less specific than a status. They count only inside an answer of HTTP 200. */
const KIND_OF_VAGUE_WORD: ReadonlyMap<string, ErrorKind> = new Map<string, ErrorKind>([
  ["invalid_request_error", "validation"],
  ["api_error", "server-error"],
  ["server_error", "server-error"],
  ["timeout_error", "server-error"],
  ["service_unavailable_error", "server-error"],
]);

const KIND_OF_STATUS: ReadonlyMap<number, ErrorKind> = new Map<number, ErrorKind>([
  [400, "validation"],
  [401, "provider-authentication"],
  [402, "quota"],
  [403, "provider-permission"],
  [404, "not-found"],
  [405, "validation"],
  // A proxy before the provider requires a credential.
  [407, "provider-authentication"],
  [408, "server-error"],
  [409, "server-error"],
  [410, "not-found"],
  [413, "context-length"],
  // The connection led to the wrong server (RFC 9110, 15.5.20).
  [421, "server-error"],
  [422, "validation"],
  // A resource that the request needs is in use.
  [423, "server-error"],
  // The model has failed (Bedrock, Text Generation Inference), or the server of a tool (Groq).
  [424, "server-error"],
  [425, "server-error"],
  // The server requires another protocol than the configured one.
  [426, "provider-permission"],
  [429, "rate-limit"],
  // The provider may not serve this request here; another one may.
  [451, "provider-permission"],
  // Groq: no capacity at this service tier.
  [498, "provider-overloaded"],
  // A proxy saw the connection end, although the gateway did not end it.
  [499, "server-error"],
  // The network before the provider requires a credential.
  [511, "provider-authentication"],
  [529, "provider-overloaded"],
]);

/** Text of servers without codes, beside a status that means "bad request". */
const QUOTA_TEXT = /credit balance is too low|exceeded your current quota/i;
/** The server works but has no capacity. */
const OVERLOAD_TEXT =
  /\boverloaded\b|\b(?:at|over|out of|no|insufficient) (?:full |available )?capacity\b|\bno (?:free |idle |available )?slots?\b|\bcapacity (?:is )?(?:temporarily )?(?:exceeded|reached)\b|\b(?:server|model|engine|service|system)s? (?:is |are )?(?:currently |too )?busy\b/i;
/** The text concerns the gateway's key, which all models of the instance share. */
const KEY_TEXT =
  /\b(?:invalid|incorrect|expired|revoked|missing) api[ _-]?key\b|\bapi[ _-]?key (?:is |has |was |not )*(?:invalid|incorrect|expired|revoked|missing|valid)\b/i;
/** The text concerns the model, not another thing that the request names. */
const MODEL_TEXT =
  /^model: |\bmodels?\b.{0,120}\b(?:not found|not exist|does not exist|no longer (?:available|supported)|retired|deprecated|decommissioned|sunset|shut down)\b/i;
/** The whole message concerns the key. Google's APIs send such messages with the status of a bad request. */
const KEY_MESSAGE = /^(?:api key not valid|incorrect api key|invalid api key)\b/i;
/** The whole message concerns the model. Fireworks and OpenRouter send such messages as a bad request. */
const MODEL_MESSAGE =
  /^(?:the )?(?:requested )?model (?:not found|does not exist)\b|^\S{1,128} is not a valid model\b|^(?:the )?model [`'"]?\S{1,128}[`'"]? (?:not found|does not exist)\b/i;
/** The account could pay for a smaller request. OpenRouter checks the largest possible output first. */
const TOO_DEAR_TEXT = /\bfewer max_tokens\b|\bprompt tokens limit exceeded\b/i;
/** The account has no credit, so a smaller request would be refused as well. */
const NOTHING_LEFT_TEXT = /\bcan only afford (?:0|-\d+)\b/i;

/** Whether the failure concerns the model itself, so that the target would refuse other requests too. */
function isAboutModel({ status, code = "", type = "", message }: ErrorEvidence): boolean {
  if (MODEL_CODES.has(code.toLowerCase()) || MODEL_CODES.has(type.toLowerCase())) return true;
  return (status === 404 || status === 410) && MODEL_TEXT.test(message);
}

/** The subject of a failure whose kind leaves it open; undefined: unknown. */
export function aboutOf(kind: ErrorKind, evidence: ErrorEvidence): ProviderFailure["about"] {
  if (kind === "not-found") return isAboutModel(evidence) ? "model" : undefined;
  const { message } = evidence;
  const isTooDear = TOO_DEAR_TEXT.test(message) && !NOTHING_LEFT_TEXT.test(message);
  return kind === "quota" && isTooDear ? "request" : undefined;
}

/** Whether the server works but has no capacity for this request. */
export function isOverloaded({ message }: ErrorEvidence): boolean {
  return OVERLOAD_TEXT.test(message);
}

/** Whether the status alone shows that the failure does not concern the prompt. */
function isOfServer(status: number | undefined): boolean {
  return status !== undefined && (status === 429 || status >= 500);
}

/**
 * Classifies by code, then by type. A vague word counts only without a status, and only if the text is not more
 * specific.
 */
export function classifyCode(evidence: ErrorEvidence): ErrorKind | undefined {
  const { status } = evidence;
  const code = evidence.code?.toLowerCase() ?? "";
  const type = evidence.type?.toLowerCase() ?? "";
  if (evidence.isFlagged && !isOfServer(status)) return "content-filter";
  if (MODEL_CODES.has(code) || MODEL_CODES.has(type)) return "not-found";
  if (isLargerThanLimit(evidence)) return "context-length";
  const known = KIND_OF_CODE.get(code) ?? KIND_OF_CODE.get(type);
  if (known !== undefined || status !== undefined) return known;
  const vague = KIND_OF_VAGUE_WORD.get(code) ?? KIND_OF_VAGUE_WORD.get(type);
  if (vague !== undefined && isTooLong(evidence)) return "context-length";
  return vague === "server-error" && isOverloaded(evidence) ? "provider-overloaded" : vague;
}

/** The kind for a status with several meanings, by its text. */
function splitStatus(status: number, evidence: ErrorEvidence): ErrorKind | undefined {
  const { message } = evidence;
  // Some servers report a prompt that is too long as their own failure.
  if (status === 500 && isTooLong(evidence)) return "context-length";
  if (status >= 500) return isOverloaded(evidence) ? "provider-overloaded" : undefined;
  switch (status) {
    case 400:
    case 413:
    case 422:
      if (isTooLong(evidence)) return "context-length";
      if (QUOTA_TEXT.test(message)) return "quota";
      if (isFiltered(evidence)) return "content-filter";
      if (KEY_MESSAGE.test(message)) return "provider-authentication";
      return MODEL_MESSAGE.test(message) ? "not-found" : undefined;
    case 403:
    case 451:
      if (isFiltered(evidence)) return "content-filter";
      return KEY_TEXT.test(message) ? "provider-authentication" : undefined;
    case 498:
      // On servers other than Groq, the status means an invalid token.
      return KEY_TEXT.test(message) ? "provider-authentication" : undefined;
    case 429:
      // Gemini has one text for both. Only a temporary limit has a retry delay.
      return QUOTA_TEXT.test(message) && evidence.retryDelay === undefined ? "quota" : undefined;
    default:
      return undefined;
  }
}

/**
 * Classifies by HTTP status. The text only separates several meanings of one status, and decides if the status is
 * unknown.
 */
export function classifyStatus(status: number, evidence: ErrorEvidence): ErrorKind | undefined {
  const known = splitStatus(status, evidence) ?? KIND_OF_STATUS.get(status);
  if (known !== undefined) return known;
  if (status >= 500) return "server-error";
  return classifyMessage(evidence.message) ?? (status >= 400 ? "validation" : undefined);
}

/** Text about a field of the request whose name sounds like a failure. */
const FIELD_TEXT = /\b(?:invalid|unsupported|unknown|unexpected)\b.{0,40}\btimeout\b/;

/**
 * Phrases (lower case) of errors without a code or a specific status. The order is the precedence: permanent failures
 * come before temporary ones.
 */
const PHRASES: readonly (readonly [ErrorKind, readonly string[]])[] = [
  ["quota", ["exceeded your current quota", "credit balance is too low"]],
  [
    "provider-authentication",
    ["invalid api key", "authentication failed", "unauthorized", "invalid_api_key", "auth_error"],
  ],
  ["provider-overloaded", ["overloaded", "capacity exceeded", "at capacity", "over capacity"]],
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

/** Classifies by text alone, as a last resort after codes and statuses. */
export function classifyMessage(message: string): ErrorKind | undefined {
  const text = message.toLowerCase();
  if (FIELD_TEXT.test(text)) return "validation";
  if (isTooLong({ message })) return "context-length";
  return PHRASES.find(([, phrases]) => phrases.some((phrase) => text.includes(phrase)))?.[0];
}
