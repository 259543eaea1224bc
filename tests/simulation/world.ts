// What takes part in one simulation, and what is known of it while it runs.
import { DEFAULT_STREAM_SETTINGS, type StreamSettings } from "../../src/streams/stream-settings.ts";
import type { StreamStore } from "../../src/streams/stream-store.ts";
import { History } from "../support/history.ts";
import type { Connection } from "./connection.ts";
import { SharedLimits } from "./limits/simulated-limits.ts";
import { ProviderWorld } from "./provider.ts";
import { Replica } from "./replica.ts";
import { GRACE_MS, RETENTION_MS } from "./request.ts";
import { Scheduler } from "./scheduler.ts";
import { SharedStore } from "./shared-store.ts";

export const TOMBSTONE_MS = 20_000;

/** Changes what replicas see of the store: for the proof that the simulation finds defects. */
export type Mutation = (store: StreamStore, world: World) => StreamStore;

export class World {
  readonly scheduler: Scheduler;
  readonly history: History;
  readonly store: SharedStore;
  readonly limits: SharedLimits;
  readonly provider: ProviderWorld;
  readonly settings: StreamSettings;
  replicas: Replica[] = [];
  readonly consumers: {
    readonly isDone: boolean;
    readonly connection: Connection | undefined;
  }[] = [];
  /** The stored stream of a key, once somebody has seen its beginning. */
  readonly streamIds = new Map<string, string>();
  readonly faults = new Map<string, number>();
  takeovers = 0;
  isCalm = false;
  readonly #mutation: Mutation | undefined;
  #replicaCount = 0;

  constructor(seed: number, mutation?: Mutation) {
    this.scheduler = new Scheduler(seed);
    const { scheduler } = this;
    this.history = new History(() => scheduler.now);
    this.store = new SharedStore(scheduler, this.history);
    this.limits = new SharedLimits(scheduler);
    this.provider = new ProviderWorld(scheduler, this.history);
    this.#mutation = mutation;
    this.settings = {
      ...DEFAULT_STREAM_SETTINGS,
      disconnectGraceMs: GRACE_MS,
      retentionMs: RETENTION_MS,
      tombstoneMs: TOMBSTONE_MS,
      durability: scheduler.dice.chance(0.4) ? "required" : "preferred",
      storeTimeoutMs: 200,
    };
  }

  count(fault: string): void {
    this.faults.set(fault, (this.faults.get(fault) ?? 0) + 1);
  }

  /** Starts another replica; it takes calls a little later. */
  addReplica(): Replica {
    const process = this.scheduler.process(`replica-${++this.#replicaCount}`);
    const view = this.store.view(process);
    const replica = new Replica({
      process,
      store: this.#mutation?.(view, this) ?? view,
      settings: this.settings,
      limits: this.limits,
      provider: this.provider,
      history: this.history,
      onEvent: (event) => {
        if (event === "takeover") this.takeovers++;
        if (event === "defect") this.history.add({ type: "defect", replica: process.name });
      },
    });
    this.replicas.push(replica);
    process.schedule(0, () => void replica.start());
    return replica;
  }

  /** Ends a replica without a word. */
  kill(replica: Replica): void {
    replica.process.kill();
    replica.lose();
    this.provider.hangUp(replica.process);
    this.replicas = this.replicas.filter((other) => other !== replica);
    for (const { connection } of this.consumers) {
      if (connection?.replica === replica) connection.breakOff();
    }
  }

  pickReplica(): Replica {
    const [first, ...others] = this.replicas;
    if (first === undefined) throw new Error("there is always a replica");
    return this.scheduler.dice.pick([first, ...others]);
  }

  /** Every stream that anybody has heard of. */
  get knownStreams(): readonly string[] {
    const appended = this.history.entries.flatMap((entry) =>
      "streamId" in entry && entry.streamId.startsWith("s.") ? [entry.streamId] : [],
    );
    return [...new Set(appended)];
  }

  /** What replicas and the store hold for streams; timers for each replica. */
  held(): Readonly<Record<string, number>> {
    const running = this.replicas.filter(({ process }) => process.state === "running");
    const most = (of: (replica: Replica) => number): number => Math.max(0, ...running.map(of));
    return {
      streams: most((replica) => replica.held),
      timers: most(({ process }) => this.scheduler.pending(process)),
      subscriptions: this.store.subscriptions,
    };
  }
}
