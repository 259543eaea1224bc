// Streams over an engine of their own.
import type { Clock } from "../../src/clock.ts";
import { MemoryEngine } from "../../src/store/memory/engine.ts";
import { RedisEngine, type RedisEngineOptions } from "../../src/store/redis/engine.ts";
import { SqliteEngine, type SqliteEngineOptions } from "../../src/store/sqlite/engine.ts";
import { createMemoryStreamStore } from "../../src/streams/memory/stream-store.ts";
import { createRedisStreamStore } from "../../src/streams/redis/stream-store.ts";
import { createSqliteStreamStore } from "../../src/streams/sqlite/stream-store.ts";
import type { StreamStore } from "../../src/streams/stream-store.ts";

export interface OpenStreams extends StreamStore {
  /** Of the engine. */
  close(): Promise<void>;
}

export interface MemoryStreamsOptions {
  readonly clock: Clock;
  readonly maxBytes: number;
}

export function createMemoryStreams({ clock, maxBytes }: MemoryStreamsOptions): StreamStore {
  return createMemoryStreamStore(new MemoryEngine(clock), maxBytes);
}

export async function openSqliteStreams(options: SqliteEngineOptions): Promise<OpenStreams> {
  const engine = new SqliteEngine(options);
  const streams = createSqliteStreamStore(engine);
  await engine.open();
  return { ...streams, close: () => engine.close() };
}

/** Connects by itself. */
export function createRedisStreams(options: RedisEngineOptions): OpenStreams {
  const engine = new RedisEngine(options);
  return { ...createRedisStreamStore(engine), close: () => engine.close() };
}
