// The cost of a caller's limits for a call, measured in a separate process: `node bench/limits.ts STORE`, with STORE as in
// `stream.store`. A call reserves by four limits and is settled; 50 run at a time. The floor of Redis is a bare PING for
// each call, that of memory nothing.
import { createClient } from "@redis/client";
import { systemClock as clock } from "../src/clock.ts";
import type { CallerLimits } from "../src/domain/caller-limits.ts";
import { LimitedCallers } from "../src/limits/limited-callers.ts";
import { openStores } from "../src/open-stores.ts";
import type { CallLimits, LimitedGeneration } from "../src/ports/call-limits.ts";
import { StoreHealth } from "../src/store/store-health.ts";
import { StoreUnavailable } from "../src/store/store-unavailable.ts";
import { noLimitsTelemetry } from "../src/telemetry/limits-telemetry.ts";
import { testModel } from "../tests/support/provider-request.ts";
import { compare, print } from "./in-process.ts";

const [, , given = "memory"] = process.argv;
const AT_A_TIME = 50;
/** The compiler needs some hundred thousand calls before their cost is that of a process in use. */
const RUNS = given === "memory" ? 1_500 : 600;
const LOOK_UPS = 100_000;

const LIMITS: CallerLimits = {
  requests: [{ amount: 1_000_000_000, windowMs: 60_000 }],
  tokens: [{ amount: 1_000_000_000_000, windowMs: 60_000 }],
  concurrency: 1_000_000,
  spend: [{ period: "month", currency: "USD", picos: 1e18 }],
};
const SETTINGS = { defaults: undefined, withoutStore: "refuse", timeZone: "UTC" } as const;
const pricing = { currency: "USD", date: "2026-11-22", inputPicos: 1, outputPicos: 1, tiers: [] };
const model = testModel({ pricing });
const need = { tokens: 1_000, picos: 1_000 };

const { engine, limits: store } = await openStores(
  given === "memory"
    ? { type: "memory", maxBytes: 64 * 1024 * 1024 }
    : { type: "redis", url: given },
  clock,
);
const limits: CallLimits & Pick<LimitedCallers, "open" | "close"> = new LimitedCallers({
  clock,
  directory: {
    profile: (id) =>
      id === "limited" ? { id, role: "caller", limits: LIMITS } : { id, role: "caller" },
    group: () => undefined,
  },
  settings: () => SETTINGS,
  storeTimeoutMs: () => 5_000,
  observer: { ...noLimitsTelemetry, near: () => {}, countedLocally: () => {} },
  onDefect: (defect) => {
    throw defect;
  },
});
limits.open({ store, health: new StoreHealth(clock, () => {}), session: "bench" });

let serial = 0;

/** One call with its only attempt. */
async function call(): Promise<void> {
  const generation: LimitedGeneration = {
    generationId: `generation-${serial++}`,
    isRequestOnly: false,
    model,
    need,
    canMove: true,
    totalMs: 60_000,
    onStandings: undefined,
  };
  const reservation = await limits.of("limited")?.reserve(generation);
  // As an attempt does: only a larger reservation is waited for.
  const larger = reservation?.begin(model, need);
  if (larger !== undefined) await larger;
  reservation?.end(need, { tokens: 500, picos: 500 });
  reservation?.settle({ tokens: 500, picos: 500 });
}

const together = (one: () => Promise<unknown>) => async (): Promise<void> => {
  await Promise.all(Array.from({ length: AT_A_TIME }, one));
};

/** Redis connects in the background. */
async function whenConnected(): Promise<void> {
  for (;;) {
    try {
      await store.reap(1);
      return;
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
      await clock.sleep(20, new AbortController().signal);
    }
  }
}

await whenConnected();
// As the engine has it: no signal for each command.
const client =
  given === "memory" ? undefined : createClient({ url: given, commandOptions: { timeout: 0 } });
await client?.connect();
const floor = async (): Promise<unknown> => client?.ping();
const pair = await compare(RUNS, together(call), together(floor));
let found = 0;
const free = await compare(
  1,
  () => {
    for (let index = 0; index < LOOK_UPS; index++) if (limits.of("free") !== undefined) found++;
  },
  () => {
    for (let index = 0; index < LOOK_UPS; index++) if (found > 0) found++;
  },
);
await limits.close();
await engine.close();
client?.destroy();
print({
  limited: { value: pair.value / AT_A_TIME, floor: pair.floor / AT_A_TIME },
  free: { value: free.value / LOOK_UPS, floor: free.floor / LOOK_UPS },
});
