import type { Clock } from "../../clock.ts";
import { GatewayError } from "../../domain/gateway-error.ts";
import { isJsonObject, type JsonObject } from "../../domain/json.ts";
import type { ProviderEvent } from "../../domain/provider-event.ts";
import { type ErrorRules, protocolError, toHttpError } from "./http-error.ts";
import { headerValue } from "./response-headers.ts";
import { createSseReader, type SseEvent } from "./sse.ts";
import type { Upstream, UpstreamRequest, UpstreamResponse } from "./upstream-fetch.ts";

/** Understands one answer of one dialect. It writes to `events` and throws what an error inside the answer says. */
export interface AnswerReader {
  readonly events: ProviderEvent[];
  /** One event of a stream; true once the end marker was seen: nothing after it is read. */
  readEvent(event: SseEvent): boolean;
  /** The input has ended without the end marker: writes the end where that is allowed, else throws. */
  readEnd(): void;
  /** The answer of a call that does not stream. */
  readBody(body: JsonObject): void;
}

export interface Exchange {
  readonly upstream: Upstream;
  readonly createRequest: () => UpstreamRequest;
  /** An event stream was asked for. */
  readonly stream: boolean;
  /** Called once the headers of a good answer have come. */
  readonly createReader: (response: UpstreamResponse) => AnswerReader;
  readonly errorRules: ErrorRules;
  readonly clock: Clock;
}

const MAX_ERROR_BODY_BYTES = 1024 * 1024;

/** Media type of an answer in lower case, without parameters. */
function mediaType(response: UpstreamResponse): string {
  const value = headerValue(response.headers, "content-type") ?? "";
  return (value.split(";", 1)[0] ?? "").trim().toLowerCase();
}

async function readFailure(
  response: UpstreamResponse,
  { errorRules, clock }: Pick<Exchange, "errorRules" | "clock">,
  signal: AbortSignal,
): Promise<GatewayError> {
  const { status, headers } = response;
  // A body that breaks off takes nothing away from what the status says.
  const body = await response.text(MAX_ERROR_BODY_BYTES).catch(() => "");
  signal.throwIfAborted();
  return toHttpError(status, headers, body, errorRules, clock);
}

/** A body that is one JSON object. */
async function readJson(response: UpstreamResponse): Promise<JsonObject> {
  const text = await response.text();
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    // The parser's own message quotes the body.
    throw protocolError("the provider's answer is not JSON");
  }
  if (!isJsonObject(body)) throw protocolError("the provider's answer is not a JSON object");
  return body;
}

/** Reads more of an answer into the reader's events; true at its end. */
type Advance = () => Promise<boolean>;

function advanceWhole(response: UpstreamResponse, reader: AnswerReader): Advance {
  return async () => {
    reader.readBody(await readJson(response));
    return true;
  };
}

function advanceStream(response: UpstreamResponse, reader: AnswerReader): Advance {
  let done = false;
  let ended = false;

  const sse = createSseReader((event) => {
    if (done) return;
    try {
      done = reader.readEvent(event);
    } catch (error) {
      // A last event without its blank line that cannot be parsed was cut, not malformed.
      if (!ended || !(error instanceof GatewayError) || error.kind !== "protocol") throw error;
    }
  });

  return async () => {
    const chunks = await response.read();
    if (chunks === undefined) {
      ended = true;
      sse.end();
      if (!done) reader.readEnd();
      return true;
    }
    for (const chunk of chunks) sse.push(chunk);
    if (done) response.release();
    return done;
  };
}

function openAnswer(response: UpstreamResponse, reader: AnswerReader, stream: boolean): Advance {
  const type = mediaType(response);
  if (type === "text/html" || type === "application/xhtml+xml") {
    throw protocolError("the provider's answer is an HTML page");
  }
  // Asked for a stream, some servers report a failure as one JSON object with HTTP 200.
  return stream && type !== "application/json"
    ? advanceStream(response, reader)
    : advanceWhole(response, reader);
}

/**
 * Sends a request and yields the events of its answer. What came before a failure
 * is yielded before the failure is thrown, however the bytes were split.
 */
export async function* runExchange(
  exchange: Exchange,
  signal: AbortSignal,
): AsyncGenerator<ProviderEvent, void> {
  const response = await exchange.upstream.send(exchange.createRequest(), signal);
  try {
    if (response.status < 200 || response.status > 299) {
      throw await readFailure(response, exchange, signal);
    }
    const reader = exchange.createReader(response);
    const { events } = reader;
    const advance = openAnswer(response, reader, exchange.stream);
    let failure: unknown;
    for (let done = false; !done && failure === undefined; ) {
      try {
        done = await advance();
      } catch (error) {
        failure = error;
      }
      for (const event of events) yield event;
      events.length = 0;
    }
    if (failure !== undefined) throw failure;
  } finally {
    response.close();
  }
}

/** Sends a request whose good answer is one JSON object. */
export async function fetchJson(
  exchange: Pick<Exchange, "upstream" | "createRequest" | "errorRules" | "clock">,
  signal: AbortSignal,
): Promise<JsonObject> {
  const response = await exchange.upstream.send(exchange.createRequest(), signal);
  try {
    if (response.status < 200 || response.status > 299) {
      throw await readFailure(response, exchange, signal);
    }
    return await readJson(response);
  } finally {
    response.close();
  }
}

/** The JSON object of one stream event. */
export function parseEvent(data: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(data);
  } catch {
    throw protocolError("an event of the provider's answer is not JSON");
  }
  if (!isJsonObject(value)) throw protocolError("an event of the provider's answer is no object");
  return value;
}
