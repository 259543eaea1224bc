import type { Clock } from "../../clock.ts";
import { GatewayError } from "../../domain/gateway-error.ts";
import { toHttpError, toInBandError } from "../shared/http-error.ts";
import type { Fault } from "./request.ts";

const RULES = { classify: () => undefined, requestIdHeader: "x-request-id", resetHeaders: [] };

/** The error that an adapter would create from a status and its body. */
export function statusError(status: number, fault: Fault, clock: Clock): GatewayError {
  const body = typeof fault.body === "string" ? fault.body : JSON.stringify(fault.body ?? {});
  return toHttpError({ status, headers: fault.headers ?? {}, body }, RULES, clock);
}

/** The error that an adapter would create from an error inside an answer. */
export function inBandError(fault: Fault, clock: Clock): GatewayError {
  const payload = fault.body ?? { error: { type: "server_error", code: "server_error" } };
  return toInBandError(payload, fault.headers ?? {}, RULES, clock);
}

export function refusedError(): GatewayError {
  return new GatewayError("network", "the connection to the provider failed (ECONNREFUSED)", {
    providerFailure: { code: "ECONNREFUSED", reached: "nothing" },
  });
}

export function cutError(): GatewayError {
  return new GatewayError("network", "the connection to the provider failed (ECONNRESET)", {
    providerFailure: { code: "ECONNRESET" },
  });
}
