import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import { cors } from "@connectrpc/connect";

const CORS_MAX_AGE_SECONDS = 7_200;

const REQUEST_HEADERS = [
  "authorization",
  "idempotency-key",
  "last-event-id",
  "traceparent",
  "tracestate",
  "x-request-id",
  "x-steer-commit",
  "x-steer-fallbacks",
  "x-steer-labels",
  "x-steer-timeout",
  "x-steer-unsupported",
  // Those of the vendors' own clients in a browser.
  "anthropic-beta",
  "anthropic-dangerous-direct-browser-access",
  "anthropic-version",
  "openai-beta",
  "openai-organization",
  "openai-project",
  // Not in Chrome, which never sends the one that a page sets.
  "user-agent",
  "x-api-key",
  "x-stainless-arch",
  "x-stainless-helper",
  "x-stainless-helper-method",
  "x-stainless-lang",
  "x-stainless-os",
  "x-stainless-package-version",
  "x-stainless-retry-count",
  "x-stainless-runtime",
  "x-stainless-runtime-version",
  "x-stainless-timeout",
];
/** Of the doors, beside those of the protocols. */
const METHODS = ["DELETE", "HEAD"];
const RESPONSE_HEADERS = [
  "x-steer-stream-id",
  "x-steer-generation-id",
  "x-steer-replica",
  "x-steer-version",
  "x-steer-replayed",
  "x-steer-attempts",
  "x-steer-cost",
  "x-steer-model",
  "x-steer-provider",
  "x-steer-warnings",
  "x-request-id",
  "retry-after",
  "retry-after-ms",
  "x-should-retry",
  "grpc-retry-pushback-ms",
];

type Request = IncomingMessage | Http2ServerRequest;
type Response = ServerResponse | Http2ServerResponse;

/** Sets CORS headers for the configured origins. True: the request was a preflight and is answered. */
export function applyCors(
  request: Request,
  response: Response,
  origins: ReadonlySet<string>,
): boolean {
  const { origin } = request.headers;
  const any = response as ServerResponse;
  if (typeof origin === "string" && (origins.has(origin) || origins.has("*"))) {
    any.setHeader("access-control-allow-origin", origin);
    any.setHeader("vary", "Origin");
    any.setHeader(
      "access-control-expose-headers",
      [...cors.exposedHeaders, ...RESPONSE_HEADERS].join(", "),
    );
    if (request.method === "OPTIONS") {
      any.setHeader(
        "access-control-allow-methods",
        [...cors.allowedMethods, ...METHODS].join(", "),
      );
      any.setHeader(
        "access-control-allow-headers",
        [...cors.allowedHeaders, ...REQUEST_HEADERS].join(", "),
      );
      any.setHeader("access-control-max-age", CORS_MAX_AGE_SECONDS);
    }
  }
  if (request.method !== "OPTIONS") return false;
  any.writeHead(204);
  any.end();
  return true;
}
