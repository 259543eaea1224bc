import type { CallerAdministration } from "../ports/caller-administration.ts";
import {
  type AdministrationParts,
  durabilityWarnings,
  latest,
  present,
  withFields,
} from "./administration-parts.ts";
import { exists, noGroup } from "./caller-errors.ts";
import { deletion, groupChange } from "./caller-records.ts";
import { changeableGroup, checkRoom, checkUnused, MAX_GROUPS } from "./caller-rules.ts";
import { groupView, pageOf } from "./caller-views.ts";

type GroupCalls = Pick<
  CallerAdministration,
  "groups" | "group" | "createGroup" | "updateGroup" | "deleteGroup"
>;

export function createGroupCalls(parts: AdministrationParts): GroupCalls {
  const { clock, known, registry, writer } = parts;
  const view = (id: string) => groupView(registry.index, known, id);
  return {
    async groups(query) {
      const index = await latest(parts);
      return pageOf([...known.groups.keys(), ...index.groups.keys()], query, (id) =>
        groupView(index, known, id),
      );
    },

    async group(id) {
      const index = await latest(parts);
      const found = view(id);
      if (found === undefined) throw noGroup(id, known.groups.keys(), index.groups.keys());
      return found;
    },

    async createGroup(group) {
      await writer.change((index) => {
        const { id } = group;
        if (known.groups.has(id)) throw exists("group", id, true);
        if (index.groups.has(id)) throw exists("group", id, false);
        checkRoom(index.groups.size, MAX_GROUPS, "groups");
        const now = clock.wallTime();
        const change = groupChange({ group, createdAt: now, updatedAt: now });
        return { changes: [change], answer: undefined };
      });
      return { made: present(view(group.id)), warnings: durabilityWarnings(parts) };
    },

    async updateGroup(group, fields) {
      await writer.change((index) => {
        const before = changeableGroup(index, known, group.id);
        const next = withFields(before.group, group, fields);
        const change = groupChange({ ...before, group: next, updatedAt: clock.wallTime() });
        return { changes: [change], answer: undefined };
      });
      return present(view(group.id));
    },

    async deleteGroup(id) {
      await writer.change((index) => {
        changeableGroup(index, known, id);
        checkUnused(index, known, id);
        return { changes: [deletion("group", id)], answer: undefined };
      });
    },
  };
}
