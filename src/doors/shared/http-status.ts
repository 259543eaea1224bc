import { type CodeName, errorRow } from "../../domain/error-table.ts";
import type { GatewayError } from "../../domain/gateway-error.ts";

/** Longest wait in an answer, in milliseconds, because some clients wait any number of seconds. */
const MAX_RETRY_AFTER_MS = 60_000;

const NO_RETRY = { "x-should-retry": "false" } as const;

const STATUSES: Readonly<Record<CodeName, number>> = {
  OK: 200,
  CANCELLED: 499,
  UNKNOWN: 500,
  INVALID_ARGUMENT: 400,
  DEADLINE_EXCEEDED: 504,
  NOT_FOUND: 404,
  ALREADY_EXISTS: 409,
  PERMISSION_DENIED: 403,
  RESOURCE_EXHAUSTED: 429,
  FAILED_PRECONDITION: 400,
  ABORTED: 502,
  OUT_OF_RANGE: 400,
  UNIMPLEMENTED: 501,
  INTERNAL: 500,
  UNAVAILABLE: 503,
  DATA_LOSS: 500,
  UNAUTHENTICATED: 401,
};

/** HTTP status of an error, as the vendors' clients expect it. */
export function httpStatusOf({ kind, reason }: GatewayError): number {
  if (reason === "REQUEST_TOO_LARGE") return 413;
  return STATUSES[errorRow(kind, reason).code];
}

/**
 * Headers that say whether and when to retry. The gateway has already used its own retries, and a client's would
 * multiply with them.
 */
export function retryHeaders(error: GatewayError): Readonly<Record<string, string>> {
  const { retryable, pushback } = errorRow(error.kind, error.reason);
  if (!retryable || pushback === "never") return NO_RETRY;
  const { retryAfterMs } = error;
  // A client that slept for a minute and came again would be refused once more.
  if (isFarAway(error)) return { ...waitHeaders(retryAfterMs), ...NO_RETRY };
  if (retryAfterMs === undefined) return {};
  return waitHeaders(retryAfterMs);
}

/** Whether a limit holds for longer than a client waits, or for ever. */
function isFarAway({ kind, reason, retryAfterMs }: GatewayError): boolean {
  if (kind !== "caller-limit" || reason?.endsWith("_LIMIT") !== true) return false;
  return retryAfterMs === undefined || retryAfterMs > MAX_RETRY_AFTER_MS;
}

function waitHeaders(retryAfterMs: number | undefined): Readonly<Record<string, string>> {
  if (retryAfterMs === undefined) return {};
  const waitMs = Math.min(retryAfterMs, MAX_RETRY_AFTER_MS);
  return {
    "retry-after": String(Math.ceil(waitMs / 1_000)),
    "retry-after-ms": String(Math.ceil(waitMs)),
  };
}
