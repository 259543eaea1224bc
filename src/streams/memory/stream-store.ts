import type { MemoryEngine } from "../../store/memory/engine.ts";
import type { StreamStore } from "../stream-store.ts";
import { createLogCalls } from "./log-calls.ts";
import { MemoryStreams } from "./memory-streams.ts";
import { createOwnershipCalls } from "./ownership-calls.ts";
import { createRetentionCalls } from "./retention-calls.ts";

/**
 * Streams in the memory of this process. `maxBytes` bounds all streams together, including records and tombstones.
 * Ended streams are removed first, running ones never.
 */
export function createMemoryStreamStore(engine: MemoryEngine, maxBytes: number): StreamStore {
  const streams = new MemoryStreams(maxBytes, engine.time());
  return {
    capabilities: engine.capabilities,
    held: () => streams.held,
    subscribe: undefined,
    ...engine.sessions.calls,
    ...createLogCalls(engine, streams),
    ...createOwnershipCalls(engine, streams),
    ...createRetentionCalls(engine, streams),
  };
}
