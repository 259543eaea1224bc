// The CPU time of a question to the ledger, with that of the threads of the process: `node bench/ledger.ts STORE`, with STORE as in `stream.store`. The ledger has
// the hours and days of 50 callers with 20 models each, for 91 days; the store is filled as replicas fill it, but for
// Redis, whose time cannot be moved.
import { createClient } from "@redis/client";
import { type Clock, systemClock } from "../src/clock.ts";
import type { UsageQuery } from "../src/domain/usage-report.ts";
import type { BatchRow } from "../src/ledger/ledger-store.ts";
import { bytesOfSums } from "../src/ledger/packed-rows.ts";
import { DAY_MS, dayOf, hourOf } from "../src/ledger/periods.ts";
import { encodeKey } from "../src/ledger/row-key.ts";
import { addPicos, addTime, addTo, createSums, storedSums } from "../src/ledger/sums.ts";
import { UsageQueries } from "../src/ledger/usage-queries.ts";
import { openStores } from "../src/open-stores.ts";
import type { StoreAddress } from "../src/store/store-address.ts";
import { print } from "./in-process.ts";
import { median } from "./measure.ts";

const DAYS = 91;
const CALLERS = 50;
const MODELS = 20;
const CALLS = 200;
const ROUNDS = 7;
const BATCH_ROWS = 500;

const [, , given = "memory"] = process.argv;

function addressOf(store: string): StoreAddress {
  if (store === "memory") return { type: store, maxBytes: 64 * 1024 * 1024 };
  if (store.startsWith("redis")) return { type: "redis", url: store };
  return { type: "sqlite", path: store.slice("sqlite:".length), maxBytes: undefined };
}

/** The time that the store is filled at. */
let back = DAYS * DAY_MS;
const clock: Clock = {
  ...systemClock,
  now: () => systemClock.now() - back,
  wallTime: () => systemClock.wallTime() - back,
};

/** The rows of one hour. */
function rowsOf(hour: number): readonly BatchRow[] {
  return Array.from({ length: CALLERS * MODELS }, (_, index) => {
    const sums = createSums();
    addTo(sums, "calls", CALLS);
    addTo(sums, "inputTokens", CALLS * 1_000);
    addPicos(sums, 1_234_567_890_123);
    for (let call = 0; call < CALLS; call++) addTime(sums, 200 * 1.02 ** call);
    const key = encodeKey({
      caller: `caller-${Math.floor(index / MODELS)}`,
      group: "team",
      model: `model-${index % MODELS}`,
      provider: "provider",
      outcome: "succeeded",
      currency: "USD",
      label: "",
      value: "",
    });
    return { hour, key, sums: storedSums(sums) };
  });
}

async function fillRedis(): Promise<void> {
  const client = await createClient({ url: given }).connect();
  for (; back > 0; back -= DAY_MS) {
    const hour = hourOf(clock.wallTime());
    const fields = rowsOf(hour).flatMap(({ key, sums }) => [key, Buffer.from(bytesOfSums(sums))]);
    for (const [grain, start] of [
      ["hour", hour],
      ["day", dayOf(hour)],
    ] as const) {
      await client.sendCommand(["HSET", `{steer}:ledger:${grain}:${start}`, ...fields]);
      await client.sendCommand(["ZADD", `{steer}:ledger:${grain}s`, `${start}`, `${start}`]);
    }
  }
  client.destroy();
}

const { engine, ledger } = await openStores(addressOf(given), clock);
let number = 0;

async function fill(): Promise<void> {
  for (; back > 0; back -= DAY_MS) {
    const rows = rowsOf(hourOf(clock.wallTime()));
    for (let index = 0; index < rows.length; index += BATCH_ROWS) {
      const part = rows.slice(index, index + BATCH_ROWS);
      await ledger.apply({ session: "bench", number: ++number, rows: part });
    }
  }
}

/** The Redis store connects in the background. */
async function ready(): Promise<void> {
  const isReady = () =>
    ledger.state().then(
      () => true,
      () => false,
    );
  while (!(await isReady())) await systemClock.sleep(20, new AbortController().signal);
}

await ready();
await (given.startsWith("redis") ? fillRedis() : fill());

const queries = new UsageQueries({
  clock: systemClock,
  store: ledger,
  labels: () => [],
  lagMs: () => 0,
});

async function ask(query: Pick<UsageQuery, "interval" | "groupBy">) {
  const times: number[] = [];
  let longestTurnMs = 0;
  let calls = 0;
  for (let round = 0; round <= ROUNDS; round++) {
    let turnedAt = systemClock.now();
    let isAsking = true;
    const turn = (): void => {
      const now = systemClock.now();
      if (round > 0) longestTurnMs = Math.max(longestTurnMs, now - turnedAt);
      turnedAt = now;
      if (isAsking) setImmediate(turn);
    };
    setImmediate(turn);
    const startedAt = process.cpuUsage();
    const to = systemClock.wallTime();
    const range = { fromMs: to - 90 * DAY_MS, toMs: undefined, filters: [], caller: undefined };
    const { total } = await queries.query({ ...query, ...range });
    isAsking = false;
    calls = total.calls;
    const { user, system } = process.cpuUsage(startedAt);
    if (round > 0) times.push((user + system) / 1_000);
  }
  return { cpuMs: median(times), longestTurnMs, calls };
}

print({
  rows: (await ledger.state()).rows,
  byModel: await ask({ interval: "none", groupBy: ["model"] }),
  byDay: await ask({ interval: "day", groupBy: ["caller"] }),
});
await engine.close();
