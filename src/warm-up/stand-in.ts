import { createServer, type Server } from "node:http";

/** Tokens of an answer: enough for the code of one token to become hot within some hundred streams. */
const TOKENS = 24;
const TEXT = "a word ";

const about = { id: "chatcmpl-0", created: 1, model: "warm-up" };
const usage = { prompt_tokens: 8, completion_tokens: TOKENS, total_tokens: 8 + TOKENS };

const WHOLE = JSON.stringify({
  ...about,
  object: "chat.completion",
  choices: [
    {
      index: 0,
      message: { role: "assistant", content: TEXT.repeat(TOKENS) },
      finish_reason: "stop",
    },
  ],
  usage,
});

function chunk(fields: object): string {
  return `data: ${JSON.stringify({ ...about, object: "chat.completion.chunk", ...fields })}\n\n`;
}

function choice(delta: object, reason: string | null = null): string {
  return chunk({ choices: [{ index: 0, delta, finish_reason: reason }] });
}

const STREAM = [
  choice({ role: "assistant", content: "" }),
  ...Array.from({ length: TOKENS }, () => choice({ content: TEXT })),
  choice({}, "stop"),
  chunk({ choices: [], usage }),
  "data: [DONE]\n\n",
];

/** A provider of Chat Completions that has one answer, whole or streamed. It does not listen yet. */
export function createStandIn(): Server {
  return createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on("data", (piece: Buffer) => pieces.push(piece));
    request.on("end", () => {
      const isStream = Buffer.concat(pieces).includes('"stream":true');
      response.setHeader("content-type", isStream ? "text/event-stream" : "application/json");
      if (!isStream) return void response.end(WHOLE);
      for (const piece of STREAM) response.write(piece);
      response.end();
    });
  });
}
