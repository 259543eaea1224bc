// Connections that another server has accepted, in place of the primary's process.
import { once } from "node:events";
import http from "node:http";
import net, { type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { HandedPort } from "../../../src/workers/handed-port.ts";

const ADDRESS = { host: "127.0.0.1", port: 4711 };

const opened: { close(): void }[] = [];

afterEach(() => {
  for (const each of opened.splice(0)) each.close();
});

/** Gives each connection of a port to `take`. */
async function acceptFor(take: (socket: Socket) => void): Promise<number> {
  const server = net.createServer(take);
  opened.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as net.AddressInfo).port;
}

function connect(port: number): Socket {
  const client = net.connect(port, "127.0.0.1");
  client.on("error", () => {});
  opened.push({ close: () => client.destroy() });
  return client;
}

async function textOf(client: Socket): Promise<string> {
  let text = "";
  client.on("data", (bytes: Buffer) => {
    text += bytes.toString();
  });
  await new Promise((resolve) => client.once("close", resolve));
  return text;
}

describe("a port of the primary", () => {
  it("has the primary's address, and tells once that the server has left it", async () => {
    let left = 0;
    const port = new HandedPort(ADDRESS, () => left++);
    const { address, stop } = await port.listen(net.createServer(), { host: "x", port: 0 }, "it");
    expect(address).toEqual(ADDRESS);
    stop();
    stop();
    expect(left).toBe(1);
  });

  it("refuses connections for another worker once the server has left it", async () => {
    const port = new HandedPort(ADDRESS, () => {});
    const { stop } = await port.listen(net.createServer(), ADDRESS, "it");
    stop();
    const answers: boolean[] = [];
    connect(await acceptFor((socket) => void answers.push(port.take(socket))));
    await expect.poll(() => answers).toEqual([false]);
  });

  it("keeps an HTTP server's time limit for headers", async () => {
    const port = new HandedPort(ADDRESS, () => {});
    const server = http.createServer({ headersTimeout: 50, connectionsCheckingInterval: 20 });
    opened.push(server);
    await port.listen(server, ADDRESS, "it");
    const client = connect(await acceptFor((socket) => void port.take(socket)));
    client.write("GET / HTTP/1.1\r\n");
    expect(await textOf(client)).toMatch(/^HTTP\/1\.1 408 /);
  });

  it("closes connections beyond the server's most", async () => {
    const port = new HandedPort(ADDRESS, () => {});
    const server = net.createServer();
    server.maxConnections = 2;
    let served = 0;
    server.on("connection", (socket: Socket) => {
      served++;
      socket.on("error", () => {});
      opened.push({ close: () => socket.destroy() });
    });
    await port.listen(server, ADDRESS, "it");
    const at = await acceptFor((socket) => void port.take(socket));
    const [, , third] = [connect(at), connect(at), connect(at)];
    await once(third as Socket, "close");
    expect(served).toBe(2);
  });
});
