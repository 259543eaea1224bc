// Callers, groups and keys as rows.
import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";
import {
  type Caller,
  type CallerKey,
  CallerKeySchema,
  CallerRole,
  CallerSchema,
  CallerSource,
  type Group,
  GroupSchema,
} from "../../gen/service/steer/admin/v1/callers_pb.ts";
import { limitsText } from "./limit-flags.ts";
import type { RowFormat } from "./print-rows.ts";

export const ROLES: Readonly<Record<string, CallerRole>> = {
  caller: CallerRole.CALLER,
  operator: CallerRole.OPERATOR,
};

function time(at: Timestamp | undefined): string {
  return at === undefined ? "-" : timestampDate(at).toISOString();
}

function sourceWord({ source, hidesStored }: Caller | Group): string {
  if (source === CallerSource.STORE) return "store";
  return hidesStored ? "configuration (hides a stored one)" : "configuration";
}

function listText(list: readonly string[]): string {
  return list.length === 0 ? "all" : list.join(" ");
}

export const CALLER_ROWS: RowFormat<typeof CallerSchema> = {
  schema: CallerSchema,
  head: ["caller", "role", "group", "models", "providers", "limits", "keys", "kept in", "created"],
  row: (caller) => [
    caller.id,
    Object.keys(ROLES).find((word) => ROLES[word] === caller.role) ?? String(caller.role),
    caller.group || "-",
    listText(caller.models),
    listText(caller.providers),
    limitsText(caller.limits),
    String(caller.keyCount),
    sourceWord(caller),
    time(caller.createTime),
  ],
};

export const GROUP_ROWS: RowFormat<typeof GroupSchema> = {
  schema: GroupSchema,
  head: ["group", "models", "providers", "limits", "kept in", "created"],
  row: (group) => [
    group.id,
    listText(group.models),
    listText(group.providers),
    limitsText(group.limits),
    sourceWord(group),
    time(group.createTime),
  ],
};

function endText({ expireTime, expired }: CallerKey): string {
  return expired ? `${time(expireTime)} (expired)` : time(expireTime);
}

export const KEY_ROWS: RowFormat<typeof CallerKeySchema> = {
  schema: CallerKeySchema,
  head: ["key", "caller", "created", "last used", "ends"],
  row: (key) => [key.prefix, key.caller, time(key.createTime), time(key.lastUseTime), endText(key)],
};
