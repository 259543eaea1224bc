// Stores that a host in this process serves, and that clients reach by its socket.
import type { Clock } from "../../src/clock.ts";
import { systemClock } from "../../src/clock.ts";
import { openStores, type Stores } from "../../src/open-stores.ts";
import { type ServedStores, serveStores } from "../../src/serve-stores.ts";
import type { StoreAddress } from "../../src/store/store-address.ts";

export interface HostedStores {
  readonly inner: Stores;
  readonly served: ServedStores;
  readonly faults: string[];
  /** Another client. */
  connect(): Promise<Stores>;
  close(): Promise<void>;
}

/** `clock`: the time of the store. Clients have the real time. */
export async function hostStores(address: StoreAddress, clock: Clock): Promise<HostedStores> {
  const faults: string[] = [];
  const inner = await openStores(address, clock);
  const served = await serveStores({
    stores: inner,
    clock,
    onFault: (reason) => faults.push(reason),
  });
  const clients: Stores[] = [];
  return {
    inner,
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
