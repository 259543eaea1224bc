// Real connections with bytes that are no request, to the listener and to a server of Node with short time limits.
import { once } from "node:events";
import http, { type ServerResponse } from "node:http";
import net, { type Socket } from "node:net";
import tls from "node:tls";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { systemClock } from "../../../src/clock.ts";
import { createDispatcher } from "../../../src/rpc/dispatcher.ts";
import { createHttpListener } from "../../../src/rpc/http-listener.ts";
import { Lingering } from "../../../src/rpc/linger.ts";
import { refuseMalformed } from "../../../src/rpc/refuse-malformed.ts";
import { callsOf } from "../../support/calls.ts";
import { makeCertificates } from "../../support/certificates.ts";

const KIB = 1024;

const certificates = makeCertificates("client");
afterAll(() => certificates[Symbol.dispose]());
const identity = {
  cert: certificates.read(certificates.serverCert),
  key: certificates.read(certificates.serverKey),
  clientCa: undefined,
};

const opened: (() => unknown)[] = [];
afterEach(() => Promise.all(opened.splice(0).map((close) => close())));

async function listen(isTls: boolean): Promise<number> {
  const ofCalls = { requestBytes: 64 * KIB, clock: systemClock };
  const dispatcher = createDispatcher({ services: [], calls: callsOf("alice"), ...ofCalls });
  const listener = await createHttpListener({
    ...ofCalls,
    address: { host: "127.0.0.1", port: 0 },
    tls: isTls ? identity : undefined,
    corsOrigins: [],
    dispatcher,
    storeTrouble: () => undefined,
  });
  opened.push(() => listener.close());
  return listener.address.port;
}

async function connect(port: number, isTls: boolean): Promise<Socket> {
  const place = { port, host: "127.0.0.1" };
  const client = isTls ? tls.connect({ ...place, rejectUnauthorized: false }) : net.connect(place);
  client.on("error", () => {});
  opened.push(() => client.destroy());
  await once(client, isTls ? "secureConnect" : "connect");
  return client;
}

/** All that the server sends until the connection ends. */
async function answerOf(client: Socket): Promise<string> {
  let text = "";
  client.on("data", (bytes: Buffer) => {
    text += bytes.toString();
  });
  if (!client.closed) await once(client, "close");
  return text;
}

describe.each([
  ["without TLS", false],
  ["under TLS", true],
])("a connection %s", (_, isTls) => {
  it.each([17, 40, 70, 200, 2_000])("with headers of %d KiB gets its answer", async (kib) => {
    const client = await connect(await listen(isTls), isTls);
    const answer = answerOf(client);
    client.write(`GET /livez HTTP/1.1\r\nHost: a\r\nx-long: ${"x".repeat(kib * KIB)}\r\n\r\n`);
    expect(await answer).toMatch(/^HTTP\/1.1 431 .*\r\nConnection: close\r\n\r\n$/);
  });

  it.each([
    ["no HTTP at all", "hello\r\n\r\n"],
    ["the greeting of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
    ["a header without a name", "GET / HTTP/1.1\r\n: x\r\n\r\n"],
    ["two lengths", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"],
  ])("with %s gets its answer", async (_, bytes) => {
    const client = await connect(await listen(isTls), isTls);
    const answer = answerOf(client);
    client.write(bytes);
    expect(await answer).toMatch(/^HTTP\/1.1 400 Bad Request\r\nConnection: close\r\n\r\n$/);
  });

  it("gets the answer of its good request first", async () => {
    const client = await connect(await listen(isTls), isTls);
    const answer = answerOf(client);
    client.write("GET /livez HTTP/1.1\r\nHost: a\r\n\r\n");
    await once(client, "data");
    client.write("hello\r\n\r\n");
    expect((await answer).match(/HTTP\/1.1 \d+/g)).toEqual(["HTTP/1.1 200", "HTTP/1.1 400"]);
  });
});

/** A server with short time limits; `handle` gets the requests. */
async function serve(handle: http.RequestListener) {
  const limits = { headersTimeout: 50, requestTimeout: 100, connectionsCheckingInterval: 20 };
  const running = new Set<ServerResponse>();
  const server = http.createServer(limits, (request, response) => {
    running.add(response);
    response.once("close", () => running.delete(response));
    handle(request, response);
  });
  const lingering = new Lingering(systemClock);
  server.on("clientError", (error: Error, socket: Socket) =>
    refuseMalformed(error, socket, [...running], lingering),
  );
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  opened.push(() => server.close());
  return connect((server.address() as net.AddressInfo).port, false);
}

const CHUNKED = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";

describe("a request", () => {
  it("whose headers come too slowly has its answer", async () => {
    const client = await serve(() => {});
    const answer = answerOf(client);
    client.write("GET / HTTP/1.1\r\n");
    expect(await answer).toMatch(/^HTTP\/1.1 408 Request Timeout/);
  });

  it("with a chunk that has a long extension has its answer", async () => {
    const client = await serve((request) => request.resume());
    const answer = answerOf(client);
    client.write(`${CHUNKED}1;a=${"x".repeat(20 * KIB)}\r\n`);
    expect(await answer).toMatch(/^HTTP\/1.1 413 Payload Too Large/);
  });

  it("whose body breaks off tells its handler, and has its answer", async () => {
    const { promise: gone, resolve } = Promise.withResolvers<void>();
    const client = await serve((request) => {
      request.on("error", () => resolve());
      request.resume();
    });
    const answer = answerOf(client);
    client.write(`${CHUNKED}no length\r\n`);
    await gone;
    expect(await answer).toMatch(/^HTTP\/1.1 400 Bad Request/);
  });

  it("whose body breaks off behind the beginning of its answer gets no second one", async () => {
    const client = await serve((request, response) => {
      request.on("error", () => {});
      request.resume();
      response.writeHead(200, { "content-length": 10 });
      response.write("begun");
    });
    const answer = answerOf(client);
    client.write(CHUNKED);
    await once(client, "data");
    client.write("no length\r\n");
    expect(await answer).toMatch(/\r\n\r\nbegun$/);
  });
});
