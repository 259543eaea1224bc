// Minimal answers of vendors, for tests that script every byte.
import type { ServerResponse } from "node:http";

/**
 * An answer of a scripted server. A string is the text of an event stream, a buffer its bytes, anything else JSON.
 */
export interface WireAnswer {
  /** 1xx answers before it. */
  readonly interim?: readonly ("continue" | "processing" | "early-hints")[];
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
  /** Lengths of the pieces in which bytes are written, over and over; unset: at once. */
  readonly cuts?: readonly number[];
}

/** The server accepts the request and never answers. */
export const SILENCE: WireAnswer = { body: undefined };

const USAGE = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };

function lines(events: readonly unknown[]): string {
  return events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join("");
}

/** A whole answer with exactly this text. */
export function jsonText(text: string, more: Omit<WireAnswer, "body"> = {}): WireAnswer {
  return { ...more, headers: { "content-type": "application/json", ...more.headers }, body: text };
}

/** A stream of Chat Completions: each delta in its own chunk, the end, the usage. */
export function chatDeltas(deltas: readonly object[], reason = "stop"): WireAnswer {
  const head = { id: "c1", object: "chat.completion.chunk", created: 1, model: "m" };
  const chunks = deltas.map((delta) => ({
    ...head,
    choices: [{ index: 0, delta, finish_reason: null }],
  }));
  const end = { ...head, choices: [{ index: 0, delta: {}, finish_reason: reason }] };
  return { body: `${lines([...chunks, end, { choices: [], usage: USAGE }])}data: [DONE]\n\n` };
}

/** An event named by its type, as in Responses and Messages. */
export interface NamedEvent {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** A stream of such events. */
export function namedEvents(events: readonly NamedEvent[]): WireAnswer {
  return { body: events.map((each) => `event: ${each.type}\n${lines([each])}`).join("") };
}

/** A stream of Messages with these events between its start and its end. */
export function messagesEvents(events: readonly NamedEvent[], reason: string): WireAnswer {
  const message = { ...(messagesWhole([]).body as object), stop_reason: null };
  return namedEvents([
    { type: "message_start", message },
    ...events,
    { type: "message_delta", delta: { stop_reason: reason }, usage: { output_tokens: 5 } },
    { type: "message_stop" },
  ]);
}

/** A whole Chat Completions answer. */
export function chatWhole(message: object, reason = "stop", usage: object = USAGE): WireAnswer {
  const choice = { index: 0, message: { role: "assistant", ...message }, finish_reason: reason };
  const body = { id: "c1", object: "chat.completion", created: 1, model: "m", choices: [choice] };
  return { body: { ...body, usage } };
}

/** The same as a stream: one delta, the end, the usage. */
export function chatStream(delta: object, reason = "stop", usage: object = USAGE): WireAnswer {
  const head = { id: "c1", object: "chat.completion.chunk", created: 1, model: "m" };
  const chunk = (own: object, end: string | null) => ({
    ...head,
    choices: [{ index: 0, delta: own, finish_reason: end }],
  });
  const events = [chunk(delta, null), chunk({}, reason), { choices: [], usage }];
  return { body: `${lines(events)}data: [DONE]\n\n` };
}

/** A whole answer of Responses. */
export function responsesWhole(output: readonly object[], more: object = {}): WireAnswer {
  const usage = { input_tokens: 10, output_tokens: 5, total_tokens: 15 };
  const head = { id: "resp_1", object: "response", status: "completed", model: "r", error: null };
  return { body: { ...head, output, usage, ...more } };
}

/** The same as a stream whose only event is the last. */
export function responsesStream(output: readonly object[], more: object = {}): WireAnswer {
  const response = responsesWhole(output, more).body as { status: string };
  const type = `response.${response.status}`;
  return { body: `event: ${type}\n${lines([{ type, response }])}` };
}

/** A whole answer of Messages. */
export function messagesWhole(content: readonly object[], reason = "end_turn"): WireAnswer {
  const usage = { input_tokens: 10, output_tokens: 5 };
  const head = { id: "m1", type: "message", role: "assistant", model: "claude" };
  return { body: { ...head, content, stop_reason: reason, stop_sequence: null, usage } };
}

/** The same as a stream without content, or with one text. */
export function messagesStream(text: string, reason = "end_turn"): WireAnswer {
  const block = { type: "text", text: "" };
  const delta = { type: "text_delta", text };
  const events: readonly NamedEvent[] = [
    { type: "content_block_start", index: 0, content_block: block },
    { type: "content_block_delta", index: 0, delta },
    { type: "content_block_stop", index: 0 },
  ];
  return messagesEvents(text === "" ? [] : events, reason);
}

/** Each piece is a chunk of HTTP of its own, which a client reads by itself. */
function writeInPieces(response: ServerResponse, body: Buffer, cuts: readonly number[]): void {
  for (let at = 0, turn = 0; at < body.length; turn++) {
    const length = cuts[turn % cuts.length] ?? 1;
    response.write(body.subarray(at, at + length));
    at += length;
  }
  response.end();
}

export function writeAnswer(response: ServerResponse, answer: WireAnswer): void {
  if (answer === SILENCE) return;
  const { status = 200, headers = {}, body, interim = [], cuts = [] } = answer;
  for (const each of interim) {
    if (each === "continue") response.writeContinue();
    else if (each === "processing") response.writeProcessing();
    else response.writeEarlyHints({ link: "</style.css>; rel=preload; as=style" });
  }
  const isRaw = typeof body === "string" || Buffer.isBuffer(body);
  const type = isRaw && status === 200 ? "text/event-stream" : "application/json";
  response.writeHead(status, { "content-type": type, ...headers });
  if (Buffer.isBuffer(body) && cuts.length > 0) writeInPieces(response, body, cuts);
  else response.end(isRaw ? body : JSON.stringify(body));
}
