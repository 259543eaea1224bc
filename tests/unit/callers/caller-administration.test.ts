import { hash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { GatewayError } from "../../../src/domain/gateway-error.ts";
import type { CallerProfile } from "../../../src/ports/caller-directory.ts";
import { followedCallers, sharedCallerStore } from "../../support/followed-callers.ts";
import { createManualClock } from "../../support/manual-clock.ts";

const CONFIGURED = {
  callers: [{ id: "fixed", role: "caller" as const, group: "base" }],
  groups: [{ id: "base" }],
};

async function administered(configured = {}) {
  const clock = createManualClock();
  const store = sharedCallerStore(clock);
  const replica = followedCallers({ clock, store, configured });
  await replica.feed.start();
  return { clock, store, ...replica };
}

async function refusal(call: Promise<unknown>): Promise<{ reason?: string; message: string }> {
  try {
    await call;
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    return { ...(error.reason !== undefined && { reason: error.reason }), message: error.message };
  }
  throw new Error("the call succeeded");
}

const caller = (id: string, rest: Partial<CallerProfile> = {}): CallerProfile => ({
  id,
  role: "caller",
  ...rest,
});

describe("an operator", () => {
  it.each([
    ["a caller that exists", "createCaller", [caller("ci")], "CALLER_EXISTS"],
    ["a caller of the configuration", "createCaller", [caller("fixed")], "CALLER_EXISTS"],
    ["a group that exists", "createGroup", [{ id: "team" }], "GROUP_EXISTS"],
    ["a group of the configuration", "createGroup", [{ id: "base" }], "GROUP_EXISTS"],
    ["a caller of no group", "createCaller", [caller("x", { group: "taem" })], "GROUP_NOT_FOUND"],
    ["a change of nobody", "updateCaller", [caller("x"), ["role"], false], "CALLER_NOT_FOUND"],
    [
      "a change to no group",
      "updateCaller",
      [caller("ci", { group: "none" }), ["group"], false],
      "GROUP_NOT_FOUND",
    ],
    [
      "a change in the configuration",
      "updateCaller",
      [caller("fixed"), ["role"], true],
      "CONFIGURED_CALLER",
    ],
    ["the end of nobody", "deleteCaller", ["x", false], "CALLER_NOT_FOUND"],
    ["the end of one of the configuration", "deleteCaller", ["fixed", true], "CONFIGURED_CALLER"],
    ["a key for nobody", "createKey", ["x", undefined], "CALLER_NOT_FOUND"],
    ["a key for one of the configuration", "createKey", ["fixed", undefined], "CONFIGURED_CALLER"],
    ["the keys of nobody", "keys", ["x"], "CALLER_NOT_FOUND"],
    ["the end of no key", "revokeKey", ["sk-steer-AAAAAAAA", false], "KEY_NOT_FOUND"],
    ["the end of a group with callers", "deleteGroup", ["team"], "GROUP_IN_USE"],
    ["the end of a configured group", "deleteGroup", ["base"], "CONFIGURED_CALLER"],
    ["the end of no group", "deleteGroup", ["none"], "GROUP_NOT_FOUND"],
  ] as const)("is refused %s", async (_name, method, args, reason) => {
    const { administration } = await administered(CONFIGURED);
    await administration.createGroup({ id: "team" });
    await administration.createCaller(caller("ci", { group: "team" }));
    const call = administration[method] as (...args: readonly unknown[]) => Promise<unknown>;
    expect(await refusal(call(...args))).toMatchObject({ reason });
  });

  it("is told of a name that is like the one that does not exist", async () => {
    const { administration } = await administered();
    await administration.createGroup({ id: "team" });
    const { message } = await refusal(administration.createCaller(caller("x", { group: "taem" })));
    expect(message).toContain('no group "taem"');
    expect(message).toContain("team");
  });

  it("never sees a whole key again, not even in the error for one that was pasted", async () => {
    const { administration } = await administered();
    await administration.createCaller(caller("ci"));
    const { made } = await administration.createKey("ci", undefined);
    const { message } = await refusal(administration.revokeKey(made.secret, false));
    expect(message).toContain("prefix");
    expect(message).not.toContain(made.secret.slice(17));
    expect(JSON.stringify(await administration.keys("ci"))).not.toContain(made.secret.slice(17));
  });

  it("changes the named fields alone, and takes one away by an empty value", async () => {
    const { administration, clock } = await administered();
    const limits = { concurrency: 3 };
    await administration.createCaller(caller("ci", { models: ["a"], providers: ["p"], limits }));
    await clock.advance(1_000);
    const next = caller("ci", { role: "operator", providers: ["q"] });
    const { profile, kept } = await administration.updateCaller(
      next,
      ["models", "providers"],
      false,
    );
    expect(profile).toEqual({ id: "ci", role: "caller", providers: ["q"], limits });
    expect(kept).toMatchObject({ source: "store" });
    if (kept.source === "store") expect(kept.updatedAt - kept.createdAt).toBe(1_000);
  });

  it("cannot remove the last operator who can call for ever, unless forced", async () => {
    const { administration } = await administered();
    await administration.createCaller(caller("ops", { role: "operator" }));
    const { made } = await administration.createKey("ops", undefined);
    await administration.createKey("ops", 60_000);
    const { prefix } = made.key;
    const demote = (isForced: boolean) =>
      administration.updateCaller(caller("ops"), ["role"], isForced);
    for (const call of [
      administration.deleteCaller("ops", false),
      administration.revokeKey(prefix, false),
      demote(false),
    ]) {
      expect(await refusal(call)).toMatchObject({ reason: "LAST_OPERATOR" });
    }
    // A second operator without a key is of no help, and one with a key is.
    await administration.createCaller(caller("deputy", { role: "operator" }));
    expect(await refusal(demote(false))).toMatchObject({ reason: "LAST_OPERATOR" });
    await administration.createKey("deputy", undefined);
    await demote(false);
    expect(await refusal(administration.deleteCaller("deputy", false))).toMatchObject({
      reason: "LAST_OPERATOR",
    });
    await administration.deleteCaller("deputy", true);
  });

  it("of the configuration counts: stored ones can all go", async () => {
    const callers = [{ id: "root", role: "operator" as const }];
    const { administration } = await administered({ callers });
    await administration.createCaller(caller("ops", { role: "operator" }));
    await administration.createKey("ops", undefined);
    await administration.deleteCaller("ops", false);
  });

  it("is told when a key closes the service to calls without one", async () => {
    const { administration, registry, holders } = await administered();
    await administration.createCaller(caller("ops", { role: "operator" }));
    expect(holders).toEqual([]);
    const short = await administration.createKey("ops", 60_000);
    expect(short.warnings.join()).toContain("the key has an end");
    expect(registry.holders).toBe("callers");
    expect(holders).toEqual(["callers"]);
    const first = await administration.createKey("ops", undefined);
    expect(first.warnings.join()).toContain("from now on calls without a key are refused");
    expect(registry.holders).toBe("operators");
    expect((await administration.createKey("ops", undefined)).warnings).toEqual([]);
  });

  it("is told by which caller of the configuration a stored one is hidden", async () => {
    const clock = createManualClock();
    const store = sharedCallerStore(clock);
    const before = followedCallers({ clock, store });
    await before.feed.start();
    await before.administration.createCaller(caller("ci", { role: "operator" }));
    const { made } = await before.administration.createKey("ci", undefined);
    const after = followedCallers({ clock, store, configured: { callers: [caller("ci")] } });
    await after.feed.start();
    const view = await after.administration.caller("ci");
    expect(view).toMatchObject({
      profile: { role: "caller" },
      kept: { source: "configuration", isHiding: true },
      keyCount: 0,
    });
    // Its key must not give the role that the configuration does not give.
    expect(after.registry.find(made.key.prefix, hash("sha256", made.secret)).state).toBe("unknown");
    expect(before.registry.find(made.key.prefix, hash("sha256", made.secret)).state).toBe("known");
  });

  it("sees callers of both kinds by identifier, a page at a time", async () => {
    const { administration } = await administered(CONFIGURED);
    for (const id of ["z", "a", "m"]) await administration.createCaller(caller(id));
    const first = await administration.callers({ after: "", limit: 2, group: "" });
    expect(first.items.map(({ profile }) => profile.id)).toEqual(["a", "fixed"]);
    const after = first.next ?? "";
    const rest = await administration.callers({ after, limit: 2, group: "" });
    expect(rest.items.map(({ profile }) => profile.id)).toEqual(["m", "z"]);
    expect(rest.next).toBeUndefined();
    const ofGroup = await administration.callers({ after: "", limit: 2, group: "base" });
    expect(ofGroup.items.map(({ profile }) => profile.id)).toEqual(["fixed"]);
  });

  it("sees when a key was last used, to the minute, at whichever replica", async () => {
    const clock = createManualClock();
    const store = sharedCallerStore(clock);
    const here = followedCallers({ clock, store });
    const there = followedCallers({ clock, store });
    await here.feed.start();
    await there.feed.start();
    await here.administration.createCaller(caller("ci"));
    const { made } = await here.administration.createKey("ci", undefined);
    await clock.advance(90_000);
    there.registry.find(made.key.prefix, hash("sha256", made.secret));
    const usedAt = clock.wallTime() - (clock.wallTime() % 60_000);
    await clock.advance(11_000);
    const [key] = await here.administration.keys("ci");
    expect(key?.lastUsedAt).toBe(usedAt);
  });

  it("of two at once each has its change, and neither overwrites the other's", async () => {
    const clock = createManualClock();
    const store = sharedCallerStore(clock);
    const replicas = [1, 2, 3].map(() => followedCallers({ clock, store }));
    for (const { feed } of replicas) await feed.start();
    const results = await Promise.allSettled(
      replicas.map(({ administration }) => administration.createCaller(caller("same"))),
    );
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    await Promise.all(
      replicas.map(({ administration }, index) => administration.createGroup({ id: `g${index}` })),
    );
    await clock.advance(500);
    for (const { registry } of replicas) expect(registry.index.groups.size).toBe(3);
  });

  it("gets UNAVAILABLE while the store is away", async () => {
    const { administration, store } = await administered();
    store.isAway = true;
    for (const call of [
      administration.createCaller(caller("ci")),
      administration.callers({ after: "", limit: 1, group: "" }),
      administration.createGroup({ id: "g" }),
    ]) {
      await expect(call).rejects.toMatchObject({ kind: "state-unavailable" });
    }
  });

  it("can make a hundred keys of a caller, and no more", async () => {
    const { administration } = await administered();
    await administration.createCaller(caller("ci"));
    for (let count = 0; count < 100; count++) await administration.createKey("ci", undefined);
    expect(await refusal(administration.createKey("ci", undefined))).toMatchObject({
      reason: "CALLER_STORE_FULL",
    });
    expect(await administration.deleteCaller("ci", false)).toBe(100);
  });
});
