import type { Http2Session } from "node:http2";
import { Server, type Socket } from "node:net";
import type { Clock } from "../clock.ts";

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** `host:port`, with IPv6 in brackets. */
export function addressText({ host, port }: ListenAddress): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** A server that takes connections. */
export interface Listening {
  /** As taken: the port is never 0. */
  readonly address: ListenAddress;
  /** Takes no new connection. Open ones stay. */
  stop(): void;
}

/** Gives connections to a server. Rejects with an error that names the address and `what`. */
export type Listen = (server: Server, wanted: ListenAddress, what: string) => Promise<Listening>;

/** Listens on an address of the machine. */
export const listen: Listen = (server, wanted, what) =>
  new Promise((resolve, reject) => {
    const fail = (cause: Error): void => {
      const code = "code" in cause ? String(cause.code) : cause.message;
      const why = code === "EADDRINUSE" ? "the port is taken" : code;
      reject(new Error(`${what} cannot listen on ${addressText(wanted)}: ${why}`, { cause }));
    };
    server.once("error", fail);
    server.listen({ host: wanted.host, port: wanted.port }, () => {
      server.off("error", fail);
      const taken = server.address();
      const port = typeof taken === "object" && taken !== null ? taken.port : wanted.port;
      resolve({
        address: { host: wanted.host, port },
        // `close` of an HTTP server would cut idle connections, on which a request may be on its way.
        stop: () => void Server.prototype.close.call(server),
      });
    });
  });

/** Time limit in milliseconds for a complete TLS handshake, preface and headers; then the connection is closed. */
export const GREETING_TIMEOUT_MS = 10_000;

/** Closes a session that does not finish its HTTP/2 preface. */
export function expectPreface(session: Http2Session, clock: Clock): void {
  const stop = clock.schedule(GREETING_TIMEOUT_MS, () => session.destroy());
  session.once("remoteSettings", stop);
  session.once("close", stop);
}

/** Longest wait for pending answers when a listener closes, in milliseconds. */
const CLOSE_GRACE_MS = 500;

/** Resolves when every socket is closed, or after a short grace. */
export function emptied(sockets: ReadonlySet<Socket>, clock: Clock): Promise<void> {
  if (sockets.size === 0) return Promise.resolve();
  return new Promise((resolve) => {
    const cancel = clock.schedule(CLOSE_GRACE_MS, resolve);
    for (const socket of sockets) {
      socket.once("close", () => {
        if (sockets.size > 0) return;
        cancel();
        resolve();
      });
    }
  });
}

/**
 * Node would close an HTTP/2 session after 1,000 cancels at more than 33 per second, with all its other calls.
 * `FloodGuard` decides instead, because it counts answered calls too. These limits bound the resets of one turn of
 * the event loop.
 */
export const RESET_LIMITS = { streamResetBurst: 10_000, streamResetRate: 1_000 } as const;
