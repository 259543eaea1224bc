// The delay from an event to the acknowledgement of its store: `node bench/commits.ts STORE`, with STORE as in
// `stream.store`. 50 streams store 20 events a second each through the log. The floor is one bare write of the same
// bytes at a time.
import { rmSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as delay } from "node:timers/promises";
import { createClient } from "@redis/client";
import { systemClock as clock } from "../src/clock.ts";
import { openStores } from "../src/open-stores.ts";
import { encodeEvent } from "../src/rpc/encode-event.ts";
import type { StoreAddress } from "../src/store/store-address.ts";
import { StoreHealth } from "../src/store/store-health.ts";
import type { OwnedStream } from "../src/streams/owned-stream.ts";
import { StreamLog } from "../src/streams/stream-log.ts";
import type { StreamObserver } from "../src/streams/stream-observer.ts";
import { DEFAULT_STREAM_SETTINGS } from "../src/streams/stream-settings.ts";
import { quantile } from "./measure.ts";

const STREAMS = 50;
const EVENTS_A_SECOND = 1_000;
const WARM_MS = 2_000;
const MEASURED_MS = 8_000;
const FLOOR_WRITES = 2_000;

const [, , given = "memory"] = process.argv;
const NONCE = 7;
const body = { type: "text-delta", partIndex: 0, text: "word " } as const;
const event = encodeEvent({ sequence: 100, attemptIndex: 1, body }, NONCE);

function addressOf(store: string): StoreAddress {
  if (store === "memory") return { type: store, maxBytes: 256 * 1024 * 1024 };
  if (store.startsWith("redis")) return { type: "redis", url: store };
  return { type: "sqlite", path: store.slice("sqlite:".length), maxBytes: undefined };
}

let isMeasured = false;
const waits: number[] = [];
let stored = 0;

const observer: StreamObserver = {
  created: () => {},
  ended: () => {},
  readers: () => {},
  appended(_result, events, waitedMs) {
    if (!isMeasured) return;
    waits.push(waitedMs);
    stored += events;
  },
  filled: () => {},
  lost: () => {},
};

async function begin(log: StreamLog, index: number): Promise<OwnedStream> {
  const begun = await log.begin(
    {
      streamId: `s.bench-${index}`,
      token: log.newToken(),
      session: log.session,
      caller: "bench",
      requestId: "",
      fingerprint: "",
      start: event,
      request: undefined,
      retentionMs: 900_000,
      totalMs: 600_000,
      progress: { provider: "bench", details: new Uint8Array() },
    },
    { disconnect: { policy: "continue" }, stop: () => {}, endUnstarted: () => event },
  );
  if (begun.state !== "created") throw new Error(`a stream was ${begun.state}`);
  return begun.stream;
}

/** Calls `step` at this rate, whatever the timers' precision. */
async function paced(ms: number, step: (index: number) => void): Promise<void> {
  const startedAt = clock.now();
  for (let index = 0; ; ) {
    const passedMs = clock.now() - startedAt;
    if (passedMs >= ms) return;
    for (; index < (passedMs * EVENTS_A_SECOND) / 1_000; index++) step(index);
    await delay(1);
  }
}

async function measureLog(): Promise<void> {
  const { engine, streams: store } = await openStores(addressOf(given), clock);
  const log = new StreamLog({
    store,
    health: new StoreHealth(clock, () => {}),
    clock,
    settings: () => ({ ...DEFAULT_STREAM_SETTINGS, storeTimeoutMs: 5_000 }),
    session: "bench",
    newNonce: () => NONCE,
    isTerminal: () => false,
    observer,
  });
  // The Redis store connects in the background.
  while (
    !(await Promise.resolve(store.heads([])).then(
      () => true,
      () => false,
    ))
  )
    await delay(20);
  const streams: OwnedStream[] = [];
  for (let index = 0; index < STREAMS; index++) streams.push(await begin(log, index));
  const add = (index: number): void => {
    void streams[index % STREAMS]?.add(event, { isContent: true });
  };
  await paced(WARM_MS, add);
  isMeasured = true;
  await paced(MEASURED_MS, add);
  await delay(100);
  await engine.close();
}

/** A bare write to the database of the store; undefined for the memory store. */
async function openFloor(): Promise<(() => unknown) | undefined> {
  if (given.startsWith("redis")) {
    const client = createClient({ url: given });
    await client.connect();
    return () => client.sendCommand(["XADD", "floor", "*", "b", Buffer.from(event)]);
  }
  if (given === "memory") return undefined;
  const path = `${given.slice("sqlite:".length)}-floor`;
  rmSync(path, { force: true });
  const db = new DatabaseSync(path);
  db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; CREATE TABLE log (event BLOB)");
  const insert = db.prepare("INSERT INTO log VALUES (?)");
  return () => insert.run(event);
}

async function measureFloor(): Promise<number | undefined> {
  const write = await openFloor();
  if (write === undefined) return undefined;
  const times: number[] = [];
  for (let index = 0; index < FLOOR_WRITES; index++) {
    const startedAt = clock.now();
    await write();
    times.push(clock.now() - startedAt);
    await delay(1);
  }
  return quantile(times, 0.5);
}

await measureLog();
const floor = await measureFloor();
const result = {
  p50: quantile(waits, 0.5),
  p99: quantile(waits, 0.99),
  batch: stored / waits.length,
};
process.stdout.write(`${JSON.stringify({ ...result, floor })}\n`);
process.exit();
