// A TCP proxy on the loopback whose connections can be slowed, cut and swallowed.
import { connect, createServer, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

/** Towards the server, or back from it. */
export type Direction = "up" | "down";

/** What is wrong with a link; everything may be combined. */
export interface Toxics {
  /** Each piece comes so much later, give or take the jitter. */
  readonly latencyMs?: number;
  readonly jitterMs?: number;
  readonly bytesPerSecond?: number;
  /** Pieces of at most so many bytes. */
  readonly sliceBytes?: number;
  /** These directions swallow everything and say nothing. */
  readonly blackhole?: readonly Direction[];
  /** Nobody gets a connection. */
  readonly isDown?: boolean;
}

export interface FaultProxy extends AsyncDisposable {
  /** `host:port` of the proxy. */
  readonly address: string;
  /** New connections lead there. */
  setTarget(port: number): void;
  /** Replaces what is wrong, with open connections as well. */
  set(toxics: Toxics): void;
  /** Cuts all connections: as by a reset, or in order. */
  cut(how?: "reset" | "close"): void;
  /** The next connection is reset after so many bytes from the server. */
  limitNext(bytes: number): void;
  /** Keeps what clients send; the returned function sends all of it again. */
  capture(maxBytes: number): () => Promise<void>;
  readonly connections: number;
}

const REPLAY_MS = 300;

interface Link {
  readonly client: Socket;
  readonly server: Socket;
}

export async function startProxy(targetPort: number): Promise<FaultProxy> {
  let target = targetPort;
  let toxics: Toxics = {};
  let limit: number | undefined;
  let captured: { readonly links: Buffer[][] } | undefined;
  const links = new Set<Link>();

  /** Moves bytes one way, one piece after the other, whatever is wrong at its time. */
  function pump(from: Socket, to: Socket, direction: Direction, onPiece: (b: Buffer) => Buffer) {
    let last = Promise.resolve();
    let pending = 0;
    const move = async (bytes: Buffer): Promise<void> => {
      const { latencyMs = 0, jitterMs = 0, bytesPerSecond, sliceBytes } = toxics;
      const lateMs = latencyMs + (2 * Math.random() - 1) * jitterMs;
      if (lateMs > 0) await delay(lateMs);
      const size = Math.min(sliceBytes ?? bytes.length, bytesPerSecond ?? bytes.length);
      for (let at = 0; at < bytes.length; at += size) {
        if (toxics.blackhole?.includes(direction) === true || to.destroyed) return;
        if (at > 0) await delay(bytesPerSecond === undefined ? 0 : (1_000 * size) / bytesPerSecond);
        to.write(bytes.subarray(at, at + size));
      }
    };
    from.on("data", (bytes: Buffer) => {
      const piece = onPiece(bytes);
      pending++;
      if (pending > 64) from.pause();
      last = last
        .then(() => move(piece))
        .then(() => {
          pending--;
          if (pending === 0) from.resume();
        });
    });
    from.on("end", () => void last.then(() => to.end()));
  }

  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    client.on("error", () => {});
    if (toxics.isDown === true) return void client.resetAndDestroy();
    const upstream = connect({ port: target, host: "127.0.0.1", noDelay: true });
    const link = { client, server: upstream };
    links.add(link);
    const end = (): void => {
      links.delete(link);
      client.destroy();
      upstream.destroy();
    };
    upstream.on("error", () => client.resetAndDestroy());
    client.on("close", end);
    upstream.on("close", end);
    let left = limit ?? Number.POSITIVE_INFINITY;
    limit = undefined;
    const kept: Buffer[] = [];
    captured?.links.push(kept);
    pump(client, upstream, "up", (bytes) => {
      if (captured !== undefined) kept.push(bytes);
      return bytes;
    });
    pump(upstream, client, "down", (bytes) => {
      const piece = bytes.subarray(0, Math.max(0, left));
      left -= bytes.length;
      // What may still pass has to be on its way before the reset.
      if (left <= 0) setTimeout(() => client.resetAndDestroy(), 5);
      return piece;
    });
  });
  server.on("error", () => {});
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const bound = server.address();
  const port = typeof bound === "object" && bound !== null ? bound.port : 0;

  function cut(how: "reset" | "close" = "reset"): void {
    for (const { client, server: upstream } of links) {
      if (how === "close") client.end();
      else client.resetAndDestroy();
      upstream.destroy();
    }
    links.clear();
  }

  return {
    address: `127.0.0.1:${port}`,
    setTarget(next) {
      target = next;
    },
    set(next) {
      toxics = next;
      if (next.isDown === true) cut();
    },
    cut,
    limitNext(bytes) {
      limit = bytes;
    },
    capture(maxBytes) {
      const capturing = { links: [] as Buffer[][] };
      captured = capturing;
      // Connections from before begin in the middle of nothing: only new ones are kept whole.
      cut();
      return async () => {
        captured = undefined;
        await Promise.all(capturing.links.map((kept) => replay(kept, maxBytes, target)));
      };
    },
    get connections() {
      return links.size;
    },
    async [Symbol.asyncDispose]() {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Sends over a connection of its own what another has sent; nobody hears the answers. */
async function replay(kept: readonly Buffer[], maxBytes: number, port: number): Promise<void> {
  const bytes = Buffer.concat(kept).subarray(0, maxBytes);
  const socket = connect({ port, host: "127.0.0.1" });
  socket.on("error", () => {});
  socket.resume();
  socket.write(bytes);
  await delay(REPLAY_MS);
  socket.destroy();
}
