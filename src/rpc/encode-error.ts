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

/** The ErrorInfo domain of all errors of the service. */
const DOMAIN = "steer";

/** Python's gRPC refuses more than 8 KiB of metadata, and base64 adds a third. */
const MAX_DETAILS_BYTES = 4096;
const MAX_VIOLATIONS = 20;
const MAX_TEXT_UNITS = 300;
/** A status has the first attempt, which shows the original cause, and this many of the last ones. */
const LAST_ATTEMPTS_IN_STATUS = 2;

/** Delay in milliseconds for a client whose call was not executed. */
const SOON_MS = 200;

/** Longest wait of milliseconds for which a client is to hold a call that a limit of its caller refused. */
const MAX_PUSHBACK_MS = 60_000;

/** Message for unexpected errors of a listener, so that nothing leaks. */
const INTERNAL_MESSAGE = "internal error";

function clip(text: string): string {
  const whole = text.toWellFormed();
  return whole.length <= MAX_TEXT_UNITS
    ? whole
    : `${whole.slice(0, MAX_TEXT_UNITS)}…`.toWellFormed();
}

/** The complete error, as in the terminal event of a stream. */
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

/** The standard details of the kind, beside ErrorInfo and GatewayError. */
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
      if (error.kind === "caller-limit" && (error.retryAfterMs ?? 0) > MAX_PUSHBACK_MS) return "-1";
      // A hint of zero would make clients repeat at once.
      return error.retryAfterMs ? String(Math.ceil(error.retryAfterMs)) : "-1";
  }
}

/** Keeps the details within the bound: the most important ones first, the rest is left out. */
function bounded(details: readonly StatusDetail[]): StatusDetail[] {
  let bytes = 0;
  return details.filter(({ desc, value }) => {
    const size = toBinary(desc, value).length;
    if (bytes + size > MAX_DETAILS_BYTES) return false;
    bytes += size;
    return true;
  });
}

/** Cached statuses of frozen errors. */
const statuses = new WeakMap<object, RpcStatus>();

/** The status for anything that a handler threw. The status of a frozen error is frozen and shared. */
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

/** Removes the attempts between the first and the last ones, and counts them. */
function trimAttempts(full: GatewayErrorMessage): void {
  const leftOut = full.attempts.length - 1 - LAST_ATTEMPTS_IN_STATUS;
  if (leftOut <= 0) return;
  full.attempts = full.attempts.toSpliced(1, leftOut);
  full.attemptsLeftOut = leftOut;
}

/** The status with `full` as a detail, with fewer attempts. */
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
