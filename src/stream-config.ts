import { ConfigProblem } from "./config/readers.ts";
import type { StreamFields } from "./config/streams.ts";
import type { StoreAddress } from "./streams/open-store.ts";
import { DEFAULT_STREAM_SETTINGS, type StreamSettings } from "./streams/stream-settings.ts";

/** Events of all streams that the store in memory holds. */
const DEFAULT_MEMORY_BYTES = 256 * 1024 * 1024;

/** The store; only a restart changes it. */
export function storeAddress(given: StreamFields | undefined): StoreAddress {
  const store = given?.store ?? { type: "memory" };
  const maxBytes = given?.max_total_bytes;
  switch (store.type) {
    case "memory":
      return { type: "memory", maxBytes: maxBytes ?? DEFAULT_MEMORY_BYTES };
    case "sqlite":
      return { ...store, maxBytes };
    case "redis":
      if (maxBytes === undefined) return store;
      throw new ConfigProblem(["stream", "max_total_bytes"], "is the server's own maxmemory");
  }
}

/** The section `stream` with the defaults for what it leaves out. */
export function streamSettings(given: StreamFields | undefined): StreamSettings {
  const usual = DEFAULT_STREAM_SETTINGS;
  return {
    retentionMs: given?.retention ?? usual.retentionMs,
    tombstoneMs: given?.tombstone ?? usual.tombstoneMs,
    disconnectGraceMs: given?.disconnect_grace ?? usual.disconnectGraceMs,
    maxBytes: given?.max_bytes ?? usual.maxBytes,
    maxEvents: given?.max_events ?? usual.maxEvents,
    durability: given?.durability ?? usual.durability,
    storeTimeoutMs: given?.store_timeout ?? usual.storeTimeoutMs,
    takeover: given?.takeover ?? usual.takeover,
    maxTakeovers: given?.max_takeovers ?? usual.maxTakeovers,
    sessionTtlMs: given?.session_ttl ?? usual.sessionTtlMs,
    maxReaders: given?.max_readers ?? usual.maxReaders,
  };
}
