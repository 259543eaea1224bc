import type { ErrorKind } from "./error-kind.ts";
import type { ErrorReason } from "./error-reasons.ts";

export type { ErrorKind } from "./error-kind.ts";

/** One field of a request that breaks a rule; `field` is a path such as `spec.messages[0].role`. */
export interface FieldViolation {
  readonly field: string;
  readonly description: string;
}

/** A provider's description of its failure: codes and identifiers, never text of the body. */
export interface ProviderFailure {
  readonly httpStatus?: number;
  readonly code?: string;
  readonly requestId?: string;
  /** The provider forces (`true`) or forbids (`false`) a retry, for example with `x-should-retry`. */
  readonly shouldRetry?: boolean;
  /**
   * Subject of a failure whose kind leaves it open. `model`: the provider does not serve the model at all.
   * `request`: the account can pay for smaller requests. Unset: unknown.
   */
  readonly about?: "model" | "request";
  /** How far a request got before its connection failed; unset if an answer had begun. */
  readonly reached?: "nothing" | "provider";
}

export interface GatewayErrorOptions {
  /** Default: the reason of the kind (`error-table.ts`). */
  readonly reason?: ErrorReason;
  /** Wait that the provider asks for before a repetition, in milliseconds from now. */
  readonly retryAfterMs?: number;
  readonly violations?: readonly FieldViolation[];
  /** All variable parts of the message, for programs. */
  readonly metadata?: Readonly<Record<string, string>>;
  readonly providerFailure?: ProviderFailure;
  readonly cause?: unknown;
}

/**
 * The only error that crosses a folder border. The message is for developers:
 * lower case, no prompt text, no secrets, no provider bodies.
 */
export class GatewayError extends Error {
  override readonly name = "GatewayError";
  readonly kind: ErrorKind;
  readonly reason: ErrorReason | undefined;
  readonly retryAfterMs: number | undefined;
  readonly violations: readonly FieldViolation[];
  readonly metadata: Readonly<Record<string, string>>;
  readonly providerFailure: ProviderFailure | undefined;

  constructor(kind: ErrorKind, message: string, options: GatewayErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.kind = kind;
    this.reason = options.reason;
    this.retryAfterMs = options.retryAfterMs;
    this.violations = options.violations ?? [];
    this.metadata = options.metadata ?? {};
    this.providerFailure = options.providerFailure;
  }
}

/** The same error with some of its options changed. */
function changed(
  error: GatewayError,
  changes: Pick<GatewayErrorOptions, "reason" | "retryAfterMs">,
): GatewayError {
  const { kind, message, reason, retryAfterMs, violations, metadata, providerFailure } = error;
  return new GatewayError(kind, message, {
    violations,
    metadata,
    cause: error,
    ...(reason !== undefined && { reason }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    ...(providerFailure !== undefined && { providerFailure }),
    ...changes,
  });
}

/** The same error with another reason. */
export function withReason(error: GatewayError, reason: ErrorReason): GatewayError {
  return changed(error, { reason });
}

/** The same error with the wait that the provider asks for, in milliseconds. */
export function withRetryAfter(error: GatewayError, retryAfterMs: number): GatewayError {
  return changed(error, { retryAfterMs });
}

export const CREDENTIALS_REVOKED = "CREDENTIALS_REVOKED" satisfies ErrorReason;

/** An INVALID_ARGUMENT about one field. */
export function invalidField(field: string, description: string): GatewayError {
  return new GatewayError("validation", `${field}: ${description}`, {
    violations: [{ field, description }],
  });
}

/** The error of a running call whose caller was removed from the configuration. */
export function callerRevoked(): GatewayError {
  return new GatewayError("unauthenticated", "the caller is no longer one of this service", {
    reason: CREDENTIALS_REVOKED,
  });
}
