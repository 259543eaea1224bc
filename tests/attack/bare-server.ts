// `node bare-server.ts`: a server that does nothing with what comes and answers at once. What it takes
// under an attack is what the machine takes. Prints its addresses.
import http from "node:http";
import http2 from "node:http2";
import type { AddressInfo, Server } from "node:net";

const HOST = "127.0.0.1";

const overHttp = http.createServer((request, response) => {
  request.resume();
  request.on("end", () => response.end('{"status":"OK"}'));
});
const overHttp2 = http2.createServer();
overHttp2.on("stream", (stream) => {
  stream.on("error", () => {});
  if (stream.destroyed) return;
  const headers = { ":status": 200, "content-type": "application/grpc", "grpc-status": "0" };
  stream.respond(headers, { endStream: true });
  stream.resume();
});
overHttp2.on("sessionError", () => {});

function listen(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, HOST, () => resolve((server.address() as AddressInfo).port));
  });
}

const ports = { http: await listen(overHttp), grpc: await listen(overHttp2) };
const addresses = { grpc: `${HOST}:${ports.grpc}`, http: `http://${HOST}:${ports.http}` };
process.stdout.write(`${JSON.stringify(addresses)}\n`);
