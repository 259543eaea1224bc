// The floor of HTTP: a proxy that copies bytes with node:http and undici. `node bench/http-floor.ts UPSTREAM`: every
// request goes to the Chat path of the upstream, whatever its own path, and the answer comes back piece by piece.
import { createServer } from "node:http";
import { connectUpstream } from "./floor-upstream.ts";

const [, , upstream = ""] = process.argv;
const send = connectUpstream(upstream);

const server = createServer((asked, answer) => {
  const pieces: Buffer[] = [];
  asked.on("data", (piece: Buffer) => pieces.push(piece));
  asked.once("end", () => {
    const [first = Buffer.alloc(0)] = pieces;
    const leave = send(pieces.length === 1 ? first : Buffer.concat(pieces), {
      onHead: (status, { "content-type": type, "content-length": length }) => {
        answer.writeHead(status, {
          "content-type": String(type),
          ...(length !== undefined && { "content-length": String(length) }),
        });
      },
      onPiece: (piece) => void answer.write(piece),
      onEnd: () => void answer.end(),
      onError: () => void answer.destroy(),
    });
    answer.once("close", () => {
      if (!answer.writableFinished) leave();
    });
  });
});
// Between two of its measurements the gateway has its own, and the connections stay open.
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  process.stdout.write(`${JSON.stringify({ http: `127.0.0.1:${address.port}` })}\n`);
});
