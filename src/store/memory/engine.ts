import type { Clock } from "../../clock.ts";
import { createProcessSessions } from "../process-sessions.ts";
import { steadyTime } from "../steady-time.ts";
import type { StoreCapabilities, StoreEngine } from "../store-engine.ts";

/**
 * The memory of this process. A call runs within one turn of the event loop, so it is atomic. Each tenant bounds its
 * own memory.
 */
export class MemoryEngine implements StoreEngine {
  readonly capabilities: StoreCapabilities = {
    type: "memory",
    isShared: false,
    durability: "process",
  };
  readonly sessions = createProcessSessions();
  /** Time of the store, in milliseconds since the epoch. */
  readonly time: () => number;

  constructor(clock: Clock) {
    this.time = steadyTime(clock);
  }

  async open(): Promise<void> {}

  async close(): Promise<void> {}
}
