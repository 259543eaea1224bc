import type { HostedEngine } from "../../store/hosted/engine.ts";
import type { LimitStore } from "../limit-store.ts";
import { LIMITS } from "./host-limits.ts";

/** Counters of limits in the engine of another process on this host. */
export function createHostedLimitStore(engine: HostedEngine): LimitStore {
  const link = engine.service<LimitStore>(LIMITS);
  return {
    reserve: (reservation) => link.call("reserve", reservation),
    extend: (generationId, rules) => link.call("extend", generationId, rules),
    settle: (settlements) => link.call("settle", settlements),
    move: (generationId, session) => link.call("move", generationId, session),
    reap: (limit) => link.call("reap", limit),
  };
}
