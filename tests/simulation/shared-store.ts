// The store that simulated replicas share: the machine of the memory store behind
// a network that delays, loses and repeats, and a disk that can forget.

import type { Batch } from "../../src/streams/stream-record.ts";
import type { Append, StreamStore } from "../../src/streams/stream-store.ts";
import type { History } from "../support/history.ts";
import { listAll } from "../support/list-all.ts";
import { createMemoryStreams } from "../support/open-streams.ts";
import { Network } from "./network.ts";
import type { Scheduler, SimulatedProcess } from "./scheduler.ts";

interface Subscriber {
  readonly process: SimulatedProcess;
  readonly streamId: string;
  readonly listener: (batch: Batch) => void;
}

type Step = (base: StreamStore) => unknown;

export class SharedStore {
  readonly #scheduler: Scheduler;
  readonly #history: History;
  readonly #host: SimulatedProcess;
  #base: StreamStore;
  /** The time of a step that is done again. */
  #replayedAt: number | undefined;
  #journal: { readonly at: number; readonly step: Step }[] = [];
  readonly #sessions = new Map<string, number>();
  readonly #everOpened = new Set<string>();
  readonly #subscribers = new Set<Subscriber>();
  readonly #listeners: {
    readonly process: SimulatedProcess;
    readonly hear: (m: Uint8Array) => void;
  }[] = [];
  readonly #wallTime: () => number;
  readonly network: Network;

  constructor(scheduler: Scheduler, history: History) {
    this.#scheduler = scheduler;
    this.#history = history;
    this.#host = scheduler.process("store");
    this.network = new Network(scheduler, this.#host);
    const { wallTime } = this.#host.clock;
    this.#wallTime = wallTime;
    this.#base = this.#open();
  }

  #open(): StreamStore {
    const clock = { ...this.#host.clock, wallTime: () => this.#replayedAt ?? this.#wallTime() };
    return createMemoryStreams({ clock, maxBytes: 64 * 1024 * 1024 });
  }

  /** As it is, without a network before it. */
  get direct(): StreamStore {
    this.#endSessions();
    return this.#base;
  }

  get subscriptions(): number {
    return [...this.#subscribers].filter(({ process }) => process.state !== "dead").length;
  }

  #do<T>(step: (base: StreamStore) => T): T {
    this.#endSessions();
    this.#journal.push({ at: this.#wallTime(), step });
    return step(this.#base);
  }

  #endSessions(): void {
    const now = this.#wallTime();
    for (const [session, until] of this.#sessions) {
      if (until > now) continue;
      this.#sessions.delete(session);
      const step: Step = (base) => base.closeSession(session);
      this.#journal.push({ at: until, step });
      void step(this.#base);
    }
  }

  /** Forgets everything that was done in the last `ms`. */
  async lose(ms: number): Promise<void> {
    const before = await this.#tails();
    const from = this.#wallTime() - ms;
    this.#journal = this.#journal.filter(({ at }) => at <= from);
    this.#base = this.#open();
    for (const { at, step } of this.#journal) {
      this.#replayedAt = at;
      void step(this.#base);
    }
    this.#replayedAt = undefined;
    // A session whose end is forgotten ends once more.
    for (const session of this.#everOpened) {
      if (!this.#sessions.has(session)) this.#sessions.set(session, this.#wallTime() + 6_000);
    }
    const after = await this.#tails();
    // What is in no list, since nobody has used it, can be running again.
    const streams = [...new Set([...before.keys(), ...after.keys()])].flatMap((streamId) => {
      const left = after.get(streamId) ?? "";
      return left === before.get(streamId)
        ? []
        : [{ streamId, tail: Number.parseInt(left, 10) || 0 }];
    });
    this.#history.add({ type: "rollback", streams });
  }

  async #tails(): Promise<Map<string, string>> {
    const query = { phases: [], provider: "", caller: "", olderThanMs: 0, after: undefined };
    const found = await listAll(this.#base, { ...query, limit: 10_000 });
    return new Map(
      found.map(({ streamId, tail, token, phase }) => [
        streamId,
        `${tail} ${token.nonce} ${phase}`,
      ]),
    );
  }

  #append(append: Append) {
    const answer = this.#do((base) => base.append(append));
    if (answer instanceof Promise) throw new Error("the machine answers at once");
    const { streamId, batch } = append;
    const { first, last, writer } = batch;
    this.#history.add({ type: "append", streamId, writer, first, last, answer: answer.state });
    if (answer.state === "stored") this.#push(streamId, batch);
    return answer;
  }

  #push(streamId: string, batch: Batch): void {
    const { dice } = this.#scheduler;
    for (const subscriber of this.#subscribers) {
      if (subscriber.streamId !== streamId) continue;
      const { process, listener } = subscriber;
      const push = (ms: number): void =>
        void process.schedule(ms, () => {
          if (this.#subscribers.has(subscriber)) listener(batch);
        });
      if (this.network.outageOf(process) !== undefined || dice.chance(this.network.disorder))
        continue;
      push(this.network.latency());
      if (dice.chance(this.network.disorder)) push(dice.between(0, 3_000));
    }
  }

  /** The store as one replica sees it. */
  view(process: SimulatedProcess): StreamStore {
    const { dice } = this.#scheduler;
    const ask = <T>(step: (base: StreamStore) => T | Promise<T>): Promise<T> =>
      this.network.call(process, () => this.#do(step));
    const look = <T>(step: (base: StreamStore) => T | Promise<T>): Promise<T> =>
      this.network.call(process, () => step(this.direct));
    const live = <T>(session: string, ttlMs: number, step: (base: StreamStore) => Promise<T>) =>
      this.network.call(process, () => {
        const answer = this.#do(step);
        this.#sessions.set(session, this.#wallTime() + ttlMs);
        this.#everOpened.add(session);
        return answer;
      });
    return {
      capabilities: { type: "redis", isShared: true, durability: "cluster" },
      openSession: (session, ttlMs) =>
        live(session, ttlMs, (base) => base.openSession(session, ttlMs)),
      renewSession: (session, ttlMs) =>
        live(session, ttlMs, (base) => base.renewSession(session, ttlMs)),
      closeSession: (session) =>
        this.network.call(process, () => {
          this.#sessions.delete(session);
          return this.#do((base) => base.closeSession(session));
        }),
      check: () => this.network.call(process, () => {}),
      create: (stream) => ask((base) => base.create(stream)),
      append: (append) => {
        // What is on its way may come a second time, and later than what followed.
        if (dice.chance(this.network.disorder)) {
          this.#host.schedule(dice.between(0, 3_000), () => void this.#append(append));
        }
        return this.network.call(process, () => this.#append(append));
      },
      read: (streamId, cursor, limit) => look((base) => base.read(streamId, cursor, limit)),
      subscribe: async (streamId, listener) => {
        const subscriber = { process, streamId, listener };
        this.#subscribers.add(subscriber);
        const leave = () => this.#subscribers.delete(subscriber);
        await this.network
          .call(process, () => {})
          .catch((error: unknown) => {
            leave();
            throw error;
          });
        return async () => void leave();
      },
      touchReaders: (streamIds) => ask((base) => base.touchReaders(streamIds)),
      find: (caller, requestId) => look((base) => base.find(caller, requestId)),
      heads: (streamIds) => look((base) => base.heads(streamIds)),
      requestCancel: (streamId, reason) => ask((base) => base.requestCancel(streamId, reason)),
      orphans: (limit) => look((base) => base.orphans(limit)),
      claim: (streamId, expectedEpoch, next) =>
        this.network.call(process, async () => {
          const answer = await this.#do((base) => base.claim(streamId, expectedEpoch, next));
          if (answer.state === "claimed") {
            const { token, tail } = answer.stream;
            const { epoch, nonce: writer } = token;
            this.#history.add({ type: "claim", streamId, epoch, writer, tail });
          }
          return answer;
        }),
      handOff: (streamId, token, cause) =>
        this.network.call(process, async () => {
          const isDone = await this.#do((base) => base.handOff(streamId, token, cause));
          if (isDone) this.#history.add({ type: "hand-off", streamId, cause });
          return isDone;
        }),
      loadRequest: (streamId, maxBytes) => look((base) => base.loadRequest(streamId, maxBytes)),
      list: (query) => look((base) => base.list(query)),
      reap: (tombstoneMs, limit) => ask((base) => base.reap(tombstoneMs, limit)),
      cleanup: (query) => ask((base) => base.cleanup(query)),
      discard: (streamIds) => ask((base) => base.discard(streamIds)),
      putSnapshot: (session, snapshot) => ask((base) => base.putSnapshot(session, snapshot)),
      snapshots: () => look((base) => base.snapshots()),
      broadcast: (message) =>
        this.network.call(process, async () => {
          for (const listener of this.#listeners) {
            if (dice.chance(this.network.disorder) || this.network.outageOf(listener.process))
              continue;
            listener.process.schedule(this.network.latency(), () => listener.hear(message));
          }
        }),
      onBroadcast: (hear) => void this.#listeners.push({ process, hear }),
    };
  }
}
