import http from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { post } from "../../../bench/http-load.ts";

const load = { path: "/", body: "{}", headers: {}, eventsIn: () => 0 };

/** A server that answers as `answer` says, and the number of requests that it got. */
async function serve(answer: (request: number, response: http.ServerResponse) => void) {
  let requests = 0;
  const server = http.createServer((asked, response) => {
    asked.resume().once("end", () => answer(++requests, response));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  onTestFinished(() => {
    agent.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const call = () => post({ agent, address: `127.0.0.1:${port}`, load }, () => {});
  return { call, requests: () => requests };
}

it("a request on a kept connection that the server closes is sent again", async () => {
  const { call, requests } = await serve((request, response) => {
    if (request === 2) response.destroy();
    else response.end("{}");
  });
  await call();
  await call();
  expect(requests()).toBe(3);
});

it("a request on a new connection is not", async () => {
  const { call, requests } = await serve((_request, response) => void response.destroy());
  await expect(call()).rejects.toThrow("socket hang up");
  expect(requests()).toBe(1);
});

it("an answer that breaks off, or is no success, is an error with its address", async () => {
  const { call } = await serve((request, response) => {
    if (request === 1) response.writeHead(503).end();
    else response.write("{", () => response.destroy());
  });
  await expect(call()).rejects.toThrow(/^127\.0\.0\.1:\d+\/: status 503$/);
  await expect(call()).rejects.toThrow(/^127\.0\.0\.1:\d+\/: aborted$/);
});
