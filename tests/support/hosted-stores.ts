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
    log: (line) => {
      if (line.event === "store client cut") faults.push(line.reason);
    },
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

const MAX_BYTES = 256 * 1024 * 1024;

/** A host of its own memory. */
export async function hostedMemory(): Promise<HostedStores> {
  const inner = await openStores({ type: "memory", maxBytes: MAX_BYTES }, systemClock);
  return hostStores(inner, systemClock);
}
