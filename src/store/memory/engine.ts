import type { Clock } from "../../clock.ts";
import { createProcessSessions } from "../process-sessions.ts";
import { steadyTime } from "../steady-time.ts";
import type { StoreCapabilities, StoreEngine } from "../store-engine.ts";

/**
 * The memory of this process. A call is one turn of the event loop, and so atomic; each tenant bounds what it
 * holds by itself.
 */
export class MemoryEngine implements StoreEngine {
  readonly capabilities: StoreCapabilities = {
    type: "memory",
    isShared: false,
    durability: "process",
  };
  readonly sessions = createProcessSessions();
  /** The store's time, in milliseconds since the epoch. */
  readonly time: () => number;

  constructor(clock: Clock) {
    this.time = steadyTime(clock);
  }

  async open(): Promise<void> {}

  async close(): Promise<void> {}
}
