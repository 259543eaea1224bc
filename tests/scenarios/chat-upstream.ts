// An HTTP server that speaks OpenAI's Chat dialect for several instances, each with a behaviour.
import type { IncomingHttpHeaders, ServerResponse } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { type SeenRequest, startHttpUpstream } from "../support/http-upstream.ts";
import { chatDialect } from "../support/upstream/chat.ts";
import type { UpstreamAnswer } from "../support/upstream/script.ts";

/** A request as an instance got it. */
export interface Arrival {
  readonly instance: string;
  /** Text of the user's message, by which a scene knows its call. */
  readonly marker: string;
  readonly headers: IncomingHttpHeaders;
  /** Milliseconds of `performance.now()`. */
  readonly at: number;
  /** Position among the arrivals at this instance, from 1. */
  readonly position: number;
}

/** How an instance answers one request. `afterMs`: the silence before, 0 unless given. */
export type Reply = { readonly afterMs?: number } & (
  | {
      readonly kind: "answer";
      /** The last token waits for this. */
      readonly until?: Promise<void>;
    }
  | {
      readonly kind: "status";
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** The connection breaks before an answer. */
  | { readonly kind: "reset" }
  /** A stream breaks behind so many tokens, a whole answer within its body. */
  | { readonly kind: "cut"; readonly tokens: number; readonly by: Break }
  /** No content ever comes; with `pings` a stream begins and has comments. */
  | { readonly kind: "silence"; readonly pings?: boolean }
);

/** How a stream breaks: its connection, an error in band, an end without the end marker. */
export type Break = "reset" | "error" | "truncation";

export type Behaviour = (arrival: Arrival) => Reply;

export const ANSWER: Reply = { kind: "answer" };

/** Tokens of every answer. */
const TOKENS = 12;

const PING_MS = 1_000;

interface ChatBody {
  readonly model: string;
  readonly stream?: boolean;
  readonly stream_options?: { readonly include_usage?: boolean };
  readonly messages: readonly { readonly content: unknown }[];
}

export interface ChatUpstream extends AsyncDisposable {
  /** Base URL of an instance. */
  urlOf(instance: string): string;
  /** All requests, or those of one instance, in their order. */
  arrivals(instance?: string): readonly Arrival[];
}

const dialect = chatDialect(false);

/** The text that one request of an instance is answered with; no two requests get the same. */
export function textOf({ instance, position }: Arrival, tokens = TOKENS): string {
  return Array.from({ length: tokens }, (_, at) => `<${instance}.${position}:${at}>`).join("");
}

function answerOf(arrival: Arrival, body: ChatBody): UpstreamAnswer {
  return {
    id: `answer-${arrival.instance}-${arrival.position}`,
    model: body.model,
    reasoning: "",
    refusal: "",
    tokens: textOf(arrival).match(/<[^>]+>/g) ?? [],
    tool: undefined,
    inputTokens: 12,
    outputTokens: TOKENS,
    withUsage: body.stream_options?.include_usage === true,
  };
}

async function sendStream(response: ServerResponse, answer: UpstreamAnswer, reply: Reply) {
  response.writeHead(200, { "content-type": "text/event-stream" });
  let sent = 0;
  for (const event of dialect.events(answer)) {
    if (response.destroyed) return;
    if (reply.kind === "cut" && event.content && sent === reply.tokens) {
      if (reply.by === "truncation") return void response.end();
      if (reply.by === "error") return void response.end(dialect.error());
      // What was written has to leave before the connection breaks.
      await delay(20);
      return void response.destroy();
    }
    if (event.content) sent++;
    if (reply.kind === "answer" && sent === TOKENS) await reply.until;
    response.write(event.text);
  }
  response.end(dialect.terminator(answer, 0));
}

async function sendWhole(response: ServerResponse, answer: UpstreamAnswer, reply: Reply) {
  if (reply.kind === "answer") await reply.until;
  const text = JSON.stringify(dialect.whole(answer));
  response.writeHead(200, { "content-type": "application/json" });
  if (reply.kind !== "cut") return void response.end(text);
  response.write(text.slice(0, text.length / 2));
  await delay(20);
  response.destroy();
}

function stayAlive(response: ServerResponse): void {
  response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
  const timer = setInterval(() => response.write(dialect.ping()), PING_MS);
  response.on("close", () => clearInterval(timer));
}

async function send(response: ServerResponse, arrival: Arrival, body: ChatBody, reply: Reply) {
  if (reply.afterMs !== undefined) await delay(reply.afterMs);
  if (response.destroyed) return;
  switch (reply.kind) {
    case "reset":
      return void response.destroy();
    case "silence":
      return reply.pings === true && body.stream === true ? stayAlive(response) : undefined;
    case "status":
      response.writeHead(reply.status, { "content-type": "application/json", ...reply.headers });
      return void response.end('{"error":{"message":"scripted"}}');
    default: {
      const answer = answerOf(arrival, body);
      await (body.stream === true ? sendStream : sendWhole)(response, answer, reply);
    }
  }
}

export async function startChatUpstream(
  behaviours: Readonly<Record<string, Behaviour>>,
): Promise<ChatUpstream> {
  const all: Arrival[] = [];
  const byInstance = new Map<string, Arrival[]>();

  function serve({ request, response, body: text }: SeenRequest): void {
    const at = performance.now();
    const instance = (request.url ?? "").split("/")[1] ?? "";
    const behaviour = behaviours[instance];
    if (behaviour === undefined) return void response.writeHead(404).end("{}");
    const body = JSON.parse(text) as ChatBody;
    const marker = String(body.messages.at(-1)?.content);
    const own = byInstance.get(instance) ?? [];
    byInstance.set(instance, own);
    const { headers } = request;
    const arrival = { instance, marker, headers, at, position: own.length + 1 };
    own.push(arrival);
    all.push(arrival);
    void send(response, arrival, body, behaviour(arrival));
  }

  const server = await startHttpUpstream(serve);
  const origin = new URL(server.baseUrl).origin;
  return {
    urlOf: (instance) => `${origin}/${instance}/v1`,
    arrivals: (instance) => (instance === undefined ? all : (byInstance.get(instance) ?? [])),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
