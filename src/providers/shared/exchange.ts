import type { Clock } from "../../clock.ts";
import { GatewayError } from "../../domain/gateway-error.ts";
import { isJsonObject, type JsonObject } from "../../domain/json.ts";
import type { ProviderEvent } from "../../domain/provider-event.ts";
import type { Warning } from "../../domain/warning.ts";
import { type AnswerReader, withoutList } from "./answer-reader.ts";
import type { Authentication } from "./authentication.ts";
import { decodeContent } from "./decode-content.ts";
import type { CreateFrameReader } from "./frame-reader.ts";
import { type ErrorRules, protocolError, toBrokenAnswerError, toHttpError } from "./http-error.ts";
import { headerValue } from "./response-headers.ts";
import type { Upstream, UpstreamRequest, UpstreamResponse } from "./upstream.ts";

/** A request with the classification of its errors. */
interface Sending {
  readonly upstream: Upstream;
  readonly authentication: Authentication;
  readonly createRequest: () => UpstreamRequest;
  readonly errorRules: ErrorRules;
  readonly clock: Clock;
}

export interface Exchange extends Sending {
  /** Whether a stream was requested. */
  readonly stream: boolean;
  /** Longest wait for the end marker of a complete answer, in milliseconds. */
  readonly usageWaitMs: number;
  /** Warnings about the request, filled in by `createRequest`. */
  readonly warnings: readonly Warning[];
  readonly createFrameReader: CreateFrameReader;
  /** Called when the headers of a successful answer have arrived. */
  readonly createReader: (response: UpstreamResponse) => AnswerReader;
}

const MAX_ERROR_BODY_BYTES = 1024 * 1024;

/**
 * Longest wait for an error's body, in milliseconds. Status and headers are already known, and the body adds little.
 */
const ERROR_BODY_MS = 1_500;

/** Media type of an answer in lower case, without parameters. */
function mediaType(response: UpstreamResponse): string {
  const value = headerValue(response.headers, "content-type") ?? "";
  return (value.split(";", 1)[0] ?? "").trim().toLowerCase();
}

async function readFailure(
  response: UpstreamResponse,
  { errorRules, clock }: Sending,
  signal: AbortSignal,
): Promise<GatewayError> {
  const { status, headers } = response;
  const stop = clock.schedule(ERROR_BODY_MS, () => response.close());
  // If the body stalls or breaks off, the status and headers are used alone.
  const body = await response.text(MAX_ERROR_BODY_BYTES).catch(() => "");
  stop();
  signal.throwIfAborted();
  return toHttpError({ status, headers, body }, errorRules, clock);
}

/** The decompressed answer. If an error's body cannot be decoded, its status is enough. */
function decoded(sent: UpstreamResponse, { errorRules, clock }: Sending): UpstreamResponse {
  try {
    return decodeContent(sent);
  } catch (error) {
    sent.close();
    const { status, headers } = sent;
    throw isGood(sent) ? error : toHttpError({ status, headers, body: "" }, errorRules, clock);
  }
}

function isGood({ status }: UpstreamResponse): boolean {
  return status >= 200 && status <= 299;
}

/** Sends a request once. An answer with a status other than 2xx is thrown as its error. */
async function sendSigned(
  request: UpstreamRequest,
  exchange: Sending,
  signal: AbortSignal,
): Promise<UpstreamResponse> {
  const sent = await exchange.upstream.send(request, signal);
  const response = decoded(sent, exchange);
  if (isGood(response)) return response;
  try {
    throw await readFailure(response, exchange, signal);
  } finally {
    response.close();
  }
}

/** Sends a request with the credential of its instance. Throws the error of a failed answer. */
function sendRequest(exchange: Sending, signal: AbortSignal): Promise<UpstreamResponse> {
  return exchange.authentication.run(exchange.createRequest(), signal, (request) =>
    sendSigned(request, exchange, signal),
  );
}

/** The JSON object in a body, and its text. */
async function readJson(
  response: UpstreamResponse,
): Promise<{ readonly body: JsonObject; readonly text: string }> {
  const text = await response.text();
  let body: unknown;
  try {
    body = withoutList(JSON.parse(text));
  } catch {
    // The parser's message would quote the body.
    throw protocolError("the provider's answer is not JSON");
  }
  if (!isJsonObject(body)) throw protocolError("the provider's answer is not a JSON object");
  return { body, text };
}

/** Reads more of an answer into the reader's events; true at the end of the answer. */
type Advance = () => Promise<boolean>;

function advanceWhole(response: UpstreamResponse, reader: AnswerReader): Advance {
  return async () => {
    const { body, text } = await readJson(response);
    reader.readBody(body, text);
    return true;
  };
}

function advanceStream(
  response: UpstreamResponse,
  reader: AnswerReader,
  createFrameReader: CreateFrameReader,
  signal: AbortSignal,
): Advance {
  let done = false;
  let ended = false;

  const frames = createFrameReader((event) => {
    if (done) return;
    try {
      done = reader.readEvent(event);
    } catch (error) {
      // A last event that the end of the input completed and that cannot be parsed was cut off.
      if (!ended || !(error instanceof GatewayError) || error.kind !== "protocol") throw error;
    }
  });

  function end(): true {
    ended = true;
    frames.end();
    if (!done) reader.readEnd();
    return true;
  }

  return async () => {
    try {
      const chunks = await response.read();
      if (chunks === undefined) return end();
      for (const chunk of chunks) frames.push(chunk);
    } catch (error) {
      // A complete answer lacks only counts, so it is used and not paid for again.
      if (signal.aborted || ended || !reader.isWhole()) throw error;
      return end();
    }
    if (done) response.release();
    return done;
  };
}

function openAnswer(
  response: UpstreamResponse,
  reader: AnswerReader,
  { stream, createFrameReader }: Exchange,
  signal: AbortSignal,
): Advance {
  const type = mediaType(response);
  if (type === "text/html" || type === "application/xhtml+xml") {
    throw protocolError("the provider's answer is an HTML page");
  }
  // Some servers answer a request for a stream with a failure as one JSON object and HTTP 200.
  return stream && type !== "application/json"
    ? advanceStream(response, reader, createFrameReader, signal)
    : advanceWhole(response, reader);
}

/**
 * Sends a request and yields the events of its answer. Events before a failure are yielded before the failure is
 * thrown, however the bytes were split.
 */
export async function* runExchange(
  exchange: Exchange,
  signal: AbortSignal,
): AsyncGenerator<ProviderEvent, void> {
  const { clock, usageWaitMs } = exchange;
  const response = await sendRequest(exchange, signal);
  let stopWaiting: (() => void) | undefined;
  try {
    for (const warning of exchange.warnings) yield { type: "warning", warning };
    const reader = exchange.createReader(response);
    const { events } = reader;
    const advance = openAnswer(response, reader, exchange, signal);
    let failure: unknown;
    for (let done = false; !done && failure === undefined; ) {
      try {
        done = await advance();
      } catch (error) {
        failure = error;
      }
      if (!reader.isWhole()) {
        stopWaiting?.();
        stopWaiting = undefined;
      } else if (!done) stopWaiting ??= clock.schedule(usageWaitMs, () => response.close());
      for (const event of events) yield event;
      events.length = 0;
    }
    if (failure !== undefined) throw failure;
  } catch (error) {
    throw toBrokenAnswerError(error, response.headers, exchange.errorRules, clock);
  } finally {
    stopWaiting?.();
    response.close();
  }
}

/** Sends a request whose successful answer is one JSON object. */
export async function fetchJson(exchange: Sending, signal: AbortSignal): Promise<JsonObject> {
  const response = await sendRequest(exchange, signal);
  try {
    return (await readJson(response)).body;
  } catch (error) {
    throw toBrokenAnswerError(error, response.headers, exchange.errorRules, exchange.clock);
  } finally {
    response.close();
  }
}
