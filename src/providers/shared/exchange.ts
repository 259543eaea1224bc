import type { Clock } from "../../clock.ts";
import { GatewayError } from "../../domain/gateway-error.ts";
import { isJsonObject, type JsonObject } from "../../domain/json.ts";
import type { ProviderEvent } from "../../domain/provider-event.ts";
import { LEFT, PushIterable, pushItemsTo, type Take, takeAll } from "../../domain/push-iterable.ts";
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

/** Passes the reader's events on. `done`: the answer is complete, so that nothing more is waited for. */
type PassEvents = (done: boolean) => Promise<void> | undefined;

/** Reads an answer to its end. Events before a failure are passed on before it is thrown. */
type ReadAnswer = (pass: PassEvents) => Promise<void>;

function wholeAnswer(response: UpstreamResponse, reader: AnswerReader): ReadAnswer {
  return async (pass) => {
    const { body, text } = await readJson(response);
    try {
      reader.readBody(body, text);
    } finally {
      await pass(true);
    }
  };
}

/** Waits, and then ends the reading of an answer: with its failure, if there is one. */
async function endAfter(taken: Promise<void> | undefined, failure: Failure | undefined) {
  await taken;
  throw failure === undefined ? LEFT : failure.error;
}

interface Failure {
  readonly error: unknown;
}

function streamedAnswer(
  response: UpstreamResponse,
  reader: AnswerReader,
  createFrameReader: CreateFrameReader,
  signal: AbortSignal,
): ReadAnswer {
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

  function push(chunk: Uint8Array): Failure | undefined {
    try {
      frames.push(chunk);
      return undefined;
    } catch (error) {
      return { error };
    }
  }

  return async (pass) => {
    try {
      await pushItemsTo(response.body, (chunk) => {
        const failure = push(chunk);
        if (done) response.release();
        const taken = pass(done);
        return done || failure !== undefined ? endAfter(taken, failure) : taken;
      });
    } catch (error) {
      if (error === LEFT) return;
      // A complete answer lacks only counts, so it is used and not paid for again.
      if (signal.aborted || !reader.isWhole()) throw error;
    }
    ended = true;
    try {
      frames.end();
      if (!done) reader.readEnd();
    } finally {
      await pass(true);
    }
  };
}

function openAnswer(
  response: UpstreamResponse,
  reader: AnswerReader,
  { stream, createFrameReader }: Exchange,
  signal: AbortSignal,
): ReadAnswer {
  const type = mediaType(response);
  if (type === "text/html" || type === "application/xhtml+xml") {
    throw protocolError("the provider's answer is an HTML page");
  }
  // Some servers answer a request for a stream with a failure as one JSON object and HTTP 200.
  return stream && type !== "application/json"
    ? streamedAnswer(response, reader, createFrameReader, signal)
    : wholeAnswer(response, reader);
}

async function exchangeEvents(
  exchange: Exchange,
  signal: AbortSignal,
  take: Take<ProviderEvent>,
): Promise<void> {
  const { clock, usageWaitMs } = exchange;
  const response = await sendRequest(exchange, signal);
  let stopWaiting: (() => void) | undefined;
  try {
    for (const warning of exchange.warnings) await take({ type: "warning", warning });
    const reader = exchange.createReader(response);
    const { events } = reader;
    const clear = (): void => {
      // The usual single event keeps the array, which would otherwise be allocated anew for each.
      if (events.length === 1) events.pop();
      else events.length = 0;
    };
    await openAnswer(
      response,
      reader,
      exchange,
      signal,
    )((done) => {
      if (!reader.isWhole()) {
        stopWaiting?.();
        stopWaiting = undefined;
      } else if (!done) stopWaiting ??= clock.schedule(usageWaitMs, () => response.close());
      const taken = takeAll(events, take);
      if (taken !== undefined) return taken.then(clear);
      clear();
      return undefined;
    });
  } catch (error) {
    throw toBrokenAnswerError(error, response.headers, exchange.errorRules, clock);
  } finally {
    stopWaiting?.();
    response.close();
  }
}

/** Sends a request and passes the events of its answer on, those before a failure too, however the bytes were split. */
export function runExchange(exchange: Exchange, signal: AbortSignal): PushIterable<ProviderEvent> {
  return new PushIterable((take) => exchangeEvents(exchange, signal, take));
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
