import { errors } from "undici";
import type { Clock } from "../../clock.ts";
import {
  type ErrorKind,
  GatewayError,
  type GatewayErrorOptions,
  type ProviderFailure,
  withRetryAfter,
} from "../../domain/gateway-error.ts";
import { type ErrorEvidence, readErrorBody } from "./error-body.ts";
import { aboutOf, classifyCode, classifyMessage, classifyStatus } from "./error-tables.ts";
import { headerValue, type ResponseHeaders } from "./response-headers.ts";
import {
  type CountedLimits,
  headerHintMs,
  protoDurationMs,
  type ResetHeader,
} from "./retry-hint.ts";
import { tlsTrouble } from "./tls-trouble.ts";

/** What a vendor does its own way. */
export interface ErrorRules {
  /** Asked first; undefined leaves the decision to the common tables. */
  classify(evidence: ErrorEvidence): ErrorKind | undefined;
  /** Puts an identifier in place of a code that is a sentence; `classify` sees it as it came. */
  refine?(evidence: ErrorEvidence): ErrorEvidence;
  readonly requestIdHeader: string;
  readonly resetHeaders: readonly ResetHeader[];
}

/** Codes and identifiers may leave; anything else of a body may be text. */
const IDENTIFIER = /^[A-Za-z0-9_.:[\]-]{1,128}$/;

function identifier(value: string | undefined): string | undefined {
  return value !== undefined && IDENTIFIER.test(value) ? value : undefined;
}

/** Servers that report an error inside an answer often give the status as the code. */
function statusInCode(code: string | undefined): number | undefined {
  return code !== undefined && /^[45]\d\d$/.test(code) ? Number(code) : undefined;
}

/** The code, unless it only repeats the status: then the type. */
function tellingCode({ code, type, status }: ErrorEvidence): string | undefined {
  const named = identifier(type);
  if (statusInCode(code) === undefined) return identifier(code) ?? named;
  return named ?? (code === String(status) ? undefined : code);
}

/** What went wrong, by the first evidence that says it: the vendor's rules, codes, status, text. */
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

/** Failures of an answer that had begun well: what asks for a wait stands in its headers alone. */
const BROKEN: ReadonlySet<ErrorKind> = new Set(["protocol", "truncated", "network"]);

/** A limit that is used up makes any repetition wait; others say something beside a rate limit only. */
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
  /** It is read for codes and classification, and never repeated. */
  readonly body: string;
}

export function toHttpError(
  { status, headers, body }: FailedAnswer,
  rules: ErrorRules,
  clock: Clock,
): GatewayError {
  return toProviderError(readErrorBody(status, body), headers, rules, clock);
}

/** An error inside an answer that began with HTTP 200. `payload` is the JSON value that carries it. */
export function toInBandError(
  payload: unknown,
  headers: ResponseHeaders,
  rules: ErrorRules,
  clock: Clock,
): GatewayError {
  return toProviderError(readErrorBody(undefined, payload), headers, rules, clock);
}

/** A failure while an answer was read; one of its form or its end gets the wait of the headers. */
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

/** Who is at the other end of a connection. */
type Peer = "provider" | "proxy";

/**
 * Everything between us and the HTTP of the provider, or of a proxy before it: sockets, DNS, TLS,
 * broken HTTP. `reached` says how far the request got; undefined where an answer had begun.
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
  if (error instanceof errors.HTTPParserError || code === "UND_ERR_HEADERS_OVERFLOW") {
    // Not as the cause: the parser's error holds a piece of the answer.
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
      // Trying again changes nothing.
      ...(trouble === undefined ? undefined : { shouldRetry: false }),
      ...(reached === undefined ? undefined : { reached }),
    },
    ...reasonOf(peer, trouble),
    cause: error,
  });
}

/** A cause that has a word of its own beside that of its kind. */
function reasonOf(
  peer: Peer,
  tls: string | undefined,
): Partial<Pick<GatewayErrorOptions, "reason">> {
  if (peer === "proxy") return { reason: "PROXY_CONNECTION" };
  return tls === undefined ? {} : { reason: "PROVIDER_TLS" };
}

/** The operating system gave up; established connections time out by the same code. */
function isConnectTimeout(error: unknown): boolean {
  return (
    error instanceof Error &&
    errorCode(error) === "ETIMEDOUT" &&
    "syscall" in error &&
    error.syscall === "connect"
  );
}

/** The first code of an error and its causes: `AggregateError` of several addresses included. */
function errorCode(error: unknown): string | undefined {
  for (let current = error, depth = 0; current instanceof Error && depth < 4; depth += 1) {
    if ("code" in current && typeof current.code === "string" && current.code !== "") {
      return current.code;
    }
    current = current instanceof AggregateError ? current.errors[0] : current.cause;
  }
  return undefined;
}

/** A 2xx answer that is not what was asked for, or cannot be parsed. */
export function protocolError(what: string, cause?: unknown): GatewayError {
  return new GatewayError("protocol", what, cause === undefined ? {} : { cause });
}

/** An answer that ended without its end marker. */
export function truncatedError(): GatewayError {
  return new GatewayError("truncated", "the provider's answer ended without its end marker");
}
