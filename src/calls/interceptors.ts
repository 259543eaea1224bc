// The interceptors that need no state of their own.

import type { Caller } from "../domain/caller.ts";
import { describeDefect, isDefect } from "../domain/defect.ts";
import type { ErrorKind } from "../domain/error-kind.ts";
import { GatewayError } from "../domain/gateway-error.ts";
import type { Log } from "../domain/log-line.ts";
import { ToldFailure } from "../domain/told-failure.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";
import type { CallHead } from "./call.ts";
import { failureFields } from "./call-fields.ts";
import { checkRequestId } from "./check-request-id.ts";
import type { Interceptor } from "./interceptor.ts";

/** A span and a duration for each call. */
export function callSpans(telemetry: Telemetry): Interceptor {
  return {
    observe(call) {
      const { operation, system, header, fields } = call;
      const span = telemetry.startCall({ system, method: operation.name, header });
      call.telemetry = span;
      if (span.traceId !== undefined) fields.trace_id = span.traceId;
      return ({ code, cause }) =>
        span.end({
          code,
          reason: cause instanceof GatewayError ? failureFields(cause).error : undefined,
          caller: fields.caller,
        });
    },
  };
}

/** What counts calls for operators. */
export interface CallCounts {
  callBegun(): void;
  /** A call that began is over. */
  callOver(): void;
  /** Called for refused calls too. `error` undefined: the call succeeded. */
  callEnded(error: ErrorKind | undefined): void;
}

/** Counts the calls of callers' operations: those of operators would show an operator his own looking. */
export function callCounting(counts: CallCounts): Interceptor {
  return {
    accept({ operation }) {
      if (operation.audience === "operators") return undefined;
      counts.callBegun();
      return () => counts.callOver();
    },
    observe({ operation }) {
      if (operation.audience === "operators") return () => {};
      return ({ error, cause }) => {
        if (error === undefined) return counts.callEnded(undefined);
        counts.callEnded(cause instanceof GatewayError ? cause.kind : "internal");
      };
    },
  };
}

/** A log line for each defect, unless the failure was reported where it arose. */
export function defectLines(log: Log): Interceptor {
  return {
    observe:
      ({ operation }) =>
      ({ error }) => {
        if (error === undefined || error instanceof ToldFailure || !isDefect(error)) return;
        log({ event: "defect", method: operation.name, ...describeDefect(error) });
      },
  };
}

/**
 * Sets the caller. `authenticate` throws UNAUTHENTICATED, or PERMISSION_DENIED if the host name is not one of this
 * machine.
 */
export function authentication(authenticate: (head: CallHead) => Caller): Interceptor {
  return {
    admit(head, admission) {
      const caller = authenticate(head);
      admission.caller = caller;
      admission.fields.caller = caller.id;
    },
  };
}

/** Refuses operators' operations with PERMISSION_DENIED unless the caller has the role operator. */
export const authorization: Interceptor = {
  admit({ operation }, { caller }) {
    if (operation.audience === "callers" || caller?.role === "operator") return;
    throw new GatewayError(
      "permission-denied",
      `${caller?.id} has the role ${caller?.role}; ${operation.name} needs the role operator`,
      { reason: "ROLE_REQUIRED", metadata: { role: "operator" } },
    );
  },
};

/** Sets the headers that the answers of all calls have, but for those that are refused before they begin. */
export function responseHeaders(replica: string, version: string): Interceptor {
  return {
    admit: checkRequestId,
    accept({ header, setResponseHeader }) {
      setResponseHeader("x-steer-replica", replica);
      setResponseHeader("x-steer-version", version);
      const requestId = header("x-request-id");
      if (requestId !== undefined) setResponseHeader("x-request-id", requestId);
      return undefined;
    },
  };
}
