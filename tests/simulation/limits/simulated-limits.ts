// The limits of the only caller in a simulation of streams. They refuse nothing: the simulation shows what they hold.
import type { CallerLimits } from "../../../src/domain/caller-limits.ts";
import type { OnDefect } from "../../../src/domain/defect.ts";
import type { LimitStore } from "../../../src/limits/limit-store.ts";
import { LimitedCallers } from "../../../src/limits/limited-callers.ts";
import { createMemoryLimitStore } from "../../../src/limits/memory/limit-store.ts";
import { MemoryEngine } from "../../../src/store/memory/engine.ts";
import { noLimitsTelemetry } from "../../../src/telemetry/limits-telemetry.ts";
import { Network } from "../network.ts";
import type { Scheduler, SimulatedProcess } from "../scheduler.ts";

const LIMITS: CallerLimits = {
  requests: [{ amount: 1_000_000, windowMs: 3_600_000 }],
  tokens: [{ amount: 1_000_000_000, windowMs: 3_600_000 }],
  concurrency: 1_000_000,
};
/** A session of a dead replica lives on for so long. */
const SESSION_MS = 6_000;

/** The counters that all replicas share. Their network has faults of its own. */
export class SharedLimits {
  readonly network: Network;
  readonly #store: LimitStore;
  readonly #engine: MemoryEngine;
  /** Generations that are not settled, with the sessions that run them. */
  readonly #held = new Map<string, string>();
  /** Sessions of replicas that are gone. */
  readonly #lost = new Set<string>();
  readonly #host: SimulatedProcess;

  constructor(scheduler: Scheduler) {
    this.#host = scheduler.process("limits");
    this.network = new Network(scheduler, this.#host, true);
    this.#engine = new MemoryEngine(this.#host.clock);
    this.#store = createMemoryLimitStore(this.#engine);
  }

  /** The store as one replica sees it, from the beginning of the replica's session on. */
  async open(process: SimulatedProcess, session: string): Promise<LimitStore> {
    const [store, network, held] = [this.#store, this.network, this.#held];
    await this.#engine.sessions.calls.openSession(session, SESSION_MS);
    return {
      reserve: (asked) =>
        network.call(process, async () => {
          const answer = await store.reserve(asked);
          if (answer.state === "reserved") held.set(asked.generationId, asked.session);
          return answer;
        }),
      extend: (id, rules) => network.call(process, () => store.extend(id, rules)),
      settle: (settlements) =>
        network.call(process, () => {
          for (const { generationId } of settlements) held.delete(generationId);
          return store.settle(settlements);
        }),
      move: (id, to) =>
        network.call(process, () => {
          if (held.has(id)) held.set(id, to);
          return store.move(id, to);
        }),
      reap: (limit) => network.call(process, () => store.reap(limit)),
    };
  }

  /** The replica of the session is gone. */
  lose(session: string): void {
    this.#lost.add(session);
    const { calls } = this.#engine.sessions;
    this.#host.schedule(SESSION_MS, () => void calls.closeSession(session));
  }

  /** Generations of living replicas that are not settled. */
  get unsettled(): readonly string[] {
    return [...this.#held].flatMap(([id, session]) => (this.#lost.has(session) ? [] : [id]));
  }

  /** Generations that hold a place now. */
  async places(): Promise<number> {
    const key = "caller|caller||concurrency";
    const rules = [{ unit: "concurrency", key, most: 0 }] as const;
    const about = { generationId: "asks", session: "asks", canMove: false, totalMs: 0 };
    const { levels } = await this.#store.reserve({ ...about, rules });
    return levels[0]?.used ?? 0;
  }
}

/** The limits as one replica has them, before they are opened. */
export function createSimulatedLimits(
  { clock }: SimulatedProcess,
  onDefect: OnDefect,
): LimitedCallers {
  return new LimitedCallers({
    clock,
    directory: {
      profile: (id) => ({ id, role: "caller", limits: LIMITS }),
      group: () => undefined,
    },
    settings: () => ({
      defaults: undefined,
      withoutStore: "local",
      timeZone: "UTC",
    }),
    storeTimeoutMs: () => 200,
    observer: { ...noLimitsTelemetry, near: () => {}, countedLocally: () => {} },
    onDefect,
  });
}
