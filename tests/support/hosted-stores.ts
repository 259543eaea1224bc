// Stores that a host in this process serves, and that clients reach by its socket.
import { type Clock, systemClock } from "../../src/clock.ts";
import { openStores, type Stores } from "../../src/open-stores.ts";
import { type ServedStores, serveStores } from "../../src/serve-stores.ts";

export interface HostedStores {
  readonly served: ServedStores;
  readonly faults: string[];
  /** Another client. */
  connect(): Promise<Stores>;
  close(): Promise<void>;
}

/** `clock`: that of the stores. Clients have the real time. */
export async function hostStores(inner: Stores, clock: Clock): Promise<HostedStores> {
  const faults: string[] = [];
  const served = await serveStores({
    stores: inner,
    clock,
    onFault: (reason) => faults.push(reason),
  });
  const clients: Stores[] = [];
  return {
    served,
    faults,
    async connect() {
      const client = await openStores(served.address, systemClock);
      clients.push(client);
      return client;
    },
    async close() {
      for (const { engine } of clients) await engine.close();
      await served.close();
      await inner.engine.close();
    },
  };
}
