// What the line of a call says beside what its handler adds: names and words, never content.
import { errorRow } from "../domain/error-table.ts";
import { GatewayError } from "../domain/gateway-error.ts";
import type { LineFields } from "../domain/log-line.ts";
import type { CallHead } from "./call.ts";

/** Fields of a line while its call runs. */
export type CallFields = {
  -readonly [Name in keyof LineFields<"call">]?: LineFields<"call">[Name];
};

/** A name or an identifier: what has a blank in it can be a text. */
const NAME = /^[\w.:/+=@~#-]{1,256}$/;
/** A key of a map, which the caller has chosen. */
const MAP_KEY = /\["(?:[^"\\]|\\.)*"\]|\['(?:[^'\\]|\\.)*'\]/g;
/** A part of a path that the contract or a provider's options have, with its places in lists. */
const STEP = /^[A-Za-z]\w{0,39}(?:\[(?:\d{1,9}|\*)\])*$/;
const MAX_STEPS = 16;
/** Headers whose values stand for fields. */
const REQUEST_ID = "idempotency-key";
const HEADERS: ReadonlySet<string> = new Set([REQUEST_ID, "grpc-timeout", "connect-timeout-ms"]);

function nameOf(value: unknown): string | undefined {
  return typeof value === "string" && NAME.test(value) ? value : undefined;
}

/** Identifiers that a client sends in front of its request. */
export function headerFields({ header }: Pick<CallHead, "header">): CallFields {
  const requestId = nameOf(header(REQUEST_ID));
  const xRequestId = nameOf(header("x-request-id"));
  return {
    ...(requestId !== undefined && { request_id: requestId }),
    ...(xRequestId !== undefined && { x_request_id: xRequestId }),
  };
}

/** Identifiers in a request that is decoded, whether it is valid or not. */
export function requestFields(message: object): CallFields {
  const { spec, requestId } = message as { spec?: { model?: unknown }; requestId?: unknown };
  const model = nameOf(spec?.model);
  const ownId = nameOf(requestId);
  return {
    ...(model !== undefined && { requested_model: model }),
    ...(ownId !== undefined && { request_id: ownId }),
  };
}

/** What the line of a generation says of the call that began it. */
export function callFields({ request_id, trace_id, stream_id, labels }: CallFields) {
  return {
    ...(request_id !== undefined && { request_id }),
    ...(trace_id !== undefined && { trace_id }),
    ...(stream_id !== undefined && { stream_id }),
    ...(labels !== undefined && { labels }),
  };
}

/** The path of a field, up to what the caller has chosen of it; undefined where nothing is left. */
function pathOf(field: string): string | undefined {
  if (HEADERS.has(field)) return field;
  const steps = field.replaceAll(MAP_KEY, "[*]").split(".").slice(0, MAX_STEPS);
  const foreign = steps.findIndex((step) => !STEP.test(step));
  const path = steps.slice(0, foreign === -1 ? steps.length : foreign).join(".");
  return path === "" ? undefined : path;
}

/** Why a call has ended with an error: its kind, its reason, and the field that it is about. */
export function failureFields(cause: unknown): CallFields & { error: string } {
  if (!(cause instanceof GatewayError)) return { error: "internal", reason: "INTERNAL" };
  const { reason } = errorRow(cause.kind, cause.reason);
  const [violation] = cause.violations;
  const field = violation === undefined ? undefined : pathOf(violation.field);
  return {
    // A replica that drains has enough room: it is another case than its kind says.
    error: reason === "DRAINING" ? "draining" : cause.kind,
    reason,
    ...(field !== undefined && { field }),
  };
}
