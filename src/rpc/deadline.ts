import type { CallHead } from "../calls/call.ts";
import { MAX_TIMER_MS } from "../clock.ts";
import { type GatewayError, invalidField } from "../domain/gateway-error.ts";

/** Units of `grpc-timeout`, in milliseconds. */
const UNITS_MS: Readonly<Record<string, number>> = {
  n: 1e-6,
  u: 1e-3,
  m: 1,
  S: 1_000,
  M: 60_000,
  H: 3_600_000,
};

/** The headers of a caller's deadline in each protocol. Without a unit: milliseconds. */
const DEADLINES = [
  ["grpc-timeout", /^(\d{1,8})([numSMH])$/],
  ["connect-timeout-ms", /^(\d{1,10})$/],
] as const;

/** Format of each header, for errors. */
const RULES = {
  "grpc-timeout": "must be 1 to 8 digits and a unit of H, M, S, m, u, n",
  "connect-timeout-ms": "must be 1 to 10 digits",
} as const;

/** The header of a call's deadline, by its protocol. */
function deadlineOf({ system, header }: Pick<CallHead, "system" | "header">) {
  const isWeb = header("content-type")?.startsWith("application/grpc-web") === true;
  return DEADLINES[system === "grpc" || isWeb ? 0 : 1];
}

/** The error for a deadline in a wrong format. */
export function malformedTimeout(
  head: Pick<CallHead, "system" | "header">,
): GatewayError | undefined {
  const [name, pattern] = deadlineOf(head);
  const given = head.header(name);
  return given === undefined || pattern.test(given) ? undefined : invalidField(name, RULES[name]);
}

/** Throws INVALID_ARGUMENT for a deadline in a wrong format. */
export function checkTimeout(head: Pick<CallHead, "system" | "header">): void {
  const malformed = malformedTimeout(head);
  if (malformed !== undefined) throw malformed;
}

/** Milliseconds until the deadline in a header; undefined: none, or in a wrong format. */
export function timeoutOf({
  system,
  header,
}: Pick<CallHead, "system" | "header">): number | undefined {
  const [name, pattern] = deadlineOf({ system, header });
  const [, amount, unit = "m"] = pattern.exec(header(name) ?? "") ?? [];
  return amount === undefined ? undefined : Number(amount) * (UNITS_MS[unit] ?? 0);
}

/**
 * Deletes a deadline that is longer than Node's longest timer, 24.8 days: connect-node sets one timer per deadline
 * and would end such a call at once. The shorter limits of a generation still apply.
 */
export function dropLongDeadline(headers: Record<string, unknown>): void {
  for (const [name, pattern] of DEADLINES) {
    const value = headers[name];
    if (typeof value !== "string") continue;
    const [, amount = "0", unit = "m"] = pattern.exec(value) ?? [];
    if (Number(amount) * (UNITS_MS[unit] ?? 0) > MAX_TIMER_MS) delete headers[name];
  }
}
