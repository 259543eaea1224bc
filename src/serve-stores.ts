// The engine of this process for other processes on this host.
import { hostCallers } from "./callers/hosted/host-callers.ts";
import type { Clock } from "./clock.ts";
import type { Log } from "./domain/log-line.ts";
import { hostLedger } from "./ledger/hosted/host-ledger.ts";
import { hostLimits } from "./limits/hosted/host-limits.ts";
import { openStores, type Stores } from "./open-stores.ts";
import { hostSessions } from "./store/hosted/host-sessions.ts";
import type { HostedService } from "./store/hosted/hosted-service.ts";
import { openSocketPlace } from "./store/hosted/socket-place.ts";
import { StoreHost } from "./store/hosted/store-host.ts";
import type { StoreAddress } from "./store/store-address.ts";
import { hostStreams } from "./streams/hosted/host-streams.ts";
import type { StreamStore } from "./streams/stream-store.ts";

export interface ServeStoresOptions {
  /** They stay the caller's, who closes them after this. */
  readonly stores: Stores;
  readonly clock: Clock;
  readonly log: Log;
  /** Folder for the socket; default: that of temporary files. */
  readonly folder?: string;
}

export interface ServedStores {
  /** With which the clients open the stores. */
  readonly address: Extract<StoreAddress, { type: "hosted" }>;
  /** Ends all connections, and with them their sessions. */
  close(): Promise<void>;
}

/** Serves all tenants of an engine at a socket that only this user's processes can open. Rejects if it cannot. */
export async function serveStores(options: ServeStoresOptions): Promise<ServedStores> {
  const { stores, clock, log, folder } = options;
  const place = await openSocketPlace(folder);
  const host = new StoreHost({
    path: place.path,
    capabilities: stores.engine.capabilities,
    services: [
      hostSessions(clock, stores.streams),
      hostStreams(stores.streams),
      hostCallers(stores.callers),
      hostLedger(stores.ledger),
      hostLimits(stores.limits),
    ] as readonly HostedService[],
    onFault: (reason) => log({ event: "store client cut", reason }),
  });
  await host.open();
  return {
    address: { type: "hosted", path: place.path },
    async close() {
      await host.close();
      place.remove();
    },
  };
}

export interface SharedStores {
  /** With which each process opens the stores. */
  readonly address: StoreAddress;
  /** The streams that this process has for all; undefined: each process reaches them itself. */
  readonly streams: Pick<StreamStore, "capabilities" | "held"> | undefined;
  close(): Promise<void>;
}

/**
 * Makes the stores usable by several processes: this process opens what only one process can use, and serves it.
 * Rejects if the engine cannot be used.
 */
export async function shareStores(
  address: StoreAddress,
  { clock, log }: Pick<ServeStoresOptions, "clock" | "log">,
): Promise<SharedStores> {
  if (address.type === "redis") {
    return { address, streams: undefined, close: async () => {} };
  }
  const stores = await openStores(address, clock);
  try {
    const served = await serveStores({ stores, clock, log });
    return {
      address: served.address,
      streams: stores.streams,
      async close() {
        await served.close();
        await stores.engine.close();
      },
    };
  } catch (error) {
    await stores.engine.close();
    throw error;
  }
}
