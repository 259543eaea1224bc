// Real servers of Node and real connections, before whose first bytes nothing is made.
import { once } from "node:events";
import http from "node:http";
import http2 from "node:http2";
import https from "node:https";
import net, { type Server, type Socket } from "node:net";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { deferAccept } from "../../../src/rpc/defer-accept.ts";
import { GREETING_TIMEOUT_MS } from "../../../src/rpc/listen.ts";
import { makeCertificates } from "../../support/certificates.ts";
import { createManualClock } from "../../support/manual-clock.ts";

const certificates = makeCertificates("client");
const ca = certificates.read(certificates.ca);
const identity = {
  cert: certificates.read(certificates.serverCert),
  key: certificates.read(certificates.serverKey),
};
afterAll(() => certificates[Symbol.dispose]());

const opened: (() => void)[] = [];
afterEach(() => {
  for (const close of opened.splice(0)) close();
});

async function serve(server: Server) {
  const clock = createManualClock();
  const accepted: Socket[] = [];
  server.on("connection", (socket: Socket) => accepted.push(socket));
  const front = deferAccept(server, clock);
  const all: Socket[] = [];
  front.on("connection", (socket: Socket) => all.push(socket));
  front.listen(0, "127.0.0.1");
  await once(front, "listening");
  opened.push(() => {
    front.close();
    server.close();
    for (const socket of all) socket.destroy();
  });
  const { port } = front.address() as net.AddressInfo;
  const connect = async (): Promise<Socket> => {
    const client = net.connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    client.on("error", () => {});
    client.once("end", () => client.end());
    opened.push(() => client.destroy());
    const known = all.length;
    await once(client, "connect");
    await expect.poll(() => all.length).toBe(known + 1);
    return client;
  };
  return { clock, port, accepted, all, connect };
}

async function textOf(client: Socket): Promise<string> {
  let text = "";
  client.on("data", (bytes: Buffer) => {
    text += bytes.toString();
  });
  if (!client.closed) await once(client, "close");
  return text;
}

const hello = (request: http.IncomingMessage, response: http.ServerResponse): void => {
  let body = "";
  request.on("data", (bytes: Buffer) => {
    body += bytes.toString();
  });
  request.on("end", () => response.end(`${request.url} ${body}`));
};

const SERVERS: readonly [string, () => Server][] = [
  ["HTTP/1.1", () => http.createServer(hello)],
  ["HTTP/2", () => http2.createServer()],
  ["HTTP/2 under TLS", () => http2.createSecureServer(identity)],
];

describe.each(SERVERS)("a silent connection to a server of %s", (_, create) => {
  it("does not reach the server, and ends after the time of a greeting", async () => {
    const { clock, accepted, all, connect } = await serve(create());
    const client = await connect();
    await clock.advance(GREETING_TIMEOUT_MS - 1);
    expect(all[0]?.destroyed).toBe(false);
    await clock.advance(1);
    expect(all[0]?.destroyed).toBe(true);
    expect(await textOf(client)).toBe("");
    expect(accepted).toEqual([]);
  });

  it("ends at once when the client closes its side", async () => {
    const { clock, accepted, all, connect } = await serve(create());
    (await connect()).end();
    await expect.poll(() => all[0]?.destroyed).toBe(true);
    expect(accepted).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
  });

  it("ends without a trace when it is reset", async () => {
    const { clock, accepted, all, connect } = await serve(create());
    (await connect()).resetAndDestroy();
    await expect.poll(() => all[0]?.destroyed).toBe(true);
    expect(accepted).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
  });
});

describe("a connection that speaks", () => {
  it("is served, with requests in one piece, byte by byte, and one behind the other", async () => {
    const { clock, connect } = await serve(http.createServer(hello));
    const body = "x".repeat(300_000);
    const first = `POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    const last = "GET /2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    for (const pieces of [[first + last], [...first.slice(0, 60), first.slice(60), ...last]]) {
      const client = await connect();
      const answer = textOf(client);
      for (const piece of pieces) {
        client.write(piece);
        await new Promise(setImmediate);
      }
      const text = await answer;
      expect(text.split("HTTP/1.1 200 OK")).toHaveLength(3);
      expect(text).toContain(`/1 ${body}`);
      expect(text).toContain("/2 ");
    }
    expect(clock.pendingTimers).toBe(0);
  });

  it("is served when the client closes its side behind its request", async () => {
    const { connect } = await serve(http.createServer(hello));
    const client = await connect();
    client.end("GET /half HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    expect(await textOf(client)).toContain("/half");
  });

  it("is not cut by the time of the greeting", async () => {
    const { clock, connect } = await serve(http.createServer(hello));
    const client = await connect();
    client.write("G");
    await expect.poll(() => clock.pendingTimers).toBe(0);
    await clock.advance(2 * GREETING_TIMEOUT_MS);
    const answer = textOf(client);
    client.write("ET /late HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    expect(await answer).toContain("/late");
  });

  it("is cut by the server's own time limits", async () => {
    const limits = { headersTimeout: 50, connectionsCheckingInterval: 20 };
    const { connect } = await serve(http.createServer(limits, hello));
    const client = await connect();
    client.write("GET / HTTP/1.1\r\n");
    expect(await textOf(client)).toContain("408 Request Timeout");
  });

  it("is served under TLS", async () => {
    const { port } = await serve(https.createServer(identity, hello));
    const request = https.request({ port, ca, servername: "localhost", path: "/tls" });
    request.end();
    const [response] = (await once(request, "response")) as [http.IncomingMessage];
    expect(response.statusCode).toBe(200);
  });

  it.each([
    ["in one piece", [1_000]],
    ["byte by byte", Array.from({ length: 33 }, () => 1)],
  ])("is served over HTTP/2, its greeting %s", async (_, lengths) => {
    const server = http2.createServer();
    server.on("stream", (stream) => {
      stream.respond({ ":status": 200 });
      stream.end("answer");
    });
    const { connect } = await serve(server);
    const socket = await connect();
    // What Node writes first is the greeting; it is cut here and sent in pieces.
    const between = new net.Server();
    between.listen(0, "127.0.0.1");
    await once(between, "listening");
    opened.push(() => between.close());
    const session = http2.connect(
      `http://127.0.0.1:${(between.address() as net.AddressInfo).port}`,
    );
    opened.push(() => session.destroy());
    const [client] = (await once(between, "connection")) as [Socket];
    client.on("error", () => {});
    const rest = [...lengths];
    client.on("data", (bytes: Buffer) => {
      let at = 0;
      while (at < bytes.length) {
        const length = rest.shift() ?? bytes.length;
        socket.write(bytes.subarray(at, at + length));
        at += length;
      }
    });
    socket.pipe(client);
    const stream = session.request({ ":path": "/" });
    let text = "";
    for await (const bytes of stream) text += String(bytes);
    expect(text).toBe("answer");
  });
});

describe("what listens", () => {
  it("passes no more connections than its own limit", async () => {
    const server = http.createServer(hello);
    const front = deferAccept(server, createManualClock());
    front.maxConnections = 1;
    front.listen(0, "127.0.0.1");
    await once(front, "listening");
    opened.push(() => front.close());
    const { port } = front.address() as net.AddressInfo;
    const first = net.connect(port, "127.0.0.1");
    opened.push(() => first.destroy());
    await once(first, "connect");
    const second = net.connect(port, "127.0.0.1");
    second.on("error", () => {});
    await once(second, "close");
    expect(first.destroyed).toBe(false);
  });
});
