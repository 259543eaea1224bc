// The floor of the doors: a proxy that copies bytes. `node bench/http-floor.ts UPSTREAM`: every request goes to the Chat
// path of the upstream, whatever its own path, and the answer comes back piece by piece.
import { Agent, createServer, request } from "node:http";

const [, , upstream = ""] = process.argv;
const agent = new Agent({ keepAlive: true });
const target = `${upstream}/v1/chat/completions`;

const server = createServer((asked, answer) => {
  const { "content-length": length = "0", "content-type": type = "application/json" } =
    asked.headers;
  const headers = { "content-length": length, "content-type": type };
  const passed = request(target, { method: "POST", headers, agent }, (given) => {
    answer.writeHead(given.statusCode ?? 502, { "content-type": given.headers["content-type"] });
    given.pipe(answer);
  });
  passed.once("error", () => answer.destroy());
  answer.once("close", () => {
    if (!answer.writableFinished) passed.destroy();
  });
  asked.pipe(passed);
});
// Between two of its measurements the gateway has its own, and the connections stay open.
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  process.stdout.write(`${JSON.stringify({ http: `127.0.0.1:${address.port}` })}\n`);
});
