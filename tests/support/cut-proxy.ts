// A TCP proxy between a client and a service, whose connections a test can break.
import net, { type AddressInfo } from "node:net";

export interface CutProxy extends AsyncDisposable {
  /** `host:port` to connect to. */
  readonly address: string;
  /** Connections accepted so far. */
  readonly connections: number;
  /** Bytes from the service, over all connections. */
  readonly bytes: number;
  /** Bytes from clients. */
  readonly sentBytes: number;
  /** Time when the client closed the newest connection that ended; 0: none has. */
  readonly closedAt: number;
  /** Connections broken by `cutNext`. */
  readonly cuts: number;
  /** Each of the next `times` connections breaks after this many bytes of the service. */
  cutNext(bytes: number, times?: number): void;
  /** Breaks every open connection. */
  cut(): void;
  /** Open connections stay open and carry nothing, in both directions; later connections work. */
  freeze(): void;
}

interface Connection {
  readonly client: net.Socket;
  readonly service: net.Socket;
  isFrozen: boolean;
}

/** Forwards to `host:port`; with several targets, to each in turn. */
export async function startCutProxy(...targets: readonly string[]): Promise<CutProxy> {
  const open = new Set<Connection>();
  let connections = 0;
  let bytes = 0;
  let sentBytes = 0;
  let closedAt = 0;
  let cuts = 0;
  let limit = 0;
  let limited = 0;

  function close(connection: Connection): void {
    open.delete(connection);
    connection.client.destroy();
    connection.service.destroy();
  }

  const server = net.createServer((client) => {
    const [host = "", port = ""] = (targets[connections % targets.length] ?? "").split(":");
    connections++;
    let left = limited-- > 0 ? limit : Number.POSITIVE_INFINITY;
    const service = net.connect(Number(port), host);
    const connection: Connection = { client, service, isFrozen: false };
    open.add(connection);
    for (const socket of [client, service]) {
      socket.setNoDelay(true);
      socket.on("error", () => {});
      socket.on("close", () => close(connection));
    }
    client.on("close", () => {
      closedAt = Date.now();
    });
    client.on("data", (chunk: Buffer) => {
      sentBytes += chunk.length;
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
      // Bytes before the cut arrive; nothing after it does.
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
    get sentBytes() {
      return sentBytes;
    },
    get closedAt() {
      return closedAt;
    },
    get cuts() {
      return cuts;
    },
    cutNext(most, times = 1) {
      limit = most;
      limited = times;
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
