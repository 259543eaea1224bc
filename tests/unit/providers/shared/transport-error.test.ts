import { createServer, type Socket } from "node:net";
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { systemClock } from "../../../../src/clock.ts";
import type { ErrorKind } from "../../../../src/domain/gateway-error.ts";
import { openai } from "../../../../src/providers/openai/provider.ts";
import { collectEvents } from "../../../support/collect-events.ts";
import { testInstance, testRequest } from "../../../support/provider-request.ts";

const context = { clock: systemClock, allowFaults: false };
const SECRET = "the secret prompt text";

/** What a call of an adapter throws at `baseUrl`. */
async function failure(stream: boolean, baseUrl: string): Promise<unknown> {
  const provider = await openai.create(testInstance({ baseUrl }), context);
  const signal = new AbortController().signal;
  const { error } = await collectEvents(provider.generate(testRequest({ stream }), signal));
  await provider.close();
  return error;
}

/** What calls throw, unary and streamed, whose request is answered by `answerSocket`. */
async function failures(answerSocket: (socket: Socket) => void): Promise<unknown[]> {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => answerSocket(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" ? address?.port : 0;
  const thrown = [
    await failure(false, `http://127.0.0.1:${port}/v1`),
    await failure(true, `http://127.0.0.1:${port}/v1`),
  ];
  await new Promise((resolve) => server.close(resolve));
  return thrown;
}

describe("broken connections", () => {
  const withHead = (head: string, body: string) => (socket: Socket) => {
    socket.write(`HTTP/1.1 200 OK\r\n${head}\r\n\r\n${body}`);
    setImmediate(() => socket.resetAndDestroy());
  };
  const cases: [string, (socket: Socket) => void, ErrorKind][] = [
    ["a reset before the headers", (socket) => socket.resetAndDestroy(), "network"],
    ["an end before the headers", (socket) => socket.end(), "network"],
    ["a reset in a body", withHead("content-length: 100", '{"id":'), "network"],
    [
      "a reset in a stream",
      withHead("content-type: text/event-stream\r\ntransfer-encoding: chunked", "3\r\n: a\r\n"),
      "network",
    ],
    [
      "an end in a body",
      (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"id":'),
      "network",
    ],
    [
      "an end in a chunk",
      (socket) => socket.end("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n9\r\n{"),
      "network",
    ],
    [
      "a chunk without a length",
      (socket) => socket.end("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n"),
      "protocol",
    ],
    ["no HTTP", (socket) => socket.end("SSH-2.0-OpenSSH\r\n\r\n"), "protocol"],
    [
      "headers without end",
      (socket) => socket.end(`HTTP/1.1 200 OK\r\nx: ${"y".repeat(64 * 1024)}\r\n\r\n`),
      "protocol",
    ],
  ];

  it.each(cases)("reports %s", async (_name, answerSocket, kind) => {
    for (const error of await failures(answerSocket)) {
      expect(error).toMatchObject({ name: "GatewayError", kind });
    }
  });

  it("keeps the answer out of the error", async () => {
    const thrown = await failures((socket) => socket.end(`${SECRET}\r\n\r\n`));
    expect(inspect(thrown)).not.toContain(SECRET);
  });

  it("reports a refused connection", async () => {
    const thrown = await failure(false, "http://127.0.0.1:1/v1");
    expect(thrown).toMatchObject({
      kind: "network",
      providerFailure: { code: "ECONNREFUSED" },
      message: "the connection to the provider failed (ECONNREFUSED)",
    });
  });

  it("reports a name that does not resolve", async () => {
    const thrown = await failure(false, "http://steer-test.invalid/v1");
    expect(thrown).toMatchObject({ kind: "network" });
  });
});

describe("an abort", () => {
  it("throws the signal's reason", async () => {
    const provider = await openai.create(testInstance(), context);
    const reason = new RangeError("stop");
    const { error } = await collectEvents(
      provider.generate(testRequest(), AbortSignal.abort(reason)),
    );
    expect(error).toBe(reason);
    await provider.close();
  });
});
