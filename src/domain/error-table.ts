// Code, reason, retryability and pushback of each kind of error, for all protocols.
import type { ErrorReason } from "./error-reasons.ts";
import type { ErrorKind } from "./gateway-error.ts";

/** google.rpc.Code by name. */
export const Code = {
  OK: 0,
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
} as const;

export type CodeName = keyof typeof Code;

/**
 * The value of `grpc-retry-pushback-ms`: `unsaid` sends none, `never` sends -1, `hint` sends the provider's delay
 * or -1 without one, `soon` sends a small delay because nothing was executed.
 */
type Pushback = "unsaid" | "never" | "hint" | "soon";

export interface ErrorRow {
  readonly code: CodeName;
  /** The reason if the error names none. */
  readonly reason: ErrorReason;
  /** Repeating the same call later can succeed. */
  readonly retryable: boolean;
  readonly pushback: Pushback;
}

function row(
  code: CodeName,
  reason: ErrorReason,
  retryable = false,
  pushback: Pushback = "unsaid",
): ErrorRow {
  return { code, reason, retryable, pushback };
}

/** One row for each kind: `docs/api.md#codes-by-category`. */
const ROWS: Readonly<Record<ErrorKind, ErrorRow>> = {
  unknown: row("UNKNOWN", "UNCLASSIFIED"),
  validation: row("INVALID_ARGUMENT", "INVALID_REQUEST"),
  "context-length": row("INVALID_ARGUMENT", "CONTEXT_LENGTH_EXCEEDED"),
  "provider-authentication": row("FAILED_PRECONDITION", "PROVIDER_CREDENTIALS"),
  "provider-permission": row("FAILED_PRECONDITION", "PROVIDER_CREDENTIALS"),
  unauthenticated: row("UNAUTHENTICATED", "CREDENTIALS_MISSING"),
  "permission-denied": row("PERMISSION_DENIED", "NOT_OWNER"),
  "not-found": row("NOT_FOUND", "MODEL_NOT_FOUND"),
  conflict: row("ALREADY_EXISTS", "REQUEST_ID_REUSED"),
  "content-filter": row("INVALID_ARGUMENT", "CONTENT_FILTERED"),
  "rate-limit": row("RESOURCE_EXHAUSTED", "PROVIDER_RATE_LIMIT", true, "hint"),
  quota: row("RESOURCE_EXHAUSTED", "PROVIDER_QUOTA", false, "never"),
  "caller-limit": row("RESOURCE_EXHAUSTED", "CALLER_RATE_LIMIT", true, "hint"),
  "gateway-overloaded": row("UNAVAILABLE", "OVERLOADED", true, "soon"),
  "provider-overloaded": row("UNAVAILABLE", "PROVIDER_OVERLOADED", true, "never"),
  "server-error": row("UNAVAILABLE", "PROVIDER_ERROR", true, "never"),
  network: row("UNAVAILABLE", "PROVIDER_CONNECTION", true, "never"),
  "connect-timeout": row("UNAVAILABLE", "PROVIDER_TIMEOUT", true, "never"),
  "first-token-timeout": row("UNAVAILABLE", "PROVIDER_TIMEOUT", true, "never"),
  "idle-timeout": row("UNAVAILABLE", "PROVIDER_TIMEOUT", true, "never"),
  "total-timeout": row("DEADLINE_EXCEEDED", "TOTAL_TIMEOUT"),
  "circuit-open": row("UNAVAILABLE", "CIRCUIT_OPEN", true, "never"),
  protocol: row("INTERNAL", "PROVIDER_PROTOCOL"),
  "invalid-output": row("ABORTED", "OUTPUT_NOT_JSON", true, "never"),
  cancelled: row("CANCELLED", "CANCELLED_BY_CALLER"),
  "owner-lost": row("UNAVAILABLE", "OWNER_LOST", true, "never"),
  "state-lost": row("DATA_LOSS", "STREAM_LOG_INCOMPLETE"),
  internal: row("INTERNAL", "INTERNAL"),
  truncated: row("UNAVAILABLE", "PROVIDER_TRUNCATED", true, "never"),
  "state-unavailable": row("UNAVAILABLE", "STORE_UNAVAILABLE", true, "hint"),
  budget: row("RESOURCE_EXHAUSTED", "REQUEST_BUDGET", false, "never"),
  "stream-limit": row("RESOURCE_EXHAUSTED", "STREAM_TOO_LARGE", false, "never"),
};

/** Reasons whose code differs from that of their kind. */
const CODE_BY_REASON: Readonly<Partial<Record<ErrorReason, CodeName>>> = {
  FAULTS_DISABLED: "FAILED_PRECONDITION",
  STREAM_NOT_RESUMABLE: "FAILED_PRECONDITION",
  SEQUENCE_AHEAD: "OUT_OF_RANGE",
  RESULT_NOT_KEPT: "FAILED_PRECONDITION",
  OUTPUT_DISCARDED: "FAILED_PRECONDITION",
  PROVIDER_COUNT_UNAVAILABLE: "FAILED_PRECONDITION",
  CONFIGURED_CALLER: "FAILED_PRECONDITION",
  LAST_OPERATOR: "FAILED_PRECONDITION",
  GROUP_IN_USE: "FAILED_PRECONDITION",
};

/** Reasons whose errors are retryable although their kind is not. */
const RETRYABLE_REASONS: ReadonlySet<ErrorReason> = new Set(["DELIVERY_DEADLINE"]);

/** The row of an error, with the code of its reason. */
export function errorRow(kind: ErrorKind, reason: ErrorReason | undefined): ErrorRow {
  const base = ROWS[kind];
  if (reason === undefined) return base;
  const retryable = base.retryable || RETRYABLE_REASONS.has(reason);
  return { ...base, reason, retryable, code: CODE_BY_REASON[reason] ?? base.code };
}

/** All kinds of errors. */
export const ERROR_KINDS = Object.keys(ROWS) as readonly ErrorKind[];
