import { describe, expect, it } from "vitest";
import {
  appendTo,
  cleanupQuery,
  LONG_MS,
  logOf,
  success,
  useStore,
} from "../../support/stored-streams.ts";
import type { StoreUnderTest } from "../../support/stores.ts";

export function claimRules(under: StoreUnderTest): void {
  const current = useStore(under);

  /** A stream whose owner is dead. */
  async function orphaned() {
    const { store, create } = current();
    const stream = await create({ session: "session-gone" });
    await store.append(appendTo(stream, 2, 3));
    return { store, stream };
  }

  const next = { session: "session-b", nonce: 77 };

  describe("a session", () => {
    it.runIf(under.sessionsExpire)("ends when it is not renewed", async () => {
      const { store, create, wait } = current();
      await store.openSession("short", 150);
      const stream = await create({ session: "short" });
      const isAlive = async () => (await store.heads([stream.streamId]))[0]?.isOwnerAlive;
      expect(await isAlive()).toBe(true);
      expect(await store.orphans(10)).toEqual([]);
      await wait(400);
      expect(await isAlive()).toBe(false);
      expect((await store.orphans(10)).map(({ streamId }) => streamId)).toEqual([stream.streamId]);
      expect(await store.renewSession("session-a", LONG_MS)).toBe("renewed");
      expect(await store.renewSession("short", LONG_MS)).toBe("lost");
      expect(await isAlive()).toBe(true);
      expect(await store.renewSession("short", LONG_MS)).toBe("renewed");
    });

    it.runIf(under.sessionsExpire)("lives on by its renewals", async () => {
      const { store, create, wait } = current();
      await store.openSession("short", 150);
      const stream = await create({ session: "short" });
      expect(await store.renewSession("short", LONG_MS)).toBe("renewed");
      await wait(400);
      expect((await store.heads([stream.streamId]))[0]?.isOwnerAlive).toBe(true);
    });

    it.skipIf(under.sessionsExpire)("lives as long as the process", async () => {
      const { store, create, wait } = current();
      await store.openSession("short", 50);
      const stream = await create({ session: "short" });
      await wait(150);
      expect((await store.heads([stream.streamId]))[0]?.isOwnerAlive).toBe(true);
      expect(await store.renewSession("short", 50)).toBe("renewed");
    });

    it("is dead once it is closed, and lost to a renewal", async () => {
      const { store, create } = current();
      const stream = await create();
      await store.closeSession("session-a");
      expect((await store.heads([stream.streamId]))[0]?.isOwnerAlive).toBe(false);
      expect(await store.renewSession("session-a", LONG_MS)).toBe("lost");
      expect((await store.heads([stream.streamId]))[0]?.isOwnerAlive).toBe(true);
      expect(await store.renewSession("never-opened", LONG_MS)).toBe("lost");
      await store.closeSession("unknown");
    });
  });

  it("finds running streams without a living owner, and those handed off", async () => {
    const { create, createEnded } = current();
    const { store, stream } = await orphaned();
    await createEnded({ session: "session-gone" });
    await create();
    const handedOff = await create();
    await store.handOff(handedOff.streamId, handedOff.token, "planned");
    const found = await store.orphans(10);
    const ids = found.map(({ streamId }) => streamId);
    expect(ids.sort()).toEqual([stream.streamId, handedOff.streamId].sort());
    expect(found.find(({ streamId }) => streamId === stream.streamId)).toMatchObject({
      isOwnerAlive: false,
      tail: 3,
      token: stream.token,
      handedOff: false,
    });
    expect(await store.orphans(1)).toHaveLength(1);
  });

  it("finds a stream again when its next owner is gone too, and not while it lives", async () => {
    const { create, wait } = current();
    const { store } = current();
    const { streamId, token } = await create();
    const isOrphan = async (): Promise<boolean> =>
      (await store.orphans(10)).some((stream) => stream.streamId === streamId);
    await store.handOff(streamId, token, "planned");
    expect(await isOrphan()).toBe(true);
    await store.openSession("session-next", LONG_MS);
    await store.claim(streamId, token.epoch, { session: "session-next", nonce: token.nonce + 1 });
    expect(await isOrphan()).toBe(false);
    await store.closeSession("session-next");
    await wait(5);
    expect(await isOrphan()).toBe(true);
    await store.openSession("session-next", LONG_MS);
    expect(await isOrphan()).toBe(false);
  });

  it("gives an orphan to a claimant, and fences its writer", async () => {
    const { store, stream } = await orphaned();
    const token = { epoch: 2, nonce: 77 };
    const answer = await store.claim(stream.streamId, 1, next);
    expect(answer).toMatchObject({
      state: "claimed",
      stream: { token, owner: "session-b", isOwnerAlive: true, tail: 3, takeovers: 1 },
    });
    expect(await store.append(appendTo(stream, 4, 4))).toEqual({ state: "fenced" });
    expect(await store.append(appendTo(stream, 2, 3))).toEqual({ state: "fenced" });
    const goesOn = await store.append(appendTo(stream, 4, 5, { token }));
    expect(goesOn).toMatchObject({ state: "stored", tail: 5 });
    expect((await logOf(store, stream.streamId)).slice(1)).toEqual([
      `event 2 of ${stream.token.nonce}`,
      `event 3 of ${stream.token.nonce}`,
      "event 4 of 77",
      "event 5 of 77",
    ]);
    expect(await store.orphans(10)).toEqual([]);
  });

  it("answers a repeated claim as the first one", async () => {
    const { store, stream } = await orphaned();
    await store.claim(stream.streamId, 1, next);
    const again = await store.claim(stream.streamId, 1, next);
    const token = { epoch: 2, nonce: 77 };
    expect(again).toMatchObject({ state: "claimed", stream: { token, takeovers: 1 } });
    await store.append(appendTo(stream, 4, 4, { token }));
    expect(await store.claim(stream.streamId, 1, next)).toMatchObject({
      state: "claimed",
      stream: { token, tail: 4 },
    });
  });

  it("has one winner of many claims at once", async () => {
    const { store, stream } = await orphaned();
    const nonces = [71, 72, 73, 74, 75];
    const answers = await Promise.all(
      nonces.map((nonce) => store.claim(stream.streamId, 1, { session: "session-b", nonce })),
    );
    const states = answers.map(({ state }) => state);
    expect(states.filter((state) => state === "claimed")).toHaveLength(1);
    expect(states.filter((state) => state === "raced")).toHaveLength(4);
    const winner = nonces[states.indexOf("claimed")];
    expect((await store.heads([stream.streamId]))[0]).toMatchObject({
      token: { epoch: 2, nonce: winner },
      takeovers: 1,
    });
  });

  it("refuses a claim while the owner lives, of another epoch, or of no running stream", async () => {
    const { create, createEnded } = current();
    const { store, stream } = await orphaned();
    const running = await create();
    expect(await store.claim(running.streamId, 1, next)).toEqual({ state: "held" });
    for (const epoch of [0, 2, 9]) {
      expect(await store.claim(stream.streamId, epoch, next)).toEqual({ state: "raced" });
    }
    const ended = await createEnded({ session: "session-gone" });
    expect(await store.claim(ended.streamId, 1, next)).toEqual({ state: "closed" });
    expect(await store.claim("s.unknown", 1, next)).toEqual({ state: "gone" });
    await store.cleanup(cleanupQuery());
    expect(await store.claim(ended.streamId, 1, next)).toEqual({ state: "gone" });
    expect((await store.heads([stream.streamId]))[0]?.token).toEqual(stream.token);
  });

  it("changes hands again and again", async () => {
    const { store, stream } = await orphaned();
    for (let epoch = 1; epoch <= 3; epoch++) {
      const answer = await store.claim(stream.streamId, epoch, {
        session: "session-gone",
        nonce: 70 + epoch,
      });
      expect(answer).toMatchObject({
        state: "claimed",
        stream: { token: { epoch: epoch + 1, nonce: 70 + epoch }, takeovers: epoch },
      });
    }
  });

  it("goes over at once when its owner hands it off, and that is no takeover", async () => {
    const { store, create } = current();
    const stream = await create();
    const { streamId, token } = stream;
    expect(await store.handOff(streamId, { ...token, epoch: 2 }, "planned")).toBe(false);
    expect(await store.handOff(streamId, { ...token, nonce: 5 }, "planned")).toBe(false);
    expect(await store.handOff("s.unknown", token, "planned")).toBe(false);
    expect((await store.heads([streamId]))[0]?.handedOff).toBe(false);
    expect(await store.handOff(streamId, token, "planned")).toBe(true);
    expect(await store.handOff(streamId, token, "planned")).toBe(true);
    expect((await store.heads([streamId]))[0]?.handedOff).toBe(true);
    expect(await store.claim(streamId, 1, next)).toMatchObject({
      state: "claimed",
      stream: { handedOff: false, takeovers: 0, token: { epoch: 2, nonce: 77 } },
    });
    expect(await store.handOff(streamId, token, "planned")).toBe(false);
    expect(await store.claim(streamId, 2, { session: "session-a", nonce: 78 })).toEqual({
      state: "held",
    });
  });

  it.each([
    { cause: "planned", counts: { takeovers: 0, handOvers: 1 } },
    { cause: "lost", counts: { takeovers: 1, handOvers: 0 } },
  ] as const)("field:S4 a hand-off is counted once, by its cause: $cause", async (each) => {
    const { store, create } = current();
    const { streamId, token } = await create();
    await store.handOff(streamId, token, each.cause);
    await store.handOff(streamId, token, each.cause === "lost" ? "planned" : "lost");
    expect((await store.heads([streamId]))[0]).toMatchObject(each.counts);
    expect(await store.claim(streamId, 1, next)).toMatchObject({
      state: "claimed",
      stream: each.counts,
    });
  });

  it("cannot be handed off after its end", async () => {
    const { store, create } = current();
    const stream = await create();
    await store.append(appendTo(stream, 2, 2, { ending: success }));
    expect(await store.handOff(stream.streamId, stream.token, "planned")).toBe(false);
  });

  it("keeps its request for the claimant, and its cancel", async () => {
    const { store, stream } = await orphaned();
    await store.requestCancel(stream.streamId, "caller");
    const answer = await store.claim(stream.streamId, 1, next);
    expect(answer).toMatchObject({ state: "claimed", stream: { cancel: "caller", canMove: true } });
    const request = await store.loadRequest(stream.streamId);
    expect(Buffer.from(request ?? []).toString()).toBe(
      Buffer.from(stream.request ?? []).toString(),
    );
    const token = { epoch: 2, nonce: 77 };
    expect(await store.append(appendTo(stream, 4, 4, { token }))).toMatchObject({
      state: "stored",
      cancel: "caller",
    });
  });

  it("notes a cancel once: the first reason stays", async () => {
    const { store, create, createEnded } = current();
    const stream = await create();
    expect(await store.requestCancel(stream.streamId, "disconnect")).toMatchObject({
      streamId: stream.streamId,
      phase: "running",
      cancel: "disconnect",
    });
    expect(await store.requestCancel(stream.streamId, "operator")).toMatchObject({
      cancel: "disconnect",
    });
    const ended = await createEnded();
    const [before] = await store.heads([ended.streamId]);
    const after = await store.requestCancel(ended.streamId, "caller");
    expect({ ...after, now: 0 }).toEqual({ ...before, now: 0 });
    expect(after?.cancel).toBeUndefined();
    expect(await store.requestCancel("s.unknown", "caller")).toBeUndefined();
  });
}
