import { GatewayError } from "../../domain/gateway-error.ts";
import { errorCode, isParserError, toTransportError } from "./http-error.ts";

/** Statuses below 500 that may change with another attempt. */
const PASSING = new Set([408, 425, 429]);
/** Statuses from 500 that do not change: the proxy does not support the request. */
const LASTING = new Set([501, 505]);

function refusalOf(status: number): string {
  if (status === 407) return "the proxy did not accept the credentials for it";
  if (status >= 500) return "the proxy could not connect to the provider";
  return "the proxy refused the connection to the provider";
}

/**
 * The error for a proxy's answer to CONNECT that opens no tunnel. The provider has received nothing, so the status
 * says nothing about the provider or its key.
 */
export function refusedTunnel(status: number): GatewayError {
  const canPass = status >= 500 ? !LASTING.has(status) : PASSING.has(status);
  return new GatewayError("network", `${refusalOf(status)} (HTTP ${status})`, {
    reason: "PROXY_REFUSED",
    providerFailure: {
      code: `PROXY_${status}`,
      reached: "nothing",
      ...(!canPass && { shouldRetry: false }),
    },
    metadata: { proxy_status: String(status) },
  });
}

/** The error of a failed connection to a proxy, or of a missing answer. */
export function toProxyError(error: unknown): GatewayError {
  if (errorCode(error) === "UND_ERR_HEADERS_TIMEOUT") {
    return new GatewayError("connect-timeout", "the proxy did not answer", { cause: error });
  }
  if (isParserError(error)) {
    // The parser's error contains a piece of the answer, so it must not be the cause.
    return new GatewayError("network", "the proxy's answer is not valid HTTP", {
      reason: "PROXY_CONNECTION",
      providerFailure: { reached: "nothing" },
    });
  }
  return toTransportError(error, "nothing", "proxy");
}
