import { getHeapStatistics } from "node:v8";
import { ConfigProblem } from "./config/readers.ts";
import type { StreamFields } from "./config/streams.ts";
import type { StoreAddress } from "./store/store-address.ts";
import { DEFAULT_STREAM_SETTINGS, type StreamSettings } from "./streams/stream-settings.ts";

/** What streams in memory may hold of what the process may: calls and the garbage of both need the rest. */
const MEMORY_SHARE = 1 / 4;
const MAX_DEFAULT_BYTES = 256 * 1024 * 1024;

/**
 * What the store in memory may hold where nothing is configured, in bytes. `containerBytes` is the memory
 * of the container; 0 where it is not known.
 */
export function defaultMemoryBytes(heapBytes: number, containerBytes: number): number {
  const limit = containerBytes > 0 ? Math.min(heapBytes, containerBytes) : heapBytes;
  return Math.min(Math.floor(limit * MEMORY_SHARE), MAX_DEFAULT_BYTES);
}

function ownMemoryBytes(): number {
  return defaultMemoryBytes(getHeapStatistics().heap_size_limit, process.constrainedMemory());
}

/** The store; only a restart changes it. */
export function storeAddress(given: StreamFields | undefined): StoreAddress {
  const store = given?.store ?? { type: "memory" };
  const maxBytes = given?.max_total_bytes;
  switch (store.type) {
    case "memory":
      return { type: "memory", maxBytes: maxBytes ?? ownMemoryBytes() };
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
