// The CPU time of a question to the ledger, with that of the store: `node bench/ledger.ts STORE`, with STORE as in
// `stream.store`. The ledger has
// the hours and days of 50 callers with 20 models each, for 91 days; the store is filled as replicas fill it, but for
// Redis, whose time cannot be moved.
import { createClient } from "@redis/client";
import { type Clock, systemClock } from "../src/clock.ts";
import type { UsageQuery } from "../src/domain/usage-report.ts";
import type { BatchRow } from "../src/ledger/ledger-store.ts";
import { DAY_MS, dayOf, hourOf } from "../src/ledger/periods.ts";
import { encodeKey } from "../src/ledger/row-key.ts";
import {
  addPicos,
  addTime,
  addTo,
  bytesOfSums,
  createSums,
  storedSums,
} from "../src/ledger/sums.ts";
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
const RETENTION = { hoursMs: DAYS * DAY_MS, daysMs: 400 * DAY_MS };

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

const redis = given.startsWith("redis") ? await createClient({ url: given }).connect() : undefined;

/** CPU time of the process with its threads, and of the Redis server, in milliseconds. */
async function usedCpuMs(): Promise<number> {
  const { user, system } = process.cpuUsage();
  const info = (await redis?.info("cpu")) ?? "";
  const ofServer = [.../^used_cpu_(?:user|sys):(.*)$/gm[Symbol.matchAll](info)];
  return ofServer.reduce(
    (sum, [, seconds]) => sum + Number(seconds) * 1_000,
    (user + system) / 1_000,
  );
}

async function fillRedis(client: NonNullable<typeof redis>): Promise<void> {
  for (; back > 0; back -= DAY_MS) {
    const hour = hourOf(clock.wallTime());
    const fields = rowsOf(hour).flatMap(({ key, sums }) => [key, Buffer.from(bytesOfSums(sums))]);
    for (const [grain, start] of [
      ["hour", hour],
      ["day", dayOf(hour)],
    ] as const) {
      await client.sendCommand(["HSET", `{steer}:ledger:${grain}:${start}`, ...fields]);
      for (const index of [`${grain}s`, `unpacked:${grain}s`]) {
        await client.sendCommand(["ZADD", `{steer}:ledger:${index}`, `${start}`, `${start}`]);
      }
    }
  }
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
await (redis === undefined ? fill() : fillRedis(redis));
back = 0;
// As replicas do each minute: each time packs an hour and a day.
for (let day = 0; day < DAYS; day++) await ledger.tidy(RETENTION);

const queries = new UsageQueries({
  clock: systemClock,
  store: ledger,
  labels: () => [],
  lagMs: () => 0,
});

type Question = Pick<UsageQuery, "interval" | "groupBy">;

async function askOnce(question: Question): Promise<number> {
  const to = systemClock.wallTime();
  const range = { fromMs: to - 90 * DAY_MS, toMs: undefined, filters: [], caller: undefined };
  return (await queries.query({ ...question, ...range })).total.calls;
}

/** The longest turn of the event loop while the question is answered. */
async function turnOf(question: Question): Promise<number> {
  let turnedAt = systemClock.now();
  let longestMs = 0;
  let isAsking = true;
  const turn = (): void => {
    const now = systemClock.now();
    longestMs = Math.max(longestMs, now - turnedAt);
    turnedAt = now;
    if (isAsking) setImmediate(turn);
  };
  setImmediate(turn);
  await askOnce(question);
  isAsking = false;
  return longestMs;
}

async function ask(question: Question) {
  const calls = await askOnce(question);
  const times: number[] = [];
  const cpuTimes: number[] = [];
  const turns: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const usedMs = await usedCpuMs();
    const startedAt = systemClock.now();
    await askOnce(question);
    times.push(systemClock.now() - startedAt);
    cpuTimes.push((await usedCpuMs()) - usedMs);
  }
  for (let round = 0; round < ROUNDS; round++) turns.push(await turnOf(question));
  const longestTurnMs = Math.max(...turns);
  return { ms: median(times), cpuMs: median(cpuTimes), longestTurnMs, calls };
}

print({
  rows: (await ledger.state()).rows,
  byModel: await ask({ interval: "none", groupBy: ["model"] }),
  byDay: await ask({ interval: "day", groupBy: ["caller"] }),
});
await engine.close();
redis?.destroy();
