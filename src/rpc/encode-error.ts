import {
  clone,
  create,
  type DescMessage,
  type MessageInitShape,
  toBinary,
} from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import {
  BadRequestSchema,
  ErrorInfoSchema,
  PreconditionFailureSchema,
  QuotaFailureSchema,
  ResourceInfoSchema,
  RetryInfoSchema,
} from "../../gen/service/google/rpc/error_details_pb.ts";
import {
  type GatewayError as GatewayErrorMessage,
  GatewayErrorSchema,
} from "../../gen/service/steer/v1/error_pb.ts";
import { Code, type ErrorRow, errorRow } from "../domain/error-table.ts";
import { GatewayError } from "../domain/gateway-error.ts";
import { type Generation, GenerationFailed } from "../domain/generation.ts";
import type { RpcStatus, StatusDetail } from "./call.ts";
import { encodeAttempt, encodeCost, encodeUsage } from "./encode-generation.ts";
import { categoryOf } from "./error-category.ts";
import { StreamFailed } from "./stream-failed.ts";

/** One constant for all errors of the service. */
const DOMAIN = "steer";

/** Python's C core gives up on more metadata than 8 KiB; base64 adds a third. */
const MAX_DETAILS_BYTES = 4096;
const MAX_VIOLATIONS = 20;
const MAX_TEXT_UNITS = 300;
/** Attempts in a status: the first, which tells the first cause, and so many of the last. */
const LAST_ATTEMPTS_IN_STATUS = 2;

/** Where nothing was executed, a client may come back soon. */
const SOON_MS = 200;

/** Reserved for errors of the listener's making, so that nothing unexpected leaks. */
const INTERNAL_MESSAGE = "internal error";

function clip(text: string): string {
  const whole = text.toWellFormed();
  return whole.length <= MAX_TEXT_UNITS
    ? whole
    : `${whole.slice(0, MAX_TEXT_UNITS)}…`.toWellFormed();
}

/** The error in full, as it stands in the terminal event of a stream. */
export function encodeGatewayError(
  error: GatewayError,
  partial: Generation | undefined,
): GatewayErrorMessage {
  const row = errorRow(error.kind, error.reason);
  const last = partial?.attempts.at(-1);
  return create(GatewayErrorSchema, {
    category: categoryOf(error.kind),
    reason: row.reason,
    message: error.kind === "internal" ? INTERNAL_MESSAGE : clip(error.message),
    code: Code[row.code],
    retryable: row.retryable,
    provider: last?.provider ?? "",
    model: last?.model ?? "",
    attempts: partial?.attempts.map(encodeAttempt) ?? [],
    generationId: partial?.generationId ?? "",
    ...(error.retryAfterMs !== undefined && {
      retryDelay: durationFromMs(Math.ceil(error.retryAfterMs)),
    }),
    ...(partial?.cost !== undefined && { cost: encodeCost(partial.cost) }),
    ...(partial?.totalUsage !== undefined && { totalUsage: encodeUsage(partial.totalUsage) }),
  });
}

function detail<Schema extends DescMessage>(
  desc: Schema,
  value: MessageInitShape<Schema>,
): StatusDetail {
  return { desc, value: create(desc, value) };
}

/** What stands beside ErrorInfo and GatewayError: the standard details of the kind. */
function standardDetails(error: GatewayError, row: ErrorRow): StatusDetail[] {
  const details: StatusDetail[] = [];
  if (error.violations.length > 0) {
    const fieldViolations = error.violations.slice(0, MAX_VIOLATIONS).map((violation) => ({
      field: clip(violation.field),
      description: clip(violation.description),
    }));
    details.push(detail(BadRequestSchema, { fieldViolations }));
  }
  const message = clip(error.message);
  if (row.code === "NOT_FOUND") {
    const { resource_type: resourceType = "", resource_name: resourceName = "" } = error.metadata;
    const resource = { resourceType, resourceName: clip(resourceName), description: message };
    details.push(detail(ResourceInfoSchema, resource));
  }
  if (row.code === "FAILED_PRECONDITION") {
    const violations = [{ type: row.reason, subject: DOMAIN, description: message }];
    details.push(detail(PreconditionFailureSchema, { violations }));
  }
  if (error.kind === "quota" || error.kind === "caller-limit") {
    details.push(
      detail(QuotaFailureSchema, { violations: [{ subject: DOMAIN, description: message }] }),
    );
  }
  const retryMs = row.pushback === "soon" ? SOON_MS : error.retryAfterMs;
  if (row.retryable && retryMs !== undefined) {
    details.push(detail(RetryInfoSchema, { retryDelay: durationFromMs(Math.ceil(retryMs)) }));
  }
  return details;
}

function pushback(error: GatewayError, row: ErrorRow): string | undefined {
  switch (row.pushback) {
    case "unsaid":
      return undefined;
    case "never":
      return "-1";
    case "soon":
      return String(SOON_MS);
    case "hint":
      // A hint of nothing would make clients come back at once.
      return error.retryAfterMs ? String(Math.ceil(error.retryAfterMs)) : "-1";
  }
}

/** Keeps the details within their bound: the most telling come first, the rest is left out. */
function bounded(details: readonly StatusDetail[]): StatusDetail[] {
  let bytes = 0;
  return details.filter(({ desc, value }) => {
    const size = toBinary(desc, value).length;
    if (bytes + size > MAX_DETAILS_BYTES) return false;
    bytes += size;
    return true;
  });
}

/** The statuses of errors that are frozen. */
const statuses = new WeakMap<object, RpcStatus>();

/** The status of whatever a handler threw. That of a frozen error is frozen too, and the same each time. */
export function encodeError(thrown: unknown): RpcStatus {
  if (!(thrown instanceof GatewayError && Object.isFrozen(thrown))) return encodeAny(thrown);
  const status = statuses.get(thrown) ?? Object.freeze(encodeAny(thrown));
  statuses.set(thrown, status);
  return status;
}

function encodeAny(thrown: unknown): RpcStatus {
  if (thrown instanceof StreamFailed)
    return statusOf(thrown.error, clone(GatewayErrorSchema, thrown.detail));
  const partial = thrown instanceof GenerationFailed ? thrown.failure.partial : undefined;
  const cause = thrown instanceof GenerationFailed ? thrown.failure.error : thrown;
  const error =
    cause instanceof GatewayError
      ? cause
      : new GatewayError("internal", INTERNAL_MESSAGE, { cause });
  return statusOf(error, encodeGatewayError(error, partial));
}

/** Leaves the attempts between the first and the last ones out, and says how many. */
function trimAttempts(full: GatewayErrorMessage): void {
  const leftOut = full.attempts.length - 1 - LAST_ATTEMPTS_IN_STATUS;
  if (leftOut <= 0) return;
  full.attempts = full.attempts.toSpliced(1, leftOut);
  full.attemptsLeftOut = leftOut;
}

/** The status that carries `full`, with fewer attempts. */
function statusOf(error: GatewayError, full: GatewayErrorMessage): RpcStatus {
  const row = errorRow(error.kind, error.reason);
  const metadata = Object.fromEntries(
    Object.entries(error.metadata).map(([key, value]) => [key, clip(value)]),
  );
  trimAttempts(full);
  const trailers: Record<string, string> = {};
  const delay = pushback(error, row);
  if (delay !== undefined) trailers["grpc-retry-pushback-ms"] = delay;
  if (row.retryable && error.retryAfterMs !== undefined) {
    trailers["retry-after"] = String(Math.ceil(error.retryAfterMs / 1000));
  }
  return {
    code: Code[row.code],
    message: full.message,
    details: bounded([
      detail(ErrorInfoSchema, { reason: row.reason, domain: DOMAIN, metadata }),
      { desc: GatewayErrorSchema, value: full },
      ...standardDetails(error, row),
    ]),
    trailers,
  };
}
