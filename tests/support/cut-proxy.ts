// A TCP proxy between a client and a service, whose connections break when a test says so.
import net, { type AddressInfo } from "node:net";

export interface CutProxy extends AsyncDisposable {
  /** `host:port` to connect to. */
  readonly address: string;
  /** Connections accepted so far. */
  readonly connections: number;
  /** Bytes that came from the service, over all connections. */
  readonly bytes: number;
  /** Connections that `cutNext` has broken. */
  readonly cuts: number;
  /** The next connection breaks once it has delivered so many bytes of the service. */
  cutNext(bytes: number): void;
  /** Breaks every open connection now. */
  cut(): void;
  /** Open connections stay open and carry nothing any more, either way; later ones are whole. */
  freeze(): void;
}

interface Connection {
  readonly client: net.Socket;
  readonly service: net.Socket;
  isFrozen: boolean;
}

/** Forwards to `target`, which is `host:port`. */
export async function startCutProxy(target: string): Promise<CutProxy> {
  const [host = "", port = ""] = target.split(":");
  const open = new Set<Connection>();
  let connections = 0;
  let bytes = 0;
  let cuts = 0;
  let nextLimit = Number.POSITIVE_INFINITY;

  function close(connection: Connection): void {
    open.delete(connection);
    connection.client.destroy();
    connection.service.destroy();
  }

  const server = net.createServer((client) => {
    connections++;
    let left = nextLimit;
    nextLimit = Number.POSITIVE_INFINITY;
    const service = net.connect(Number(port), host);
    const connection: Connection = { client, service, isFrozen: false };
    open.add(connection);
    for (const socket of [client, service]) {
      socket.setNoDelay(true);
      socket.on("error", () => {});
      socket.on("close", () => close(connection));
    }
    client.on("data", (chunk: Buffer) => {
      if (!connection.isFrozen) service.write(chunk);
    });
    service.on("data", (chunk: Buffer) => {
      if (connection.isFrozen || left < 0) return;
      const part = chunk.subarray(0, left);
      bytes += part.length;
      left -= part.length;
      if (left > 0) {
        if (!client.write(part)) {
          service.pause();
          client.once("drain", () => service.resume());
        }
        return;
      }
      left = -1;
      cuts++;
      // What was let through arrives; nothing after it does.
      client.write(part, () => close(connection));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port: taken } = server.address() as AddressInfo;
  return {
    address: `127.0.0.1:${taken}`,
    get connections() {
      return connections;
    },
    get bytes() {
      return bytes;
    },
    get cuts() {
      return cuts;
    },
    cutNext(limit) {
      nextLimit = limit;
    },
    cut() {
      for (const connection of [...open]) close(connection);
    },
    freeze() {
      for (const connection of open) connection.isFrozen = true;
    },
    async [Symbol.asyncDispose]() {
      for (const connection of [...open]) close(connection);
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
