import type { CallerAdministration } from "../ports/caller-administration.ts";
import { ignoreOutage } from "../store/store-unavailable.ts";
import {
  type AdministrationParts,
  durabilityWarnings,
  latest,
  present,
  withFields,
} from "./administration-parts.ts";
import { exists, noCaller } from "./caller-errors.ts";
import type { CallerIndex } from "./caller-index.ts";
import { callerChange, deletion, type StoredCaller } from "./caller-records.ts";
import {
  changeable,
  checkGroup,
  checkLastOperator,
  checkRoom,
  MAX_CALLERS,
} from "./caller-rules.ts";
import { callerView, pageOf } from "./caller-views.ts";

type CallerCalls = Pick<
  CallerAdministration,
  "callers" | "caller" | "createCaller" | "updateCaller" | "deleteCaller"
>;

export function createCallerCalls(parts: AdministrationParts): CallerCalls {
  const { clock, known, registry, store, writer } = parts;
  const view = (id: string) => callerView(registry.index, known, id);

  function checkFree(index: CallerIndex, id: string): void {
    if (known.callers.has(id)) throw exists("caller", id, true);
    if (index.callers.has(id)) throw exists("caller", id, false);
    checkRoom(index.callers.size, MAX_CALLERS, "callers");
  }

  return {
    async callers({ group, ...query }) {
      const index = await latest(parts);
      return pageOf([...known.callers.keys(), ...index.callers.keys()], query, (id) => {
        const found = callerView(index, known, id);
        return group === "" || found?.profile.group === group ? found : undefined;
      });
    },

    async caller(id) {
      const index = await latest(parts);
      const found = view(id);
      if (found === undefined) throw noCaller(id, known.callers.keys(), index.callers.keys());
      return found;
    },

    async createCaller(profile) {
      await writer.change((index) => {
        checkFree(index, profile.id);
        checkGroup(index, known, profile);
        const now = clock.wallTime();
        const stored: StoredCaller = { profile, createdAt: now, updatedAt: now };
        return { changes: [callerChange(stored)], answer: undefined };
      });
      return { made: present(view(profile.id)), warnings: durabilityWarnings(parts) };
    },

    async updateCaller(profile, fields, isForced) {
      await writer.change((index) => {
        const before = changeable(index, known, profile.id);
        const next = withFields(before.profile, profile, fields);
        checkGroup(index, known, next);
        if (next.role !== "operator" && !isForced) checkLastOperator(index, known, profile.id);
        const stored = { ...before, profile: next, updatedAt: clock.wallTime() };
        return { changes: [callerChange(stored)], answer: undefined };
      });
      return present(view(profile.id));
    },

    async deleteCaller(id, isForced) {
      const deleted = await writer.change((index) => {
        changeable(index, known, id);
        if (!isForced) checkLastOperator(index, known, id);
        const prefixes = index.keysOf(id).map(({ prefix }) => prefix);
        const keys = prefixes.map((prefix) => deletion("key", prefix));
        return { changes: [...keys, deletion("caller", id)], answer: prefixes };
      });
      // The uses of a key that is gone are of no use, and cost a few bytes where this fails.
      await store.forgetUses(deleted).catch(ignoreOutage);
      return deleted.length;
    },
  };
}
