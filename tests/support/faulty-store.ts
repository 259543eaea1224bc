// A memory store with injected faults between a replica and its store.

import type { Clock } from "../../src/clock.ts";
import { StoreUnavailable, storeFull } from "../../src/store/store-unavailable.ts";
import type { Batch, StreamRecord } from "../../src/streams/stream-record.ts";
import type { Append, AppendResult, StreamStore } from "../../src/streams/stream-store.ts";
import { listAll } from "./list-all.ts";
import { createMemoryStreams } from "./open-streams.ts";

type Method = {
  [Name in keyof StreamStore]-?: StreamStore[Name] extends (...args: never[]) => unknown
    ? Name
    : never;
}[keyof StreamStore];

/** Faults of the calls of a store. Each can be set at any time and applies from then on. */
export interface StoreFaults {
  /** Delay of every answer; 0: the answer is a value, as from the memory store. */
  delayMs: number;
  /** Calls are refused before they have an effect. */
  isDown: boolean;
  /** Calls have an effect, but the answer is lost. */
  losesAnswers: boolean;
  /** Calls are never answered and have no effect. */
  hangs: boolean;
  /** Number of times that every append is sent. */
  copies: number;
  /** Creations and appends find no room, except the last append of a stream. */
  isFull: boolean;
  /** If set, only calls of these methods have faults. */
  only: readonly Method[] | undefined;
  /** Pushes of batches are lost. */
  dropsPushes: boolean;
}

export interface FaultyStore {
  readonly store: StreamStore;
  readonly faults: StoreFaults;
  /** Every append that had an effect or an answer, in order. */
  readonly appends: { readonly append: Append; readonly result: AppendResult }[];
  /** Calls by method. */
  readonly calls: ReadonlyMap<string, number>;
  /** Forgets every event after `tail`, like a store that returns to an older state. */
  loseTail(streamId: string, tail: number): Promise<void>;
  /** Forgets the stream. */
  lose(streamId: string): Promise<void>;
  /** Another replica's view of the same data, without faults. */
  readonly peer: StreamStore;
}

export interface FaultyStoreOptions {
  readonly maxBytes?: number;
  /** Acts like a store that replicas share: it pushes batches. */
  readonly isShared?: boolean;
}

export function createFaultyStore(
  clock: Clock,
  { maxBytes = 64 * 1024 * 1024, isShared = false }: FaultyStoreOptions = {},
): FaultyStore {
  const open = (): StreamStore => createMemoryStreams({ clock, maxBytes });
  let inner = open();
  const faults: StoreFaults = {
    delayMs: 0,
    isDown: false,
    losesAnswers: false,
    hangs: false,
    copies: 1,
    isFull: false,
    only: undefined,
    dropsPushes: false,
  };
  const appends: FaultyStore["appends"] = [];
  const calls = new Map<string, number>();
  const listeners = new Map<string, Set<(batch: Batch) => void>>();
  const broadcasts: ((message: Uint8Array) => void)[] = [];
  const sessions = new Set<string>();

  async function slowly<T>(run: () => T | Promise<T>): Promise<T> {
    const { delayMs, isDown, losesAnswers, hangs } = faults;
    if (hangs) return new Promise(() => {});
    if (delayMs > 0) await clock.sleep(delayMs, new AbortController().signal);
    if (isDown || faults.isDown) throw new StoreUnavailable("not-applied", "the store is away");
    const result = await run();
    if (losesAnswers) throw new StoreUnavailable("unknown", "the answer was lost");
    return result;
  }

  function call<T>(method: Method, run: () => T | Promise<T>): T | Promise<T> {
    calls.set(method, (calls.get(method) ?? 0) + 1);
    const { delayMs, isDown, losesAnswers, hangs, only } = faults;
    const isFaulty = only === undefined || only.includes(method);
    if (!isFaulty || !(hangs || isDown || losesAnswers || delayMs > 0)) return run();
    return slowly(run);
  }

  function push({ streamId, batch }: Append): void {
    if (faults.dropsPushes) return;
    for (const listener of listeners.get(streamId) ?? []) listener(batch);
  }

  function appendOnce(append: Append): AppendResult {
    if (faults.isFull && append.ending === undefined) {
      throw storeFull();
    }
    const result = inner.append(append) as AppendResult;
    appends.push({ append, result });
    if (result.state === "stored") push(append);
    return result;
  }

  /** Rebuilds the store, with one stream only up to `tail`. */
  async function rebuild(streamId: string, tail: number): Promise<void> {
    const next = open();
    for (const session of sessions) await next.openSession(session, 0);
    const everything = { phases: [], provider: "", caller: "", olderThanMs: 0 };
    const streams = await listAll(inner, { ...everything, limit: 10_000, after: undefined });
    for (const stream of streams.reverse()) {
      const last = stream.streamId === streamId ? tail : stream.tail;
      if (last > 0) await copy(stream, last, next);
    }
    inner = next;
  }

  async function copy(stream: StreamRecord, last: number, next: StreamStore): Promise<void> {
    const { streamId, token, progress, phase } = stream;
    const found = await inner.read(streamId, { sequence: 0, writer: 0 }, 1_000_000);
    if (found.state !== "read") return;
    const [first, ...batches] = found.batches;
    const start = first?.events[0];
    if (first === undefined || start === undefined) return;
    const request = await inner.loadRequest(streamId);
    await next.create({
      ...stream,
      token: { epoch: 1, nonce: first.writer },
      session: stream.owner,
      start,
      request,
      totalMs: stream.deadlineAt - stream.createdAt,
    });
    let epoch = 1;
    let writer = first.writer;
    const follow = async (nonce: number, of: number): Promise<void> => {
      await next.handOff(streamId, { epoch, nonce: writer }, "planned");
      await next.claim(streamId, epoch, { session: stream.owner, nonce });
      epoch = of;
      writer = nonce;
    };
    for (const batch of batches) {
      const events = batch.events.slice(0, Math.max(0, last - batch.first + 1));
      if (events.length === 0) break;
      if (batch.writer !== writer) await follow(batch.writer, epoch + 1);
      const isEnd = phase !== "running" && batch.last === stream.tail && batch.last <= last;
      await next.append({
        streamId,
        token: { epoch, nonce: writer },
        batch: { ...batch, events, last: batch.first + events.length - 1 },
        firstContent: 0,
        ending: isEnd ? { phase, freesKey: !stream.isBound } : undefined,
        progress,
      });
    }
    if (token.epoch > epoch) await follow(token.nonce, token.epoch);
  }

  const peer: StreamStore = {
    capabilities: {
      type: isShared ? "redis" : "sqlite",
      isShared,
      durability: isShared ? "cluster" : "host",
    },
    subscribe: isShared
      ? async (streamId, listener) => {
          const own = listeners.get(streamId) ?? new Set();
          listeners.set(streamId, own);
          own.add(listener);
          return async () => void own.delete(listener);
        }
      : undefined,
    async openSession(session, ttlMs) {
      sessions.add(session);
      return inner.openSession(session, ttlMs);
    },
    async renewSession(session, ttlMs) {
      sessions.add(session);
      return inner.renewSession(session, ttlMs);
    },
    async closeSession(session) {
      sessions.delete(session);
      return inner.closeSession(session);
    },
    async check() {
      if (faults.isFull) throw storeFull();
    },
    create(stream) {
      if (faults.isFull) throw storeFull();
      return inner.create(stream);
    },
    append(append) {
      const first = appendOnce(append);
      for (let copy = 1; copy < faults.copies; copy++) appendOnce(append);
      return first;
    },
    read: (streamId, cursor, limit) => inner.read(streamId, cursor, limit),
    touchReaders: (streamIds) => inner.touchReaders(streamIds),
    find: (caller, requestId) => inner.find(caller, requestId),
    heads: (streamIds) => inner.heads(streamIds),
    requestCancel: (streamId, reason) => inner.requestCancel(streamId, reason),
    orphans: (limit) => inner.orphans(limit),
    claim: (streamId, epoch, next) => inner.claim(streamId, epoch, next),
    handOff: (streamId, token, cause) => inner.handOff(streamId, token, cause),
    loadRequest: (streamId, maxBytes) => inner.loadRequest(streamId, maxBytes),
    list: (query) => inner.list(query),
    reap: (tombstoneMs, limit) => inner.reap(tombstoneMs, limit),
    cleanup: (query) => inner.cleanup(query),
    discard: (...question) => inner.discard(...question),
    putSnapshot: (session, snapshot) => inner.putSnapshot(session, snapshot),
    snapshots: () => inner.snapshots(),
    async broadcast(message) {
      for (const listener of broadcasts) listener(message);
    },
    onBroadcast: (listener) => void broadcasts.push(listener),
  };

  const store = {
    ...peer,
    subscribe:
      peer.subscribe === undefined
        ? undefined
        : async (streamId: string, listener: (batch: Batch) => void) =>
            slowly(async () => (await peer.subscribe?.(streamId, listener)) ?? (async () => {})),
  };
  const plain: readonly string[] = ["capabilities", "subscribe", "onBroadcast", "close"];
  for (const name of Object.keys(peer) as (keyof StreamStore)[]) {
    if (plain.includes(name)) continue;
    const method = peer[name] as (...args: unknown[]) => unknown;
    (store as Record<string, unknown>)[name] = (...args: unknown[]) =>
      call(name as Method, () => method(...args));
  }
  return {
    store: store as StreamStore,
    faults,
    appends,
    calls,
    peer,
    loseTail: rebuild,
    lose: (streamId) => rebuild(streamId, 0),
  };
}
