import type { Clock } from "../../src/clock.ts";
import { createMemoryStore } from "../../src/streams/memory-store.ts";
import type { StreamStore } from "../../src/streams/stream-store.ts";
import { createManualClock } from "./manual-clock.ts";

/** A memory store that replicas in this process share. */
export function sharedStore(clock: Clock = createManualClock()): StreamStore {
  const store = createMemoryStore({ clock, maxBytes: 64 * 1024 * 1024 });
  return { ...store, capabilities: { type: "memory", isShared: true, durability: "cluster" } };
}
