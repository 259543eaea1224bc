// What leaves the process at which moment, over real connections.
import { once } from "node:events";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it } from "vitest";
import { DoorResponse } from "../../../src/doors/door-response.ts";

/** The answer that a client gets of a server that answers so. */
async function answered(
  answer: (response: ServerResponse) => Promise<void>,
  method = "POST",
): Promise<{ readonly headers: IncomingMessage["headers"]; readonly body: string }> {
  let served: Promise<void> = Promise.resolve();
  const server = createServer((_, response) => {
    served = answer(response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  try {
    const asked = request({ port, host: "127.0.0.1", method, agent: false });
    asked.end();
    const [response] = (await once(asked, "response")) as [IncomingMessage];
    let body = "";
    for await (const piece of response) body += String(piece);
    await served;
    return { headers: response.headers, body };
  } finally {
    server.close();
  }
}

it("the first event leaves at once, with the headers, before the others are made", async () => {
  const waiting: (number | undefined)[] = [];
  const { body } = await answered((response) => {
    async function* pieces() {
      yield "data: 1\n\n";
      waiting.push(response.socket?.writableLength);
      yield "data: 2\n\n";
    }
    return new DoorResponse(response, false).send(pieces(), () => "events");
  });
  expect(body).toBe("data: 1\n\ndata: 2\n\n");
  expect(waiting).toEqual([0]);
});

it("JSON leaves with its length, once nothing can fail any more", async () => {
  let isBegun: boolean | undefined;
  const { headers, body } = await answered((response) => {
    async function* pieces() {
      yield '{"é":1}';
      isBegun = response.headersSent;
    }
    return new DoorResponse(response, false).send(pieces(), () => "json");
  });
  expect(body).toBe('{"é":1}');
  expect(headers).toMatchObject({ "content-length": "8", "content-type": "application/json" });
  expect(headers).not.toHaveProperty("transfer-encoding");
  expect(isBegun).toBe(false);
});

it("HEAD has the headers of the answer and nothing of its body", async () => {
  const { headers, body } = await answered((response) => {
    async function* pieces() {
      yield "{}";
    }
    return new DoorResponse(response, true).send(pieces(), () => "json");
  }, "HEAD");
  expect([headers["content-length"], body]).toEqual(["2", ""]);
});
