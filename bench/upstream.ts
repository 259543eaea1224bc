// An upstream that costs as little as possible: `node bench/upstream.ts TOKENS`
// answers every Chat Completions request with the same bytes, one event a write.
import { createServer } from "node:http";

const tokens = Number(process.argv[2] ?? 200);
const head = { id: "chatcmpl-bench", created: 1_790_000_000, model: "bench" };

const whole = JSON.stringify({
  ...head,
  object: "chat.completion",
  choices: [
    {
      index: 0,
      finish_reason: "stop",
      message: { role: "assistant", content: "The sea is wide and does not answer. ".repeat(4) },
    },
  ],
  usage: { prompt_tokens: 12, completion_tokens: 32, total_tokens: 44 },
});

function chunk(fields: object): string {
  return `data: ${JSON.stringify({ ...head, object: "chat.completion.chunk", ...fields })}\n\n`;
}

const delta = chunk({ choices: [{ index: 0, delta: { content: "word " }, finish_reason: null }] });
const ending = [
  chunk({ choices: [{ index: 0, delta: {}, finish_reason: "stop" }] }),
  chunk({
    choices: [],
    usage: { prompt_tokens: 12, completion_tokens: tokens, total_tokens: 12 + tokens },
  }),
  "data: [DONE]\n\n",
].join("");

const server = createServer((request, response) => {
  let body = "";
  request.setEncoding("utf8");
  request.on("data", (text: string) => {
    body += text;
  });
  request.on("end", () => {
    if (!body.includes('"stream":true')) {
      response.writeHead(200, { "content-type": "application/json" });
      response.end(whole);
      return;
    }
    response.writeHead(200, { "content-type": "text/event-stream" });
    let sent = 0;
    const step = (): void => {
      if (sent === tokens) {
        response.end(ending);
        return;
      }
      sent++;
      response.write(delta);
      setImmediate(step);
    };
    step();
  });
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${address.port}` })}\n`);
});
