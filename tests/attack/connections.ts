// Connections of an attacker: over HTTP/2 one that is there again when the gateway has ended it, and raw ones.
import { once } from "node:events";
import http2, { type ClientHttp2Session, type ClientSessionOptions } from "node:http2";
import net from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type { AttackRun } from "./attack.ts";

/** Megabytes. Node counts what it still has to write of streams that are closed, and opens no more beyond 10. */
const MAX_SESSION_MEMORY = 1_000;

/** A session that greets; undefined: the connection ended first. */
export async function openSession(
  address: string,
  options: ClientSessionOptions = {},
): Promise<ClientHttp2Session | undefined> {
  const session = http2.connect(`http://${address}`, {
    maxSessionMemory: MAX_SESSION_MEMORY,
    ...options,
  });
  session.on("error", () => {});
  session.setMaxListeners(0);
  const greeted = once(session, "remoteSettings").then(
    () => true,
    () => false,
  );
  const closed = new Promise<boolean>((resolve) => session.once("close", () => resolve(false)));
  return (await Promise.race([greeted, closed])) ? session : undefined;
}

/** Uses one session after the other until the run is over. Says how often the gateway has ended one. */
export async function withSessions(
  run: AttackRun,
  use: (session: ClientHttp2Session) => Promise<void>,
  options: ClientSessionOptions & { readonly address?: string; readonly pauseMs?: number } = {},
): Promise<void> {
  while (!run.isOver) {
    const session = await openSession(options.address ?? run.target.grpc, options);
    if (session !== undefined) {
      while (!run.isOver && !session.destroyed && !session.closed) await use(session);
      if (session.destroyed || session.closed) run.end("connection ended");
      session.destroy();
    }
    await delay(options.pauseMs ?? 1);
  }
}

/** A connection of bytes. Whatever the other end does, nothing throws. */
export class RawConnection {
  readonly #socket: net.Socket;
  isClosed = false;
  received = 0;

  constructor(address: string) {
    const url = new URL(address.includes("://") ? address : `http://${address}`);
    this.#socket = net.connect(Number(url.port), url.hostname);
    this.#socket.setNoDelay(true);
    this.#socket.on("error", () => {});
    this.#socket.on("data", (bytes: Buffer) => {
      this.received += bytes.length;
    });
    this.#socket.on("close", () => {
      this.isClosed = true;
    });
  }

  get isOpen(): boolean {
    return this.#socket.readyState === "open";
  }

  /** Stops to read, and so in the end the other end's writes. */
  pause(): void {
    this.#socket.pause();
  }

  /** Writes, and waits until the other end has room, but for no longer than so. */
  async write(bytes: Buffer | string, patienceMs: number): Promise<void> {
    if (this.isClosed || this.#socket.write(bytes)) return;
    const waiting = new AbortController();
    const { signal } = waiting;
    const events = ["drain", "close"].map((name) => once(this.#socket, name, { signal }));
    await Promise.race([...events, delay(patienceMs, undefined, { signal })]).catch(() => {});
    waiting.abort();
    await Promise.allSettled(events);
  }

  async opened(): Promise<boolean> {
    if (this.isOpen) return true;
    if (this.isClosed) return false;
    await Promise.race([once(this.#socket, "connect"), once(this.#socket, "close")]).catch(
      () => {},
    );
    return this.isOpen;
  }

  close(): void {
    this.#socket.destroy();
  }
}
