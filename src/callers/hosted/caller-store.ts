import type { HostedEngine } from "../../store/hosted/engine.ts";
import type { CallerStore } from "../caller-store.ts";
import { CALLERS, type CallerCalls } from "./host-callers.ts";

/** Callers in the engine of another process on this host. */
export function createHostedCallerStore(engine: HostedEngine): CallerStore {
  const link = engine.service<CallerCalls>(CALLERS);
  return {
    capabilities: engine.capabilities,
    changes: (after, limit) => link.call("changes", after, limit),
    write: (changes, expected, newFeed) => link.call("write", changes, expected, newFeed),
    noteUses: (uses) => link.call("noteUses", uses),
    lastUses: (prefixes) => link.call("lastUses", prefixes),
    forgetUses: (prefixes) => link.call("forgetUses", prefixes),
  };
}
