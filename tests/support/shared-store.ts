import type { Clock } from "../../src/clock.ts";
import type { StreamStore } from "../../src/streams/stream-store.ts";
import { createManualClock } from "./manual-clock.ts";
import { createMemoryStreams } from "./open-streams.ts";

/** A memory store that replicas in this process share. */
export function sharedStore(clock: Clock = createManualClock()): StreamStore {
  const store = createMemoryStreams({ clock, maxBytes: 64 * 1024 * 1024 });
  return { ...store, capabilities: { type: "memory", isShared: true, durability: "cluster" } };
}
