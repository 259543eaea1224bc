import type { Clock } from "../../clock.ts";
import {
  type ErrorKind,
  GatewayError,
  type GatewayErrorOptions,
  type ProviderFailure,
  withRetryAfter,
} from "../../domain/gateway-error.ts";
import { aboutOf, classifyCode, classifyMessage, classifyStatus } from "./classify-error.ts";
import { type ErrorEvidence, readErrorBody } from "./error-body.ts";
import { headerValue, type ResponseHeaders } from "./response-headers.ts";
import {
  type CountedLimits,
  headerHintMs,
  protoDurationMs,
  type ResetHeader,
} from "./retry-hint.ts";
import { tlsTrouble } from "./tls-trouble.ts";

/** A vendor's rules for errors. */
export interface ErrorRules {
  /** Called before the common tables; undefined: the tables decide. */
  classify(evidence: ErrorEvidence): ErrorKind | undefined;
  /** Replaces a code that is a sentence by an identifier. `classify` gets the original code. */
  refine?(evidence: ErrorEvidence): ErrorEvidence;
  readonly requestIdHeader: string;
  readonly resetHeaders: readonly ResetHeader[];
}

/** Form of codes and identifiers, which may leave the adapter. Other parts of a body may contain text. */
const IDENTIFIER = /^[A-Za-z0-9_.:[\]-]{1,128}$/;

function identifier(value: string | undefined): string | undefined {
  return value !== undefined && IDENTIFIER.test(value) ? value : undefined;
}

/** The status in a code. Servers with an error inside an answer often send the status as the code. */
function statusInCode(code: string | undefined): number | undefined {
  return code !== undefined && /^[45]\d\d$/.test(code) ? Number(code) : undefined;
}

/** The code; if it only repeats the status, the type. */
function tellingCode({ code, type, status }: ErrorEvidence): string | undefined {
  const named = identifier(type);
  if (statusInCode(code) === undefined) return identifier(code) ?? named;
  return named ?? (code === String(status) ? undefined : code);
}

/** The kind of an error, by the first evidence in this order: the vendor's rules, codes, status, text. */
function classify(evidence: ErrorEvidence, rules: ErrorRules): ErrorKind {
  const status = evidence.status ?? statusInCode(evidence.code);
  return (
    rules.classify(evidence) ??
    classifyCode(evidence) ??
    (status === undefined ? undefined : classifyStatus(status, evidence)) ??
    classifyMessage(evidence.message) ??
    "unknown"
  );
}

/** Kinds of failures of an answer that had begun successfully, where only the headers can contain a wait. */
const BROKEN: ReadonlySet<ErrorKind> = new Set(["protocol", "truncated", "network"]);

/**
 * Which limits in the headers count. An exhausted limit delays any repetition; other limits matter only after a rate
 * limit.
 */
function countedLimits(kind: ErrorKind): CountedLimits {
  if (kind === "rate-limit") return "any";
  const isPassing = kind === "server-error" || kind === "provider-overloaded" || BROKEN.has(kind);
  return isPassing ? "exhausted" : "none";
}

function toProviderError(
  evidence: ErrorEvidence,
  headers: ResponseHeaders,
  rules: ErrorRules,
  clock: Clock,
): GatewayError {
  const kind = classify(evidence, rules);
  const refined = rules.refine?.(evidence) ?? evidence;
  const code = tellingCode(refined);
  const param = identifier(evidence.param);
  const requestId = identifier(headerValue(headers, rules.requestIdHeader));
  const shouldRetry = headerValue(headers, "x-should-retry");
  const about = aboutOf(kind, evidence);
  const { status } = evidence;
  const failure: ProviderFailure = {
    ...(status === undefined ? undefined : { httpStatus: status }),
    ...(code === undefined ? undefined : { code }),
    ...(requestId === undefined ? undefined : { requestId }),
    ...(shouldRetry === "true" || shouldRetry === "false"
      ? { shouldRetry: shouldRetry === "true" }
      : undefined),
    ...(about === undefined ? undefined : { about }),
  };
  const wait =
    headerHintMs(headers, rules.resetHeaders, clock, countedLimits(kind)) ??
    protoDurationMs(evidence.retryDelay);
  const said = [code, param === undefined ? undefined : `param ${param}`]
    .filter(Boolean)
    .join(", ");
  const what =
    status === undefined
      ? "the provider reported an error inside its answer"
      : `the provider answered with HTTP ${status}`;
  return new GatewayError(kind, said === "" ? what : `${what} (${said})`, {
    providerFailure: failure,
    ...(wait === undefined ? undefined : { retryAfterMs: wait }),
    metadata: {
      ...(status === undefined ? undefined : { http_status: String(status) }),
      ...(code === undefined ? undefined : { provider_code: code }),
      ...(param === undefined ? undefined : { provider_param: param }),
    },
  });
}

/** An answer whose status is not 2xx. */
export interface FailedAnswer {
  readonly status: number;
  readonly headers: ResponseHeaders;
  /** Used for codes and classification, never repeated. */
  readonly body: string;
}

export function toHttpError(
  { status, headers, body }: FailedAnswer,
  rules: ErrorRules,
  clock: Clock,
): GatewayError {
  return toProviderError(readErrorBody(status, body), headers, rules, clock);
}

/** The error for an error inside an answer that began with HTTP 200. `payload`: the JSON value that contains it. */
export function toInBandError(
  payload: unknown,
  headers: ResponseHeaders,
  rules: ErrorRules,
  clock: Clock,
): GatewayError {
  return toProviderError(readErrorBody(undefined, payload), headers, rules, clock);
}

/** The error for a failure during reading. Failures of the answer's form or end get the wait from the headers. */
export function toBrokenAnswerError(
  error: unknown,
  headers: ResponseHeaders,
  rules: ErrorRules,
  clock: Clock,
): unknown {
  if (!(error instanceof GatewayError) || !BROKEN.has(error.kind)) return error;
  const wait = headerHintMs(headers, rules.resetHeaders, clock, countedLimits(error.kind));
  return wait === undefined ? error : withRetryAfter(error, wait);
}

/** The other end of a connection. */
type Peer = "provider" | "proxy";

/**
 * The error for a failure below the HTTP of the provider, or of a proxy before it: sockets, DNS, TLS, invalid HTTP.
 * `reached`: how far the request got; undefined if an answer had begun.
 */
export function toTransportError(
  error: unknown,
  reached?: ProviderFailure["reached"],
  peer: Peer = "provider",
): GatewayError {
  if (error instanceof GatewayError) return error;
  const code = errorCode(error);
  if (code === "UND_ERR_CONNECT_TIMEOUT" || isConnectTimeout(error)) {
    return new GatewayError("connect-timeout", `no connection to the ${peer}`, { cause: error });
  }
  if (isParserError(error) || code === "UND_ERR_HEADERS_OVERFLOW") {
    // The parser's error contains a piece of the answer, so it must not be the cause.
    return protocolError("the provider's answer is not valid HTTP");
  }
  if (code === "UND_ERR_INVALID_ARG") {
    return new GatewayError("internal", "the request cannot be sent as HTTP", { cause: error });
  }
  const trouble = code === undefined ? undefined : tlsTrouble(code, peer);
  const what = trouble ?? `the connection to the ${peer} failed`;
  return new GatewayError("network", code === undefined ? what : `${what} (${code})`, {
    providerFailure: {
      ...(code === undefined ? undefined : { code }),
      // A retry would fail again.
      ...(trouble === undefined ? undefined : { shouldRetry: false }),
      ...(reached === undefined ? undefined : { reached }),
    },
    ...reasonOf(peer, trouble),
    cause: error,
  });
}

/** The reason of a cause that is more specific than its kind. */
function reasonOf(
  peer: Peer,
  tls: string | undefined,
): Partial<Pick<GatewayErrorOptions, "reason">> {
  if (peer === "proxy") return { reason: "PROXY_CONNECTION" };
  return tls === undefined ? {} : { reason: "PROVIDER_TLS" };
}

/** Whether the operating system gave up connecting. Established connections time out with the same code. */
function isConnectTimeout(error: unknown): boolean {
  return (
    error instanceof Error &&
    errorCode(error) === "ETIMEDOUT" &&
    "syscall" in error &&
    error.syscall === "connect"
  );
}

/** Whether an answer was not HTTP. The class of these errors is known by its name, because loading it costs a start. */
export function isParserError(error: unknown): boolean {
  return error instanceof Error && error.name === "HTTPParserError";
}

/** The first code of an error and its causes, including `AggregateError` of several addresses. */
export function errorCode(error: unknown): string | undefined {
  for (let current = error, depth = 0; current instanceof Error && depth < 4; depth += 1) {
    if ("code" in current && typeof current.code === "string" && current.code !== "") {
      return current.code;
    }
    current = current instanceof AggregateError ? current.errors[0] : current.cause;
  }
  return undefined;
}

/** A 2xx answer that was not requested in this form, or cannot be parsed. */
export function protocolError(what: string, cause?: unknown): GatewayError {
  return new GatewayError("protocol", what, cause === undefined ? {} : { cause });
}

/** An answer that ended without its end marker. */
export function truncatedError(): GatewayError {
  return new GatewayError("truncated", "the provider's answer ended without its end marker");
}
