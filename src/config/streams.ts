import { getHeapStatistics } from "node:v8";
import type { StoreAddress } from "../store/store-address.ts";
import { DEFAULT_STREAM_SETTINGS, type StreamSettings } from "../streams/stream-settings.ts";
import { ConfigProblem, count, duration, oneOf, type Reader, size, text } from "./readers.ts";
import { object } from "./sections.ts";

/** A stream store in the configuration. */
export type StoreEntry =
  | { readonly type: "memory" }
  | { readonly type: "sqlite"; readonly path: string }
  | { readonly type: "redis"; readonly url: string };

const SQLITE = "sqlite:";
/** Several hosts are no valid URL by the standard, so the store parses the rest. */
const REDIS = /^rediss?(\+sentinel)?:\/\/./i;

const store: Reader<StoreEntry> = (value, path) => {
  const given = text(value, path);
  if (given === "memory") return { type: "memory" };
  if (given.startsWith(SQLITE) && given.length > SQLITE.length) {
    return { type: "sqlite", path: given.slice(SQLITE.length) };
  }
  // The text can contain a password, so no message repeats it.
  if (REDIS.test(given)) return { type: "redis", url: given };
  const forms = "redis://HOST, rediss://HOST or redis[s]+sentinel://HOST/MASTER";
  throw new ConfigProblem(path, `must be memory, sqlite:PATH, ${forms}`);
};

/** The section `stream` of the file. */
export const streamFields = object({
  store,
  retention: duration,
  tombstone: duration,
  disconnect_grace: duration,
  max_bytes: size,
  max_events: count,
  max_total_bytes: size,
  durability: oneOf("preferred", "required"),
  store_timeout: duration,
  takeover: oneOf("auto", "fail"),
  max_takeovers: count,
  session_ttl: duration,
  max_readers: count,
});

type StreamFields = ReturnType<typeof streamFields>;

/** Largest part of the process's memory for streams in memory. Calls and garbage need the rest. */
const MEMORY_SHARE = 1 / 4;
const MAX_DEFAULT_BYTES = 256 * 1024 * 1024;

/** Default bytes of the memory store. `containerBytes`: memory of the container; 0: unknown. */
export function defaultMemoryBytes(heapBytes: number, containerBytes: number): number {
  const limit = containerBytes > 0 ? Math.min(heapBytes, containerBytes) : heapBytes;
  return Math.min(Math.floor(limit * MEMORY_SHARE), MAX_DEFAULT_BYTES);
}

function ownMemoryBytes(): number {
  return defaultMemoryBytes(getHeapStatistics().heap_size_limit, process.constrainedMemory());
}

/** The address of the store. Changes need a restart. Throws `ConfigProblem`. */
export function storeAddress(given: StreamFields = {}): StoreAddress {
  const { store = { type: "memory" }, maxTotalBytes: maxBytes } = given;
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

/** The settings of the section `stream`, with defaults for missing keys. */
export function streamSettings({
  store: _store,
  maxTotalBytes: _bytes,
  ...given
}: StreamFields = {}): StreamSettings {
  return { ...DEFAULT_STREAM_SETTINGS, ...given };
}
