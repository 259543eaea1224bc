import { headerFields } from "../calls/call-fields.ts";
import type { ErrorKind } from "../domain/error-kind.ts";
import type { CodeName } from "../domain/error-table.ts";
import type { LineFields } from "../domain/log-line.ts";
import type { UnservedCall } from "./call.ts";
import { operationOf } from "./operation-of.ts";

/** Reasons of requests that reach no method, with the code that a client derives from the answer. */
export const UNSERVED_REASONS = {
  METHOD_UNKNOWN: {
    code: "UNIMPLEMENTED",
    error: "not-found",
    when: "the service has no such method",
  },
  CONTENT_TYPE_UNSUPPORTED: {
    code: "UNKNOWN",
    error: "validation",
    when: "the listener has no protocol with this content type",
  },
  HTTP_METHOD_UNSUPPORTED: {
    code: "UNKNOWN",
    error: "validation",
    when: "the protocol does not know the HTTP method",
  },
  ADDRESS_MALFORMED: {
    code: "INVALID_ARGUMENT",
    error: "validation",
    when: "the address of the request cannot be read",
  },
} as const satisfies Readonly<
  Record<string, { readonly code: CodeName; readonly error: ErrorKind; readonly when: string }>
>;

function because(reason: keyof typeof UNSERVED_REASONS) {
  const { code, error } = UNSERVED_REASONS[reason];
  return { code, error, reason };
}

/** The derived code, and the fields of the line. */
const CAUSES = {
  "method-unknown": because("METHOD_UNKNOWN"),
  "content-type": { ...because("CONTENT_TYPE_UNSUPPORTED"), field: "content-type" },
  "http-method": because("HTTP_METHOD_UNSUPPORTED"),
  address: because("ADDRESS_MALFORMED"),
  timeout: {
    code: "INVALID_ARGUMENT",
    error: "validation",
    reason: "INVALID_REQUEST",
    field: "grpc-timeout",
  },
} as const satisfies Record<
  UnservedCall["cause"],
  { readonly code: CodeName } & Pick<LineFields<"call">, "error" | "reason" | "field">
>;

/** The line of a request that reaches no method. */
export function unservedLine({ method, system, cause, header }: UnservedCall): LineFields<"call"> {
  return {
    ...(method !== undefined && { method: operationOf(method).name }),
    system,
    ...CAUSES[cause],
    duration_ms: 0,
    ...headerFields({ header }),
  };
}
