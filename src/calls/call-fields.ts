// Fields of a call's log line that come from its headers, request and error: names and identifiers, never content.
import { errorRow } from "../domain/error-table.ts";
import { GatewayError } from "../domain/gateway-error.ts";
import type { LineFields } from "../domain/log-line.ts";
import type { CallHead } from "./call.ts";

/** Fields of a log line, collected while the call runs. */
export type CallFields = {
  -readonly [Name in keyof LineFields<"call">]?: LineFields<"call">[Name];
};

/** A name or an identifier. A text with blanks could be content and is not logged. */
const NAME = /^[\w.:/+=@~#-]{1,256}$/;
/** A map key in a path. Callers choose map keys, so they are not logged. */
const MAP_KEY = /\["(?:[^"\\]|\\.)*"\]|\['(?:[^'\\]|\\.)*'\]/g;
/** A step of a path whose name comes from the contract or from a provider's options, with list indexes. */
const STEP = /^[A-Za-z]\w{0,39}(?:\[(?:\d{1,9}|\*)\])*$/;
const MAX_STEPS = 16;
/** Headers that become fields of the line. */
const REQUEST_ID = "idempotency-key";
const HEADERS: ReadonlySet<string> = new Set([REQUEST_ID, "grpc-timeout", "connect-timeout-ms"]);

function nameOf(value: unknown): string | undefined {
  return typeof value === "string" && NAME.test(value) ? value : undefined;
}

/** Identifiers in the headers of a call. */
export function headerFields({ header }: Pick<CallHead, "header">): CallFields {
  const requestId = nameOf(header(REQUEST_ID));
  const xRequestId = nameOf(header("x-request-id"));
  return {
    ...(requestId !== undefined && { request_id: requestId }),
    ...(xRequestId !== undefined && { x_request_id: xRequestId }),
  };
}

/** Identifiers in a decoded request, valid or not. */
export function requestFields(message: object): CallFields {
  const { spec, requestId } = message as { spec?: { model?: unknown }; requestId?: unknown };
  const model = nameOf(spec?.model);
  const ownId = nameOf(requestId);
  return {
    ...(model !== undefined && { requested_model: model }),
    ...(ownId !== undefined && { request_id: ownId }),
  };
}

/** Fields that a `generation` line takes from the call that began the generation. */
export function callFields({ request_id, trace_id, stream_id, labels }: CallFields) {
  return {
    ...(request_id !== undefined && { request_id }),
    ...(trace_id !== undefined && { trace_id }),
    ...(stream_id !== undefined && { stream_id }),
    ...(labels !== undefined && { labels }),
  };
}

/** The path of a field, up to the first part that the caller has chosen; undefined if nothing is left. */
function pathOf(field: string): string | undefined {
  if (HEADERS.has(field)) return field;
  const steps = field.replaceAll(MAP_KEY, "[*]").split(".").slice(0, MAX_STEPS);
  const foreign = steps.findIndex((step) => !STEP.test(step));
  const path = steps.slice(0, foreign === -1 ? steps.length : foreign).join(".");
  return path === "" ? undefined : path;
}

/** Fields that describe the error of a call: its kind, its reason and the field concerned. */
export function failureFields(cause: unknown): CallFields & { error: string } {
  if (!(cause instanceof GatewayError)) return { error: "internal", reason: "INTERNAL" };
  const { reason } = errorRow(cause.kind, cause.reason);
  const [violation] = cause.violations;
  const field = violation === undefined ? undefined : pathOf(violation.field);
  return {
    // The kind would say "overloaded", but a draining replica has room.
    error: reason === "DRAINING" ? "draining" : cause.kind,
    reason,
    ...(field !== undefined && { field }),
  };
}
