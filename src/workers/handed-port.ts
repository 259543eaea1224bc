// A port of the primary as a server of the worker sees it.
import type { Server, Socket } from "node:net";
import type { Listen, ListenAddress } from "../rpc/listen.ts";

/** Connections of one port, handed over by the primary. */
export class HandedPort {
  readonly #address: ListenAddress;
  readonly #onLeft: () => void;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;

  /** `onLeft` is called when the server takes no more connections. */
  constructor(address: ListenAddress, onLeft: () => void) {
    this.#address = address;
    this.#onLeft = onLeft;
  }

  /** Instead of listening on an address of its own. */
  readonly listen: Listen = async (server) => {
    this.#server = server;
    // HTTP servers begin to check the time limits of their connections.
    server.emit("listening");
    return {
      address: this.#address,
      stop: () => {
        if (this.#server === undefined) return;
        this.#server = undefined;
        this.#onLeft();
      },
    };
  };

  /** Serves a connection of which nothing has been read. False: it must be given to another worker. */
  take(socket: Socket): boolean {
    const server = this.#server;
    if (server === undefined) {
      socket.destroy();
      return false;
    }
    // Node does these for the connections that it accepts itself.
    if (this.#sockets.size >= server.maxConnections) {
      socket.destroy();
      return true;
    }
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
    socket.setNoDelay(true);
    socket.allowHalfOpen = (server as { allowHalfOpen?: boolean }).allowHalfOpen === true;
    server.emit("connection", socket);
    return true;
  }
}
