// Limits of callers over a store in memory that can be away.
import { GatewayError } from "../../src/domain/gateway-error.ts";
import type { LimitStore } from "../../src/limits/limit-store.ts";
import { LimitedCallers, type LimitsSettings } from "../../src/limits/limited-callers.ts";
import type { LimitsObserver } from "../../src/limits/limits-observer.ts";
import { createMemoryLimitStore } from "../../src/limits/memory/limit-store.ts";
import type {
  AttemptNeed,
  CallReservation,
  LimitedCaller,
  LimitStandings,
} from "../../src/ports/call-limits.ts";
import type { CallerGroup, CallerProfile } from "../../src/ports/caller-directory.ts";
import { MemoryEngine } from "../../src/store/memory/engine.ts";
import { StoreHealth } from "../../src/store/store-health.ts";
import { StoreUnavailable } from "../../src/store/store-unavailable.ts";
import { createManualClock } from "./manual-clock.ts";
import { testModel } from "./provider-request.ts";

const PRICING = {
  currency: "USD",
  date: "2026-11-22",
  inputPicos: 1,
  outputPicos: 1,
  tiers: [],
};

export interface LimitsScene {
  readonly callers: readonly Pick<CallerProfile, "id" | "group" | "limits">[];
  readonly groups?: readonly CallerGroup[];
  readonly settings?: Partial<LimitsSettings>;
  /** Replicas that the store knows. */
  readonly replicas?: number;
}

/** Of each unit 10 tokens and no money. */
export const SMALL: AttemptNeed = { tokens: 10, picos: 0 };

export async function createLimitsScene(scene: LimitsScene) {
  const clock = createManualClock();
  const engine = new MemoryEngine(clock);
  const memory = createMemoryLimitStore(engine);
  let isAway = false;
  const away = (): void => {
    if (!isAway) return;
    throw new StoreUnavailable("not-applied", "away", { cause: "refused", code: "" });
  };
  const guarded =
    <A extends readonly unknown[], R>(method: (...args: A) => R) =>
    async (...args: A): Promise<Awaited<R>> => {
      away();
      return await method(...args);
    };
  const store: LimitStore = {
    reserve: guarded(memory.reserve),
    extend: guarded(memory.extend),
    settle: guarded(memory.settle),
    move: guarded(memory.move),
    reap: guarded(async (limit) => {
      const { lost } = await memory.reap(limit);
      return { lost, replicas: scene.replicas ?? 1 };
    }),
  };
  await engine.sessions.calls.openSession("session-a", 60_000);
  const health = new StoreHealth(clock, () => {});
  const told: string[] = [];
  const observer: LimitsObserver = {
    admitted: () => {},
    refused: (reason) => void told.push(reason),
    local: (isLocal) => void told.push(isLocal ? "local" : "shared"),
    reaped: (count) => void told.push(`${count} reaped`),
    dropped: () => {},
    near: ({ limit }) => void told.push(`near ${limit}`),
    countedLocally: (calls) => void told.push(`${calls} counted locally`),
    nearlyUsed: (reason) => void told.push(`nearly used ${reason}`),
  };
  const limits = new LimitedCallers({
    clock,
    directory: {
      profile(id) {
        const known = scene.callers.find((caller) => caller.id === id);
        return known && { role: "caller", ...known };
      },
      group: (id) => scene.groups?.find((group) => group.id === id),
    },
    settings: () => ({
      defaults: undefined,
      withoutStore: "local",
      timeZone: "UTC",
      ...scene.settings,
    }),
    storeTimeoutMs: () => 1_000,
    observer,
    onDefect: (error) => {
      throw error;
    },
  });
  limits.open({ store, health, session: "session-a" });
  let ids = 0;

  async function reserve(
    caller: string,
    need: AttemptNeed = SMALL,
    onStandings?: (standings: LimitStandings) => void,
  ): Promise<CallReservation> {
    const limited = limits.of(caller) as LimitedCaller;
    return limited.reserve({
      generationId: `g${ids++}`,
      isRequestOnly: false,
      model: testModel({ pricing: PRICING }),
      need,
      canMove: true,
      totalMs: 60_000,
      onStandings,
    });
  }

  return {
    clock,
    engine,
    limits,
    memory,
    told,
    reserve,
    setAway(next: boolean) {
      isAway = next;
      if (!next) health.succeeded(0, 1_000);
    },
    /** The reason of the refusal; "" where it passes. */
    async tryTo(...given: Parameters<typeof reserve>): Promise<string> {
      try {
        await reserve(...given);
        return "";
      } catch (error) {
        if (error instanceof GatewayError) return error.reason ?? error.kind;
        throw error;
      }
    },
  };
}
