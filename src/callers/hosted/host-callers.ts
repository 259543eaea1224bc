import type { HostedService, ServiceShape } from "../../store/hosted/hosted-service.ts";
import type { CallerStore } from "../caller-store.ts";

export type CallerCalls = Omit<CallerStore, "capabilities">;

export const CALLERS: ServiceShape = { name: "callers" };

/** Callers for clients of this host. */
export function hostCallers(store: CallerStore): HostedService<CallerCalls> {
  const calls: CallerCalls = {
    changes: (after, limit) => store.changes(after, limit),
    write: (changes, expected, newFeed) => store.write(changes, expected, newFeed),
    noteUses: (uses) => store.noteUses(uses),
    lastUses: (prefixes) => store.lastUses(prefixes),
    forgetUses: (prefixes) => store.forgetUses(prefixes),
  };
  return { shape: CALLERS, serve: () => ({ calls }) };
}
