// Which store is used: one line each. They are loaded when they are configured.
import type { Clock } from "./clock.ts";
import { createMemoryStore } from "./streams/memory/stream-store.ts";
import type { StreamStore } from "./streams/stream-store.ts";

/** A store as the configuration names it. */
export type StoreAddress =
  | { readonly type: "memory"; readonly maxBytes: number }
  | { readonly type: "sqlite"; readonly path: string; readonly maxBytes: number | undefined }
  /** With credentials, which no error and no log line repeats. */
  | { readonly type: "redis"; readonly url: string };

export async function openStore(address: StoreAddress, clock: Clock): Promise<StreamStore> {
  switch (address.type) {
    case "memory":
      return createMemoryStore({ clock, maxBytes: address.maxBytes });
    case "sqlite": {
      const { createSqliteStore } = await import("./streams/sqlite/stream-store.ts");
      return createSqliteStore({ clock, path: address.path, maxBytes: address.maxBytes });
    }
    case "redis": {
      const { createRedisStore } = await import("./streams/redis/stream-store.ts");
      return createRedisStore({ clock, url: address.url });
    }
  }
}
