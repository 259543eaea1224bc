import { errors } from "undici";
import { GatewayError } from "../../domain/gateway-error.ts";
import { toTransportError } from "./http-error.ts";

/** Statuses below 500 that another attempt can change. */
const PASSING = new Set([408, 425, 429]);
/** Statuses from 500 that no attempt changes: the proxy does not do what was asked. */
const LASTING = new Set([501, 505]);

function refusalOf(status: number): string {
  if (status === 407) return "the proxy did not accept the credentials for it";
  if (status >= 500) return "the proxy could not connect to the provider";
  return "the proxy refused the connection to the provider";
}

/**
 * A proxy's answer to CONNECT that opens no tunnel. The provider has seen nothing, so that no
 * status says anything of the provider or the provider's key.
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

/** What kept the gateway from a proxy, or from its answer. */
export function toProxyError(error: unknown): GatewayError {
  if (error instanceof errors.HeadersTimeoutError) {
    return new GatewayError("connect-timeout", "no answer of the proxy", { cause: error });
  }
  if (error instanceof errors.HTTPParserError) {
    // Not as the cause: the parser's error holds a piece of the answer.
    return new GatewayError("network", "the proxy's answer is not valid HTTP", {
      reason: "PROXY_CONNECTION",
      providerFailure: { reached: "nothing" },
    });
  }
  return toTransportError(error, "nothing", "proxy");
}
