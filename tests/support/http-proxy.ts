// A real HTTP proxy: it opens tunnels by CONNECT, and fails as a test requests.
import { createServer, type IncomingMessage } from "node:http";
import { createServer as createTlsServer, type ServerOptions } from "node:https";
import { type AddressInfo, connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";

/** A proxy's answer to a request for a tunnel. */
export type TunnelAnswer =
  | "open"
  /** Never answers. */
  | "mute"
  /** Closes the connection. */
  | "close"
  /** Answers with something other than HTTP. */
  | "garbage"
  /** Opens the tunnel and closes it at the first byte. */
  | "cut"
  /** Refuses with this status. */
  | number;

export interface HttpProxy extends AsyncDisposable {
  /** URL without credentials. */
  readonly url: string;
  /** Requested tunnels, with their target and credentials. */
  readonly asked: readonly { readonly target: string; readonly credentials: string }[];
  /** Requests other than CONNECT. */
  readonly forwarded: readonly string[];
  /** Number of open tunnels. */
  readonly open: number;
  /** Sets the answer to later requests. */
  answer(answer: TunnelAnswer): void;
}

export interface HttpProxyOptions {
  /** `user:password`; without it the proxy answers 407. */
  readonly credentials?: string;
  readonly tls?: ServerOptions;
  /** Maps a host to a port. Only the proxy resolves the host. */
  readonly portOf?: (target: string) => number | undefined;
}

function credentialsOf({ headers }: IncomingMessage): string {
  const [scheme, value = ""] = (headers["proxy-authorization"] ?? "").split(" ");
  return scheme === "Basic" ? Buffer.from(value, "base64").toString() : "";
}

export async function startHttpProxy(options: HttpProxyOptions = {}): Promise<HttpProxy> {
  const { credentials, tls, portOf = () => undefined } = options;
  const asked: { target: string; credentials: string }[] = [];
  const forwarded: string[] = [];
  const sockets = new Set<Duplex>();
  const tunnels = new Set<Socket>();
  let answer: TunnelAnswer = "open";

  function refuse(socket: Duplex, status: number): void {
    socket.end(`HTTP/1.1 ${status} Refused\r\ncontent-length: 4\r\nconnection: close\r\n\r\nbusy`);
  }

  function tunnel(client: Duplex, target: string, head: Buffer): void {
    const [, host = "", port = ""] = /^\[?(.*?)\]?:(\d+)$/.exec(target) ?? [];
    const standIn = portOf(target);
    const server: Socket = connect(
      standIn ?? Number(port),
      standIn === undefined ? host : "127.0.0.1",
    );
    server.once("connect", () => {
      tunnels.add(server);
      client.write("HTTP/1.1 200 Connection established\r\n\r\n");
      server.write(head);
      server.pipe(client).pipe(server);
    });
    server.once("error", () => refuse(client, 502));
    const close = (): void => {
      tunnels.delete(server);
      client.destroy();
      server.destroy();
    };
    server.once("close", close);
    client.once("close", close);
  }

  function onConnect(request: IncomingMessage, client: Duplex, head: Buffer): void {
    sockets.add(client);
    client.on("error", () => {});
    client.once("close", () => sockets.delete(client));
    const target = request.url ?? "";
    asked.push({ target, credentials: credentialsOf(request) });
    if (credentials !== undefined && credentialsOf(request) !== credentials) refuse(client, 407);
    else if (answer === "open") tunnel(client, target, head);
    else if (answer === "mute") return;
    else if (answer === "close") client.destroy();
    else if (answer === "garbage") client.end("SSH-2.0-OpenSSH\r\n\r\n");
    else if (answer === "cut") {
      client.write("HTTP/1.1 200 Connection established\r\n\r\n");
      client.once("data", () => client.destroy());
    } else refuse(client, answer);
  }

  const server = tls === undefined ? createServer() : createTlsServer(tls);
  server.on("connect", onConnect);
  server.on("request", (request: IncomingMessage, response) => {
    forwarded.push(request.url ?? "");
    response.writeHead(501).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `${tls === undefined ? "http" : "https"}://localhost:${port}`,
    asked,
    forwarded,
    get open() {
      return tunnels.size;
    },
    answer(next) {
      answer = next;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
