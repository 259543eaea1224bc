import type { KnownCaller } from "../domain/caller.ts";
import type { CallerDirectory } from "../ports/caller-directory.ts";

/** The callers of the configuration that is in force. */
export function createConfiguredCallers(callers: () => readonly KnownCaller[]): CallerDirectory {
  let known: readonly KnownCaller[] | undefined;
  let byId: ReadonlyMap<string, KnownCaller> = new Map();
  return {
    profile(id) {
      const inForce = callers();
      if (inForce !== known) {
        known = inForce;
        byId = new Map(inForce.map((caller) => [caller.id, caller]));
      }
      return byId.get(id);
    },
    group: () => undefined,
  };
}
