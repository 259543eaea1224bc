import { hash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TOMBSTONE_MS } from "../../../src/callers/caller-store.ts";
import { prefixOf } from "../../../src/domain/caller-key.ts";
import { followedCallers, sharedCallerStore } from "../../support/followed-callers.ts";
import { createManualClock } from "../../support/manual-clock.ts";

/** A key that nobody has. */
const NEVER = `sk-steer-${"0".repeat(43)}`;

function find({ registry }: ReturnType<typeof followedCallers>, key: string) {
  return registry.find(prefixOf(key), hash("sha256", key));
}

async function twoReplicas() {
  const clock = createManualClock();
  const store = sharedCallerStore(clock);
  const here = followedCallers({ clock, store });
  const there = followedCallers({ clock, store });
  await here.feed.start();
  await there.feed.start();
  const newKey = async (caller: string, lifetimeMs?: number): Promise<string> => {
    const { made } = await here.administration.createKey(caller, lifetimeMs);
    return made.secret;
  };
  return { clock, store, here, there, newKey };
}

describe("the callers as another replica sees them", () => {
  it("are those of the store within half a second", async () => {
    const { clock, here, there, newKey } = await twoReplicas();
    await here.administration.createCaller({ id: "ci", role: "caller" });
    const key = await newKey("ci");
    expect(find(here, key)).toMatchObject({ state: "known", caller: { id: "ci" } });
    expect(find(there, key).state).toBe("unknown");
    await clock.advance(500);
    expect(find(there, key)).toMatchObject({ state: "known", caller: { id: "ci" } });
    // The prefix is shown in lists, and is no key: every further character counts.
    for (let place = prefixOf(key).length; place < key.length; place++) {
      const other = key[place] === "A" ? "B" : "A";
      const guess = `${key.slice(0, place)}${other}${key.slice(place + 1)}`;
      expect(find(there, guess).state).toBe("unknown");
    }
    expect(find(there, prefixOf(key)).state).toBe("unknown");
    await here.administration.updateCaller({ id: "ci", role: "operator" }, ["role"], false);
    await clock.advance(500);
    expect(find(there, key)).toMatchObject({ caller: { role: "operator" } });
    await here.administration.revokeKey(key.slice(0, 17), true);
    await clock.advance(500);
    expect(find(there, key).state).toBe("unknown");
    expect(there.revoked).toEqual([{ callers: ["ci"], keys: [key.slice(0, 17)] }]);
    expect([...here.defects, ...there.defects]).toEqual([]);
  });

  it("are read at once when another replica says so, or a call has a key that nobody has", async () => {
    const { clock, here, there, newKey } = await twoReplicas();
    await here.administration.createCaller({ id: "ci", role: "caller" });
    const first = await newKey("ci");
    there.feed.hear();
    await clock.advance(0);
    expect(find(there, first).state).toBe("known");
    const second = await newKey("ci");
    expect(find(there, second).state).toBe("unknown");
    await clock.advance(0);
    expect(find(there, second).state).toBe("known");
  });

  it("cost a few reads a second, however many keys are wrong", async () => {
    const { clock, store, there } = await twoReplicas();
    const before = store.reads;
    for (let step = 0; step < 1_000; step++) {
      for (let call = 0; call < 5; call++) find(there, `wrong-${step}-${call}`);
      await clock.advance(1);
    }
    // Two replicas poll beside the one that is flooded.
    expect(store.reads - before).toBeLessThanOrEqual(20);
  });

  it("end with a key that has an end, at its end", async () => {
    const { clock, here, newKey } = await twoReplicas();
    await here.administration.createCaller({ id: "ci", role: "caller" });
    const key = await newKey("ci", 60_000);
    await clock.advance(59_999);
    expect(find(here, key).state).toBe("known");
    await clock.advance(1);
    expect(find(here, key).state).toBe("expired");
  });

  it("hold for five minutes while the store is away, and are unavailable afterwards", async () => {
    const { clock, store, here, there, newKey } = await twoReplicas();
    await here.administration.createCaller({ id: "ci", role: "caller" });
    const key = await newKey("ci");
    await clock.advance(500);
    store.isAway = true;
    await clock.advance(299_000);
    expect(find(there, key).state).toBe("known");
    await clock.advance(2_000);
    expect(find(there, key).state).toBe("unavailable");
    expect(find(there, NEVER).state).toBe("unavailable");
    store.isAway = false;
    await clock.advance(500);
    expect(find(there, key).state).toBe("known");
    expect(find(there, NEVER).state).toBe("unknown");
    expect(there.revoked).toEqual([]);
  });

  it("are unavailable before the store has answered once", async () => {
    const clock = createManualClock();
    const store = sharedCallerStore(clock);
    store.isAway = true;
    const late = followedCallers({ clock, store });
    await late.feed.start();
    expect(find(late, NEVER).state).toBe("unavailable");
    store.isAway = false;
    await clock.advance(500);
    expect(find(late, NEVER).state).toBe("unknown");
  });

  it("are gone with a store that was emptied, and those of the next feed take their place", async () => {
    const { clock, store, here, there, newKey } = await twoReplicas();
    for (const id of ["a", "b", "c"]) {
      await here.administration.createCaller({ id, role: "caller" });
    }
    const lost = await newKey("a");
    await clock.advance(500);
    store.empty();
    await here.administration.createCaller({ id: "c", role: "caller" });
    const kept = await newKey("c");
    await clock.advance(500);
    for (const replica of [here, there]) {
      expect(find(replica, lost).state).toBe("unknown");
      expect(find(replica, kept).state).toBe("known");
      const ended = replica.revoked.flatMap(({ callers }) => callers);
      expect(ended).toEqual(expect.arrayContaining(["a", "b"]));
    }
  });

  it("are read anew by a replica that was away for longer than tombstones are kept", async () => {
    const { clock, store, here, newKey } = await twoReplicas();
    await here.administration.createCaller({ id: "gone", role: "caller" });
    const key = await newKey("gone");
    const away = followedCallers({ clock, store });
    await away.feed.start();
    await away.feed.stop();
    await here.administration.deleteCaller("gone", false);
    await clock.advance(TOMBSTONE_MS + 1);
    await here.administration.createCaller({ id: "other", role: "caller" });
    await away.feed.refresh();
    expect(away.registry.index.callers.has("gone")).toBe(false);
    expect(find(away, key).state).toBe("unknown");
    expect(away.revoked).toEqual([{ callers: ["gone"], keys: [key.slice(0, 17)] }]);
  });

  it("more than a page of them come whole", async () => {
    const { clock, store, here, there } = await twoReplicas();
    for (let index = 0; index < 1_201; index++) {
      await here.administration.createGroup({ id: `g${index}` });
    }
    await clock.advance(500);
    expect(there.registry.index.groups.size).toBe(1_201);
    const fresh = followedCallers({ clock, store });
    await fresh.feed.start();
    expect(fresh.registry.index.groups.size).toBe(1_201);
  });

  it("are the same at every replica after any changes, with any outages", async () => {
    const step = fc.oneof(
      fc.record({ type: fc.constant("create" as const), id: fc.nat(3) }),
      fc.record({ type: fc.constant("delete" as const), id: fc.nat(3) }),
      fc.record({ type: fc.constant("key" as const), id: fc.nat(3) }),
      fc.record({ type: fc.constant("revoke" as const), id: fc.nat(3) }),
      fc.record({ type: fc.constant("away" as const), id: fc.nat(1) }),
      fc.record({ type: fc.constant("empty" as const), id: fc.constant(0) }),
      fc.record({ type: fc.constant("time" as const), id: fc.nat(4_000_000) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const { clock, store, here, there } = await twoReplicas();
        for (const [index, { type, id }] of steps.entries()) {
          const { administration, registry } = index % 2 === 0 ? here : there;
          const name = `c${id}`;
          const [key] = registry.index.keysOf(name);
          if (type === "create")
            await administration.createCaller({ id: name, role: "operator" }).catch(() => {});
          if (type === "delete") await administration.deleteCaller(name, true).catch(() => {});
          if (type === "key") await administration.createKey(name, undefined).catch(() => {});
          if (type === "revoke" && key !== undefined) {
            await administration.revokeKey(key.prefix, true).catch(() => {});
          }
          if (type === "away") store.isAway = id === 1;
          if (type === "empty") store.empty();
          if (type === "time") await clock.advance(id % 1_000);
        }
        store.isAway = false;
        await clock.advance(500);
        const [own, other] = [here.registry.index, there.registry.index];
        expect([...other.callers].sort()).toEqual([...own.callers].sort());
        expect([...other.keys].sort()).toEqual([...own.keys].sort());
        for (const { caller, prefix } of own.keys.values()) {
          expect(own.callers.has(caller)).toBe(true);
          expect(other.keys.get(prefix)?.caller).toBe(caller);
          expect(other.keysOf(caller)).toEqual(own.keysOf(caller));
        }
        expect(other.lastingOperators).toBe(own.lastingOperators);
        expect([...here.defects, ...there.defects]).toEqual([]);
        await here.feed.stop();
        await there.feed.stop();
      }),
      { numRuns: 60 },
    );
  });
});
