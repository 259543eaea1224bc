// The CPU of a stored event in microseconds: `node bench/hosted.ts WHERE WIDTH MS FOLDER`. `memory`: in the memory of
// this process. `hosted`: in that of another process, whose CPU counts too, and whose socket is in the folder. WIDTH
// streams store one event after another, each alone, when its predecessor is acknowledged.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { createInterface } from "node:readline";
import { systemClock as clock } from "../src/clock.ts";
import { openStores } from "../src/open-stores.ts";
import { encodeEvent } from "../src/rpc/encode-event.ts";
import type { StoreAddress } from "../src/store/store-address.ts";
import { print } from "./in-process.ts";
import { cpuMicros } from "./processes.ts";

const EVENTS = 400;
const NONCE = 7;
const HOST = new URL("../tests/support/store-host-main.ts", import.meta.url);
const MEMORY: StoreAddress = { type: "memory", maxBytes: 256 * 1024 * 1024 };

const [, , where = "memory", width = "16", ms = "2000", folder = tmpdir()] = process.argv;
const body = { type: "text-delta", partIndex: 0, text: "word " } as const;
const event = encodeEvent({ sequence: 100, attemptIndex: 1, body }, NONCE);

async function addressOfHost(): Promise<StoreAddress> {
  const args = [HOST.pathname, folder];
  const host = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  process.once("exit", () => host.kill("SIGKILL"));
  const [path] = (await once(createInterface({ input: host.stdout }), "line")) as [string];
  return { type: "hosted", path };
}

const address = where === "hosted" ? await addressOfHost() : MEMORY;
const { streams: store } = await openStores(address, clock);
await store.openSession("bench", 60_000);
let streams = 0;
let stored = 0;

/** One stream from its first event to its last. */
async function writeStream(): Promise<void> {
  const token = { epoch: 1, nonce: NONCE };
  const streamId = `s.bench-${streams++}`;
  await store.create({
    streamId,
    token,
    session: "bench",
    caller: "bench",
    requestId: "",
    fingerprint: "",
    start: event,
    request: undefined,
    retentionMs: 900_000,
    totalMs: 600_000,
    progress: { provider: "bench", details: new Uint8Array() },
  });
  for (let at = 2; at <= EVENTS; at++) {
    const answer = store.append({
      streamId,
      token,
      batch: { first: at, last: at, writer: NONCE, events: [event] },
      firstContent: 0,
      ending: at === EVENTS ? { phase: "completed", freesKey: true } : undefined,
      progress: undefined,
    });
    // The memory of this process answers at once.
    const { state } = answer instanceof Promise ? await answer : answer;
    if (state !== "stored") throw new Error(`an event was ${state}`);
    stored++;
  }
}

/** CPU microseconds of an event. */
async function load(forMs: number): Promise<number> {
  const end = clock.now() + forMs;
  const from = { micros: cpuMicros(process.pid), stored };
  const writers = Array.from({ length: Number(width) }, async () => {
    do await writeStream();
    while (clock.now() < end);
  });
  await Promise.all(writers);
  return (cpuMicros(process.pid) - from.micros) / (stored - from.stored);
}

await load(Number(ms) / 2);
print({ micros: await load(Number(ms)) });
process.exit();
