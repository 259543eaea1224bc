import { chmodSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import type { StoreCapabilities } from "../store-engine.ts";
import { HostConnection } from "./host-connection.ts";
import type { HostedService } from "./hosted-service.ts";

/** Most clients at a time. Each worker has one connection. */
const MOST_CLIENTS = 1_024;

export interface StoreHostOptions {
  /** Path of the socket, in a folder that no other user can read. Nothing may exist there. */
  readonly path: string;
  readonly capabilities: StoreCapabilities;
  readonly services: readonly HostedService[];
  /** Called when the host ends a connection because of what the client has sent. */
  readonly onFault: (reason: string) => void;
}

/** Serves the tenants of an engine to processes on this host. The engine stays its owner's. */
export class StoreHost {
  readonly #options: StoreHostOptions;
  readonly #server: Server;
  readonly #connections = new Set<HostConnection>();
  #count = 0;

  constructor(options: StoreHostOptions) {
    this.#options = options;
    this.#server = createServer({ noDelay: false }, (socket) => this.#accept(socket));
    this.#server.maxConnections = MOST_CLIENTS;
  }

  /** Rejects if the path cannot be used. */
  async open(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const { path } = this.#options;
    this.#server.once("error", reject);
    this.#server.listen(path, () => {
      chmodSync(path, 0o600);
      this.#server.off("error", reject);
      resolve();
    });
    await promise;
  }

  /** Ends all connections. */
  async close(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.close(() => resolve());
    for (const connection of this.#connections) connection.end();
    await promise;
  }

  #accept(socket: Socket): void {
    const { capabilities, services, onFault } = this.#options;
    const connection = new HostConnection({
      socket,
      number: ++this.#count,
      capabilities,
      services,
      onEnd: (fault) => {
        this.#connections.delete(connection);
        if (fault !== undefined) onFault(fault);
      },
    });
    this.#connections.add(connection);
  }
}
