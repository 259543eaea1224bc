// The store of limits, with counters in memory that replace it while it is away.
import type { Clock } from "../clock.ts";
import type { OnDefect } from "../domain/defect.ts";
import { MemoryEngine } from "../store/memory/engine.ts";
import { storeUnavailable } from "../store/store-errors.ts";
import { type StoreHealth, within } from "../store/store-health.ts";
import { StoreUnavailable } from "../store/store-unavailable.ts";
import { LastSpent } from "./last-spent.ts";
import type {
  Held,
  LimitRule,
  LimitStore,
  NewReservation,
  ReserveAnswer,
  Settlement,
} from "./limit-store.ts";
import type { LimitsObserver } from "./limits-observer.ts";
import { createMemoryLimitStore } from "./memory/limit-store.ts";
import { Settlements } from "./settlements.ts";

/** `local`: each replica counts its share. `refuse`: calls of limited callers are refused. */
export type StoreMode = "local" | "refuse";

const REAP_MS = 1_000;
const REAPED = 1_000;

export interface LimitsStoreOptions {
  readonly clock: Clock;
  readonly store: LimitStore;
  readonly health: StoreHealth;
  readonly session: string;
  readonly settings: () => { readonly withoutStore: StoreMode };
  readonly storeTimeoutMs: () => number;
  readonly observer: LimitsObserver;
  readonly onDefect: OnDefect;
}

/** The store that has a reservation. */
export interface LimitPlace {
  /** Undefined: the store does not answer. */
  extend(generationId: string, rules: readonly LimitRule[]): Promise<ReserveAnswer | undefined>;
  settle(settlement: Settlement): void;
}

export interface PlacedAnswer {
  readonly answer: ReserveAnswer;
  readonly place: LimitPlace;
}

export class LimitsStore {
  readonly shared: LimitPlace;
  readonly #options: LimitsStoreOptions;
  readonly #settlements: Settlements;
  readonly #local: LimitStore;
  readonly #localPlace: LimitPlace;
  readonly #lastSpent: LastSpent;
  #replicas = 1;
  #isLocal = false;
  /** Calls that local counts have let pass since the store is away. */
  #localCalls = 0;
  #stopReaping = (): void => {};
  #reaping: Promise<void> | undefined;

  constructor(options: LimitsStoreOptions) {
    const { clock, store, session, observer, onDefect } = options;
    this.#options = options;
    this.#lastSpent = new LastSpent(clock);
    const onDropped = (count: number): void => observer.dropped(count);
    this.#settlements = new Settlements({ clock, store, onDropped, onDefect });
    this.shared = {
      extend: async (generationId, rules) => this.#extendShared(generationId, rules),
      settle: (settlement) => this.#settlements.add(settlement),
    };
    const engine = new MemoryEngine(clock);
    void engine.sessions.calls.openSession(session, REAP_MS);
    this.#local = createMemoryLimitStore(engine);
    this.#localPlace = {
      extend: async (generationId, rules) => this.#local.extend(generationId, this.#shares(rules)),
      settle: (settlement) => void this.#local.settle([settlement]),
    };
    // At once: a replica that was killed may have left places, and the shares need the number of replicas.
    this.#reap();
  }

  /**
   * An answer of a store in this process comes at once. Throws, or rejects with, STORE_UNAVAILABLE if the store is away
   * and calls without it are refused.
   */
  reserve(reservation: Omit<NewReservation, "session">): PlacedAnswer | Promise<PlacedAnswer> {
    const { health, store, session, storeTimeoutMs } = this.#options;
    const asked = { ...reservation, session };
    let isAsked = false;
    const answer = health.admit(storeTimeoutMs(), () => {
      isAsked = true;
      return store.reserve(asked);
    });
    return answer instanceof Promise
      ? answer.then((found) => this.#placed(asked, found, isAsked))
      : this.#placed(asked, answer, isAsked);
  }

  #placed(
    asked: NewReservation,
    answer: ReserveAnswer | undefined,
    isAsked: boolean,
  ): PlacedAnswer | Promise<PlacedAnswer> {
    const { withoutStore } = this.#options.settings();
    this.#tellLocal(answer === undefined && withoutStore === "local");
    if (answer !== undefined) {
      this.#lastSpent.note(asked.rules, answer.levels);
      return { answer, place: this.shared };
    }
    // It may be reserved nevertheless, now or later.
    if (isAsked) {
      const { generationId } = asked;
      this.#settlements.add({ generationId, requests: 0, tokens: 0, picos: 0 });
    }
    if (withoutStore === "refuse") throw storeUnavailable();
    return this.#reserveLocally(asked);
  }

  async #reserveLocally(asked: NewReservation): Promise<PlacedAnswer> {
    const answer = await this.#local.reserve({ ...asked, rules: this.#shares(asked.rules) });
    if (answer.state === "reserved") this.#localCalls++;
    return { answer, place: this.#localPlace };
  }

  /** Makes a reservation this replica's; undefined: it is settled, or the store does not answer. */
  move(generationId: string): Held | undefined | Promise<Held | undefined> {
    const { health, store, session, storeTimeoutMs } = this.#options;
    return health.admit(storeTimeoutMs(), () => store.move(generationId, session));
  }

  async close(): Promise<void> {
    this.#stopReaping();
    await this.#reaping;
    await this.#settlements.close();
    this.#tellLocalCalls();
  }

  async #extendShared(
    generationId: string,
    rules: readonly LimitRule[],
  ): Promise<ReserveAnswer | undefined> {
    const { health, store, settings, storeTimeoutMs } = this.#options;
    const answer = await health.admit(storeTimeoutMs(), () => store.extend(generationId, rules));
    if (answer === undefined && settings().withoutStore === "refuse") throw storeUnavailable();
    return answer;
  }

  #tellLocal(isLocal: boolean): void {
    if (isLocal === this.#isLocal) return;
    this.#isLocal = isLocal;
    this.#options.observer.local(isLocal);
    if (!isLocal) this.#tellLocalCalls();
  }

  #tellLocalCalls(): void {
    if (this.#localCalls > 0) this.#options.observer.countedLocally(this.#localCalls);
    this.#localCalls = 0;
  }

  /**
   * This replica's part of each limit, by the number of replicas last seen: at least 1, and of money the part of the
   * amount that was left.
   */
  #shares(rules: readonly LimitRule[]): readonly LimitRule[] {
    return rules.map((rule) => {
      const isMoney = rule.unit === "spend";
      const left = isMoney ? rule.most - this.#lastSpent.of(rule.key) : rule.most;
      return { ...rule, most: Math.max(isMoney ? 0 : 1, Math.floor(left / this.#replicas)) };
    });
  }

  #reap(): void {
    const { clock, onDefect } = this.#options;
    this.#stopReaping = clock.schedule(REAP_MS, () => this.#reap());
    this.#reaping ??= this.#reapOnce()
      .catch((defect: unknown) => onDefect(defect, {}))
      .finally(() => {
        this.#reaping = undefined;
      });
  }

  async #reapOnce(): Promise<void> {
    const { clock, store, storeTimeoutMs, observer } = this.#options;
    await this.#local.reap(REAPED);
    try {
      const asked = store.reap(REAPED);
      const { lost, replicas } = await within(clock, storeTimeoutMs(), asked);
      this.#replicas = Math.max(1, replicas);
      if (lost > 0) observer.reaped(lost);
    } catch (error) {
      // The next turn asks again.
      if (!(error instanceof StoreUnavailable)) throw error;
    }
  }
}
