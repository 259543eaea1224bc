// An upstream that costs as little as possible: it answers every Chat Completions request for a model with the same
// bytes, one event per write. It accepts anything else posted to it, for example spans for a collector.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

interface Shape {
  readonly tokens: number;
  /** Milliseconds between events, each of which contains its send time. */
  readonly paceMs?: number;
  /** Of 100 requests, 5 are refused with 429 and 2 break off. */
  readonly isFaulty?: true;
  /** So many bytes of the prompt's one character, and then nothing more, not even an end. */
  readonly endlessBytes?: number;
  /** Bytes of a whole answer's text. */
  readonly answerBytes?: number;
}

/** Shapes by model. */
const SHAPES: Readonly<Record<string, Shape>> = {
  bench: { tokens: 200 },
  long: { tokens: 2_000 },
  short: { tokens: 1 },
  paced: { tokens: 100, paceMs: 50 },
  "paced-5": { tokens: 200, paceMs: 5 },
  "answer-1k": { tokens: 200, answerBytes: 1_024 },
  "answer-16k": { tokens: 200, answerBytes: 16 * 1_024 },
  faulty: { tokens: 200, isFaulty: true },
  "gpt-4o": { tokens: 0, endlessBytes: 5 * 1024 * 1024 },
};
const DEFAULT_SHAPE: Shape = { tokens: 200 };

const head = { id: "chatcmpl-bench", created: 1_790_000_000, model: "bench" };

const SENTENCE = "The sea is wide and does not answer. ";
const ANSWER_BYTES = 4 * SENTENCE.length;

function whole(bytes: number): string {
  const content = SENTENCE.repeat(Math.ceil(bytes / SENTENCE.length)).slice(0, bytes);
  const message = { role: "assistant", content };
  return JSON.stringify({
    ...head,
    object: "chat.completion",
    choices: [{ index: 0, finish_reason: "stop", message }],
    usage: { prompt_tokens: 12, completion_tokens: 32, total_tokens: 44 },
  });
}

/** Whole answers by the bytes of their text. */
const wholes = new Map(
  [ANSWER_BYTES, ...Object.values(SHAPES).map(({ answerBytes = ANSWER_BYTES }) => answerBytes)].map(
    (bytes) => [bytes, whole(bytes)],
  ),
);

function chunk(fields: object): string {
  return `data: ${JSON.stringify({ ...head, object: "chat.completion.chunk", ...fields })}\n\n`;
}

function delta(content: string): string {
  return chunk({ choices: [{ index: 0, delta: { content }, finish_reason: null }] });
}

const word = delta("word ");

function ending(tokens: number): string {
  const usage = { prompt_tokens: 12, completion_tokens: tokens, total_tokens: 12 + tokens };
  return [
    chunk({ choices: [{ index: 0, delta: {}, finish_reason: "stop" }] }),
    chunk({ choices: [], usage }),
    "data: [DONE]\n\n",
  ].join("");
}

/** Sends each event at its own time from the beginning, so that delays are caught up. */
function sendPaced(response: ServerResponse, tokens: number, paceMs: number): void {
  const startedAt = performance.now();
  let sent = 0;
  const step = (): void => {
    if (sent === tokens || response.destroyed) {
      response.end(ending(tokens));
      return;
    }
    sent++;
    // A clock that all processes of a machine share.
    response.write(delta(`${Number(process.hrtime.bigint() / 1_000n)} `));
    setTimeout(step, Math.max(0, startedAt + sent * paceMs - performance.now()));
  };
  setTimeout(step, paceMs);
}

function sendAtOnce(response: ServerResponse, tokens: number, cutAt: number): void {
  let sent = 0;
  const step = (): void => {
    if (sent === cutAt) response.destroy();
    else if (sent === tokens) response.end(ending(tokens));
    else {
      sent++;
      response.write(word);
      setImmediate(step);
    }
  };
  step();
}

const PIECE_BYTES = 64 * 1024;

/** Sends unbroken text in large pieces, so that it is not counted yet when the caller leaves. */
function sendEndless(body: string, response: ServerResponse, bytes: number): void {
  const [character = "a"] = /"content":"([^"]*)"/.exec(body)?.[1] ?? "a";
  const text = character.repeat(PIECE_BYTES / Buffer.byteLength(character));
  const piece = delta(text);
  let left = bytes;
  const step = (): void => {
    if (left <= 0 || response.destroyed) return;
    left -= Buffer.byteLength(text);
    response.write(piece, step);
  };
  step();
}

let requests = 0;

function faultOf({ isFaulty }: Shape): "limited" | "cut" | undefined {
  if (isFaulty === undefined) return undefined;
  const place = ++requests % 100;
  if (place % 20 === 3) return "limited";
  return place % 50 === 27 ? "cut" : undefined;
}

function complete(body: string, response: ServerResponse): void {
  const model = /"model":"([^"]*)"/.exec(body)?.[1] ?? "";
  const shape = SHAPES[model] ?? DEFAULT_SHAPE;
  const fault = faultOf(shape);
  if (fault === "limited") {
    response.writeHead(429, { "content-type": "application/json", "retry-after-ms": "10" });
    response.end(JSON.stringify({ error: { message: "slow down", type: "requests" } }));
  } else if (body.includes('"stream":true')) {
    const { tokens, paceMs, endlessBytes } = shape;
    response.writeHead(200, { "content-type": "text/event-stream" });
    if (endlessBytes !== undefined) sendEndless(body, response, endlessBytes);
    else if (paceMs !== undefined) sendPaced(response, tokens, paceMs);
    else sendAtOnce(response, tokens, fault === "cut" ? tokens / 2 : Number.POSITIVE_INFINITY);
  } else {
    const text = wholes.get(shape.answerBytes ?? ANSWER_BYTES) ?? "";
    const headers = { "content-type": "application/json", "content-length": text.length };
    response.writeHead(200, headers);
    if (fault === undefined) response.end(text);
    else response.write(text.slice(0, 100), () => response.destroy());
  }
}

function answer(request: IncomingMessage, body: string, response: ServerResponse): void {
  if (request.url === "/requests") response.end(String(requests));
  else if (request.url === "/v1/chat/completions") complete(body, response);
  else response.end();
}

const server = createServer((request, response) => {
  let body = "";
  request.setEncoding("utf8");
  request.on("data", (text: string) => {
    body += text;
  });
  request.on("end", () => answer(request, body, response));
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${address.port}` })}\n`);
});
