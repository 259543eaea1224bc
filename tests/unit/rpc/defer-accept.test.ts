// A real server of Node and real connections, before whose first bytes nothing is made.
import { once } from "node:events";
import http from "node:http";
import net, { type Server, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { deferAccept } from "../../../src/rpc/defer-accept.ts";
import { GREETING_TIMEOUT_MS } from "../../../src/rpc/listen.ts";
import { createManualClock } from "../../support/manual-clock.ts";

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

describe("a silent connection", () => {
  it("does not reach the server, and ends after the time of a greeting", async () => {
    const { clock, accepted, all, connect } = await serve(http.createServer(hello));
    const client = await connect();
    await clock.advance(GREETING_TIMEOUT_MS - 1);
    expect(all[0]?.destroyed).toBe(false);
    await clock.advance(1);
    expect(all[0]?.destroyed).toBe(true);
    expect(await textOf(client)).toBe("");
    expect(accepted).toEqual([]);
  });

  it("ends at once when the client closes its side", async () => {
    const { clock, accepted, all, connect } = await serve(http.createServer(hello));
    (await connect()).end();
    await expect.poll(() => all[0]?.destroyed).toBe(true);
    expect(accepted).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
  });

  it("ends without a trace when it is reset", async () => {
    const { clock, accepted, all, connect } = await serve(http.createServer(hello));
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
