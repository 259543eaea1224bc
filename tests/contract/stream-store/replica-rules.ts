import { expect, it } from "vitest";
import type { Batch } from "../../../src/streams/stream-record.ts";
import { eventually } from "../../support/stack.ts";
import {
  appendTo,
  encode,
  LONG_MS,
  logOf,
  newStream,
  readable,
  success,
  useStore,
} from "../../support/stored-streams.ts";
import type { StoreUnderTest } from "../../support/stores.ts";

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

export function replicaRules(under: StoreUnderTest): void {
  const current = useStore(under);

  it("keeps the last snapshot of every living session", async () => {
    const { store } = current();
    expect(await store.snapshots()).toEqual([]);
    await store.putSnapshot("session-a", encode("a, first"));
    await store.putSnapshot("session-a", encode("a"));
    await store.putSnapshot("session-b", encode("b"));
    expect((await store.snapshots()).map(text).sort()).toEqual(["a", "b"]);
    await store.closeSession("session-b");
    expect((await store.snapshots()).map(text)).toEqual(["a"]);
    await store.putSnapshot("session-b", encode("of the dead"));
    expect((await store.snapshots()).map(text)).toEqual(["a"]);
  });

  it.runIf(under.sessionsExpire)("drops a snapshot with its session", async () => {
    const { store, wait } = current();
    await store.openSession("short", 150);
    await store.putSnapshot("short", encode("short"));
    await store.putSnapshot("session-a", encode("a"));
    await wait(400);
    expect((await store.snapshots()).map(text)).toEqual(["a"]);
  });

  it("says what it is, the same each time", () => {
    const { capabilities, subscribe } = current().store;
    expect(capabilities).toEqual(current().store.capabilities);
    expect(capabilities.isShared).toBe(under.sessionsExpire);
    expect(subscribe !== undefined).toBe(capabilities.isShared);
  });

  it("is safe to hear a broadcast from, or to send one nobody hears", async () => {
    const { store, opened } = current();
    await store.broadcast(encode("nobody"));
    const peer = await opened.openPeer?.();
    const heard: string[] = [];
    const heardByPeer: string[] = [];
    store.onBroadcast((message) => void heard.push(text(message)));
    peer?.onBroadcast((message) => void heardByPeer.push(text(message)));
    await store.broadcast(encode("größe 🦊"));
    if (peer === undefined) return;
    // What is sent before a peer listens is lost to it.
    await eventually(async () => {
      if (heard.length > 0 && heardByPeer.length > 0) return true;
      await store.broadcast(encode("größe 🦊"));
      return false;
    });
    expect(new Set([...heard, ...heardByPeer])).toEqual(new Set(["größe 🦊"]));
    await peer.close();
  });

  it.runIf(under.sessionsExpire)(
    "tells the other replicas of batches as they are stored",
    async () => {
      const { store, opened, create } = current();
      const peer = await opened.openPeer?.();
      if (peer?.subscribe === undefined) throw new Error("a shared store needs peers to subscribe");
      const [stream, other] = [await create(), await create()];
      const batches: Batch[] = [];
      const unsubscribe = await peer.subscribe(
        stream.streamId,
        (batch) => void batches.push(batch),
      );
      await peer.read(stream.streamId, { sequence: 1, writer: stream.token.nonce }, 10);
      await store.append(appendTo(stream, 2, 4));
      await store.append(appendTo(other, 2, 2));
      await store.append(appendTo(stream, 5, 5, { ending: success }));
      await eventually(() => batches.length >= 2);
      const { nonce } = stream.token;
      const sent = [appendTo(stream, 2, 4).batch, appendTo(stream, 5, 5).batch];
      expect(readable(batches)).toEqual(readable(sent));
      expect(batches.map(({ writer }) => writer)).toEqual([nonce, nonce]);
      await unsubscribe();
      await peer.close();
    },
  );

  it.runIf(under.sessionsExpire)("is one log to all replicas", async () => {
    const { store, opened, create } = current();
    const peer = await opened.openPeer?.();
    if (peer === undefined) throw new Error("a shared store needs peers");
    await peer.openSession("session-peer", LONG_MS);
    const stream = await create({ requestId: "request-1" });
    await store.append(appendTo(stream, 2, 3));
    expect(await logOf(peer, stream.streamId)).toEqual(await logOf(store, stream.streamId));
    const same = newStream({ requestId: "request-1" });
    expect(await peer.create(same)).toMatchObject({ state: "exists" });
    const next = { session: "session-peer", nonce: 77 };
    expect(await peer.claim(stream.streamId, 1, next)).toEqual({ state: "held" });
    await store.handOff(stream.streamId, stream.token, "planned");
    expect(await peer.claim(stream.streamId, 1, next)).toMatchObject({ state: "claimed" });
    expect(await store.append(appendTo(stream, 4, 4))).toEqual({ state: "fenced" });
    const token = { epoch: 2, nonce: 77 };
    await peer.append(appendTo(stream, 4, 4, { token, ending: success }));
    expect(await logOf(store, stream.streamId)).toHaveLength(4);
    await peer.close();
  });

  it("keeps nothing of a failed call in the way of the next one", async () => {
    const { store, create } = current();
    const stream = await create();
    await Promise.all([
      store.append(appendTo(stream, 9, 9)),
      store.append(appendTo(stream, 2, 2, { token: { epoch: 7, nonce: 7 } })),
      store.claim(stream.streamId, 9, { session: "session-b", nonce: 9 }),
      store.read(stream.streamId, { sequence: 99, writer: 0 }, 1),
    ]);
    expect(await store.append(appendTo(stream, 2, 2))).toMatchObject({ state: "stored", tail: 2 });
  });

  it("outlives its process where it says so", async () => {
    const { store, opened, create, createEnded } = current();
    if (opened.restart === undefined) {
      expect(store.capabilities.durability).toBe("process");
      return;
    }
    const running = await create({ requestId: "request-1" });
    await store.append(appendTo(running, 2, 4, { firstContent: 3 }));
    await store.requestCancel(running.streamId, "operator");
    const ended = await createEnded({ requestId: "request-2" });
    const ids = [running.streamId, ended.streamId];
    const logs = await Promise.all(ids.map((id) => logOf(store, id)));
    const before = await store.heads(ids);

    const next = await opened.restart();
    expect(await Promise.all(ids.map((id) => logOf(next, id)))).toEqual(logs);
    const after = await next.heads(ids);
    const withoutLife = (heads: typeof before) =>
      heads.map((head) => ({ ...head, now: 0, isOwnerAlive: false }));
    expect(withoutLife(after)).toEqual(withoutLife(before));
    expect(await next.find("caller-a", "request-1")).toMatchObject({ streamId: running.streamId });
    const again = newStream({ requestId: "request-2" });
    expect(await next.create(again)).toMatchObject({ state: "exists" });
    expect(await next.loadRequest(running.streamId)).toBeDefined();
    if (!under.sessionsExpire) {
      await next.openSession("session-next", LONG_MS);
      expect((await next.orphans(10)).map(({ streamId }) => streamId)).toEqual([running.streamId]);
      const claimed = await next.claim(running.streamId, 1, { session: "session-next", nonce: 77 });
      expect(claimed).toMatchObject({ state: "claimed", stream: { tail: 4, cancel: "operator" } });
    }
    const token = under.sessionsExpire ? running.token : { epoch: 2, nonce: 77 };
    const goesOn = await next.append(appendTo(running, 5, 5, { token }));
    expect(goesOn).toMatchObject({ state: "stored", tail: 5, cancel: "operator" });
  });
}
