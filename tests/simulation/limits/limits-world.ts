// What takes part in one simulation of limits: replicas that share a store of counters over a network with faults.
import type { CallerLimits, SpendLimit } from "../../../src/domain/caller-limits.ts";
import type { LimitStore } from "../../../src/limits/limit-store.ts";
import { LimitedCallers } from "../../../src/limits/limited-callers.ts";
import { createMemoryLimitStore } from "../../../src/limits/memory/limit-store.ts";
import { MemoryEngine } from "../../../src/store/memory/engine.ts";
import { StoreHealth } from "../../../src/store/store-health.ts";
import { noLimitsTelemetry } from "../../../src/telemetry/limits-telemetry.ts";
import { Network } from "../network.ts";
import { Scheduler, type SimulatedProcess } from "../scheduler.ts";
import { BORDERS, type Border, ZONE } from "./border.ts";
import { CountedGenerations } from "./counted.ts";

/** A session of a dead replica lives on for so long. No pause of a replica is longer. */
export const SESSION_MS = 5_000;
/** Longest clock error of a replica. */
const MOST_SKEW_MS = 2 * 3_600_000;

export const CALLERS = ["anne", "bert", "carl"] as const;

const PERIODS = ["hour", "day", "month", "total"] as const;
const spend = (picos: number): readonly SpendLimit[] =>
  PERIODS.map((period) => ({ period, currency: "USD", picos }));

const OWN: CallerLimits = {
  requests: [
    { amount: 9, windowMs: 10_000 },
    { amount: 3, windowMs: 1_000 },
  ],
  tokens: [{ amount: 250, windowMs: 3_600_000 }],
  concurrency: 3,
  spend: spend(2_500),
};
const SHARED: CallerLimits = {
  requests: [{ amount: 15, windowMs: 10_000 }],
  concurrency: 5,
  spend: spend(6_000),
};

/** Changes the store of limits: for the proof that the simulation finds defects. */
export type LimitsMutation = (store: LimitStore) => LimitStore;

export interface LimitsReplica {
  readonly process: SimulatedProcess;
  readonly session: string;
  readonly limits: LimitedCallers;
}

export class LimitsWorld {
  readonly scheduler: Scheduler;
  readonly network: Network;
  readonly border: Border;
  readonly counted = new CountedGenerations();
  readonly violations: string[] = [];
  readonly withoutStore: "local" | "refuse";
  /** The store itself, without a network before it. */
  readonly store: LimitStore;
  replicas: LimitsReplica[] = [];
  readonly #host: SimulatedProcess;
  readonly #engine: MemoryEngine;
  /** The time at the start, some seconds before the border. */
  readonly #startsAt: number;
  #serial = 0;

  constructor(seed: number, mutation: LimitsMutation = (store) => store) {
    this.scheduler = new Scheduler(seed);
    const { dice } = this.scheduler;
    this.#host = this.scheduler.process("store");
    this.network = new Network(this.scheduler, this.#host, true);
    this.border = dice.pick(BORDERS);
    this.#startsAt = this.border.at - dice.whole(1_000, 20_000);
    this.withoutStore = dice.chance(0.3) ? "local" : "refuse";
    const clock = { ...this.#host.clock, wallTime: () => this.wallTime };
    this.#engine = new MemoryEngine(clock);
    this.store = this.#recorded(mutation(createMemoryLimitStore(this.#engine)));
  }

  get wallTime(): number {
    return this.#startsAt + this.scheduler.now;
  }

  /** Milliseconds of the simulation until the border. */
  get untilBorder(): number {
    return this.border.at - this.wallTime;
  }

  newId(): string {
    return `g${this.#serial++}`;
  }

  addReplica(): LimitsReplica {
    const session = `session-${this.#serial++}`;
    const process = this.scheduler.process(session);
    const skewMs = this.scheduler.dice.pick([0, 0, -1, 1] as const) * MOST_SKEW_MS;
    const clock = { ...process.clock, wallTime: () => this.wallTime + skewMs };
    const health = new StoreHealth(clock, () => {});
    const limits = new LimitedCallers({
      clock,
      directory: {
        profile: (id) => ({ id, role: "caller", group: "team", limits: OWN }),
        group: (id) => ({ id, limits: SHARED }),
      },
      settings: () => ({
        defaults: undefined,
        withoutStore: this.withoutStore,
        timeZone: ZONE,
      }),
      storeTimeoutMs: () => 200,
      observer: { ...noLimitsTelemetry, near: () => {}, countedLocally: () => {} },
      onDefect: (defect) => this.violations.push(`a defect: ${defect}`),
    });
    void this.#engine.sessions.calls.openSession(session, SESSION_MS);
    limits.open({ store: this.#view(process), health, session });
    const replica = { process, session, limits };
    this.replicas.push(replica);
    this.#watch(process, health);
    return replica;
  }

  /** Ends a replica without a word. Its session ends later. */
  kill(replica: LimitsReplica): void {
    replica.process.kill();
    this.replicas = this.replicas.filter((other) => other !== replica);
    const { calls } = this.#engine.sessions;
    this.#host.schedule(SESSION_MS, () => void calls.closeSession(replica.session));
  }

  pickReplica(): LimitsReplica {
    const [first, ...others] = this.replicas;
    if (first === undefined) throw new Error("there is always a replica");
    return this.scheduler.dice.pick([first, ...others]);
  }

  /** Looks whether the store answers again, as the background work of a replica does. */
  #watch(process: SimulatedProcess, health: StoreHealth): void {
    process.schedule(500, () => {
      this.#watch(process, health);
      const ask = this.network.call(process, () => true);
      ask.then(
        () => health.succeeded(0, 200),
        () => {},
      );
    });
  }

  /** The store with a record of what it lets pass and of what reaches it. */
  #recorded(store: LimitStore): LimitStore {
    const time = (): number => this.#engine.time();
    const atOnce = <T>(answer: T | Promise<T>): T => {
      if (answer instanceof Promise) throw new Error("the memory answers at once");
      return answer;
    };
    return {
      reserve: (asked) => {
        const answer = atOnce(store.reserve(asked));
        if (answer.state === "reserved") this.counted.reserved(asked, time());
        return answer;
      },
      extend: (id, rules) => {
        const answer = atOnce(store.extend(id, rules));
        if (answer.state === "reserved") this.counted.extended(id, rules, time());
        return answer;
      },
      settle: (settlements) => {
        for (const settlement of settlements) this.counted.settled(settlement);
        return store.settle(settlements);
      },
      move: (id, session) => store.move(id, session),
      reap: (limit) => store.reap(limit),
    };
  }

  /** The store as one replica sees it. */
  #view(process: SimulatedProcess): LimitStore {
    const { store, network } = this;
    const { dice } = this.scheduler;
    return {
      reserve: (asked) => network.call(process, () => store.reserve(asked)),
      extend: (id, rules) => network.call(process, () => store.extend(id, rules)),
      settle: (settlements) => {
        // A settlement may come a second time, and later than what followed.
        if (dice.chance(network.disorder)) {
          this.#host.schedule(dice.between(0, 3_000), () => void store.settle(settlements));
        }
        return network.call(process, () => store.settle(settlements));
      },
      move: (id, session) => network.call(process, () => store.move(id, session)),
      reap: (limit) => network.call(process, () => store.reap(limit)),
    };
  }
}
