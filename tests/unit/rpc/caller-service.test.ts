import { type DescMethod, fromJson, type JsonObject, toJson } from "@bufbuild/protobuf";
import { beforeEach, describe, expect, it } from "vitest";
import { CallerService } from "../../../gen/service/steer/admin/v1/callers_pb.ts";
import { createCallerService } from "../../../src/rpc/caller-service.ts";
import { followedCallers, sharedCallerStore } from "../../support/followed-callers.ts";
import { createManualClock } from "../../support/manual-clock.ts";

const USE = {
  requests: [{ amount: "10", window: "1.500s" }],
  tokens: [
    { amount: "1000", window: "60s" },
    { amount: "20000", window: "3600s" },
  ],
  concurrency: 3,
  spend: [
    { period: "SPEND_PERIOD_DAY", currencyCode: "USD", picos: "5000000000000" },
    { period: "SPEND_PERIOD_DAY", currencyCode: "EUR", picos: "1" },
    { period: "SPEND_PERIOD_TOTAL", currencyCode: "USD", picos: "7" },
  ],
};
const LIMITS = {
  use: USE,
  narrowed: [{ match: "openai/*", limits: { concurrency: 1 } }],
  maxOutputTokens: 900,
  maxCostPerCall: { currencyCode: "USD", picos: "12" },
  warnAt: 0.5,
  allowUnpriced: true,
};
const LISTS = { models: ["m-*"], providers: ["openai", "claude"] };

let ask: (method: keyof typeof CallerService.method, request: JsonObject) => Promise<JsonObject>;
let lines: object[];

beforeEach(async () => {
  const clock = createManualClock();
  const { administration, feed } = followedCallers({ clock, store: sharedCallerStore(clock) });
  await feed.start();
  lines = [];
  const { handlers } = createCallerService({
    administration,
    audit: ({ method, target, result }) => void lines.push([method, target, result]),
  });
  const call = { caller: { id: "root" }, log: () => {} };
  ask = async (name, json) => {
    const method: DescMethod = CallerService.method[name];
    const handler = (handlers as Record<string, (...given: unknown[]) => Promise<never>>)[name];
    const answer = await handler?.(fromJson(method.input, json), call);
    return toJson(method.output, answer as never) as JsonObject;
  };
  await ask("createGroup", { group: { id: "team", ...LISTS, limits: LIMITS } });
});

describe("a caller", () => {
  const sent = { id: "ci", role: "CALLER_ROLE_OPERATOR", group: "team", ...LISTS, limits: LIMITS };

  it("is kept as it was sent, and is listed, changed and deleted by its name", async () => {
    const { caller } = await ask("createCaller", { caller: sent });
    expect(caller).toMatchObject({ ...sent, source: "CALLER_SOURCE_STORE" });
    expect(await ask("getCaller", { id: "ci" })).toEqual({ caller });
    await ask("createCaller", { caller: { id: "di" } });
    const first = await ask("listCallers", { pageSize: 1 });
    expect(first).toMatchObject({ callers: [{ id: "ci" }] });
    const pageToken = String(first["nextPageToken"]);
    const second = await ask("listCallers", { pageSize: 1, pageToken });
    expect(second).toMatchObject({ callers: [{ id: "di", role: "CALLER_ROLE_CALLER" }] });
    expect(second).not.toHaveProperty("nextPageToken");
    expect(await ask("listCallers", { group: "team" })).toMatchObject({ callers: [{ id: "ci" }] });
    const changed = { id: "ci", role: "CALLER_ROLE_CALLER", models: ["other"] };
    const updateMask = "role,models";
    expect(await ask("updateCaller", { caller: changed, updateMask })).toMatchObject({
      caller: { ...sent, role: "CALLER_ROLE_CALLER", models: ["other"] },
    });
    await ask("createKey", { caller: "ci" });
    expect(await ask("deleteCaller", { id: "ci", force: true })).toEqual({ deletedKeys: 1 });
    expect(lines.slice(1)).toEqual([
      ["CreateCaller", { caller: "ci", role: "operator", group: "team" }, {}],
      ["CreateCaller", { caller: "di", role: "caller" }, {}],
      ["UpdateCaller", { caller: "ci", fields: ["role", "models"] }, {}],
      ["CreateKey", { caller: "ci" }, { key: expect.any(String) }],
      ["DeleteCaller", { caller: "ci", force: true }, { deleted_keys: 1 }],
    ]);
  });

  it.each([
    ["update_mask", { updateMask: "" }, "name at least one of role, group"],
    ["update_mask", { updateMask: "modles" }, '"modles" cannot be changed; did you mean models'],
    ["caller.role", { updateMask: "role" }, "is named by the mask, and not set"],
  ])("is not changed by a wrong %s: %o", async (field, mask, description) => {
    await ask("createCaller", { caller: { id: "ci" } });
    await expect(ask("updateCaller", { caller: { id: "ci" }, ...mask })).rejects.toMatchObject({
      kind: "validation",
      violations: [{ field, description: expect.stringContaining(description) }],
    });
  });

  it.each([
    ["requests[0].window", { requests: [{ amount: "1", window: "0.0005s" }] }],
    ["spend[1]", { spend: [USE.spend[0], USE.spend[0]] }],
    ["spend[0].period", { spend: [{ ...USE.spend[0], period: "SPEND_PERIOD_UNSPECIFIED" }] }],
  ])("is refused with a wrong limit: %s", async (field, use) => {
    const caller = { id: "ci", limits: { use } } as JsonObject;
    await expect(ask("createCaller", { caller })).rejects.toMatchObject({
      kind: "validation",
      violations: [{ field: `caller.limits.use.${field}` }],
    });
    expect(lines).toHaveLength(1);
  });
});

describe("a group", () => {
  it("is kept as it was sent, and is listed, changed and deleted by its name", async () => {
    const kept = { id: "team", ...LISTS, limits: LIMITS };
    expect(await ask("getGroup", { id: "team" })).toMatchObject({ group: kept });
    expect(await ask("listGroups", {})).toMatchObject({ groups: [kept] });
    const changed = { group: { id: "team", models: ["other"] }, updateMask: "models" };
    const { group } = await ask("updateGroup", changed);
    expect(group).toMatchObject({ ...kept, models: ["other"] });
    await ask("deleteGroup", { id: "team" });
    expect(await ask("listGroups", {})).toEqual({});
    expect(lines).toEqual([
      ["CreateGroup", { group: "team" }, {}],
      ["UpdateGroup", { group: "team", fields: ["models"] }, {}],
      ["DeleteGroup", { group: "team" }, {}],
    ]);
  });
});

describe("a key", () => {
  it("is shown once, is listed by its first characters, and is revoked by them", async () => {
    await ask("createCaller", { caller: { id: "ci" } });
    const made = await ask("createKey", { caller: "ci", lifetime: "60s" });
    const { prefix, createTime, expireTime } = made["key"] as Record<string, string>;
    expect(String(made["secret"]).startsWith(`${prefix}`)).toBe(true);
    expect(Date.parse(`${expireTime}`) - Date.parse(`${createTime}`)).toBe(60_000);
    expect(await ask("listKeys", { caller: "ci" })).toEqual({ keys: [made["key"]] });
    const secret = String(made["secret"]);
    await expect(ask("revokeKey", { prefix: secret })).rejects.toMatchObject({
      kind: "validation",
    });
    expect(await ask("revokeKey", { prefix: `${prefix}`, force: true })).toEqual({
      key: made["key"],
    });
    expect(JSON.stringify(lines)).not.toContain(secret);
    expect(lines.slice(2)).toEqual([
      ["CreateKey", { caller: "ci", lifetime_ms: 60_000 }, { key: prefix }],
      ["RevokeKey", {}, { error: "validation" }],
      ["RevokeKey", { key: prefix, force: true }, { key_caller: "ci", keys_left: 0 }],
    ]);
  });
});
