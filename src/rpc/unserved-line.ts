import { headerFields } from "../calls/call-fields.ts";
import type { CodeName } from "../domain/error-table.ts";
import type { LineFields } from "../domain/log-line.ts";
import type { UnservedCall } from "./call.ts";
import { operationOf } from "./operation-of.ts";

/** What a client makes of the answer, and the words of its line. */
const CAUSES = {
  "method-unknown": { code: "UNIMPLEMENTED", error: "not-found", reason: "METHOD_UNKNOWN" },
  "content-type": {
    code: "UNKNOWN",
    error: "validation",
    reason: "CONTENT_TYPE_UNSUPPORTED",
    field: "content-type",
  },
  "http-method": { code: "UNKNOWN", error: "validation", reason: "HTTP_METHOD_UNSUPPORTED" },
  address: { code: "INVALID_ARGUMENT", error: "validation", reason: "ADDRESS_MALFORMED" },
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

/** The line of a call that no method was asked for. */
export function unservedLine({ method, system, cause, header }: UnservedCall): LineFields<"call"> {
  return {
    ...(method !== undefined && { method: operationOf(method).name }),
    system,
    ...CAUSES[cause],
    duration_ms: 0,
    ...headerFields({ header }),
  };
}
