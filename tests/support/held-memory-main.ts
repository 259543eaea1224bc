// A process that fills the memory store with one kind of stream, and prints the memory used and the store's count.
// Run with `--expose-gc`.
import { randomBytes } from "node:crypto";
import { setImmediate as turn } from "node:timers/promises";
import { systemClock } from "../../src/clock.ts";
import { StoreHealth } from "../../src/store/store-health.ts";
import { StreamLog } from "../../src/streams/stream-log.ts";
import type { NewStream } from "../../src/streams/stream-record.ts";
import { DEFAULT_STREAM_SETTINGS } from "../../src/streams/stream-settings.ts";
import { noStreamTelemetry } from "../../src/telemetry/stream-telemetry.ts";
import { createMemoryStreams } from "./open-streams.ts";

const KIB = 1024;
const HOUR_MS = 3_600_000;

interface Kind {
  readonly streams: number;
  /** Events of about 30 bytes, beside the first one. */
  readonly events: number;
  readonly hasEnd: boolean;
  readonly isExpired?: boolean;
  readonly requestBytes?: number;
  readonly detailsBytes?: number;
  readonly hasKey?: boolean;
}

const KINDS: Readonly<Record<string, Kind>> = {
  "many tiny streams": { streams: 15_000, events: 3, hasEnd: true },
  "few huge streams": { streams: 4, events: 100_000, hasEnd: true },
  "streams that run": { streams: 300, events: 1_000, hasEnd: false },
  "streams that have only begun": {
    streams: 3_000,
    events: 0,
    hasEnd: false,
    requestBytes: 4 * KIB,
  },
  "big requests": { streams: 100, events: 3, hasEnd: false, requestBytes: 300 * KIB },
  "big details": { streams: 2_000, events: 3, hasEnd: true, detailsBytes: 16 * KIB },
  keys: { streams: 15_000, events: 1, hasEnd: true, hasKey: true },
  "what is known of expired streams": { streams: 15_000, events: 3, hasEnd: true, isExpired: true },
};

const { gc } = globalThis;
if (gc === undefined) throw new Error("run with --expose-gc");

const store = createMemoryStreams({ clock: systemClock, maxBytes: 1024 * KIB * KIB });
const log = new StreamLog({
  store,
  health: new StoreHealth(systemClock, () => {}),
  clock: systemClock,
  settings: () => DEFAULT_STREAM_SETTINGS,
  session: "session-a",
  newNonce: () => randomBytes(4).readUInt32LE() || 1,
  isTerminal: () => false,
  observer: noStreamTelemetry,
});

/** Own bytes, which share no memory with others. */
const bytes = (length: number): Uint8Array => Uint8Array.from(randomBytes(length));

function newStream({ requestBytes, detailsBytes = 200, hasKey = false }: Kind): NewStream {
  return {
    streamId: `s.${randomBytes(16).toString("hex")}`,
    token: log.newToken(),
    session: log.session,
    caller: "caller-a",
    requestId: hasKey ? randomBytes(32).toString("hex") : "",
    fingerprint: hasKey ? randomBytes(32).toString("hex") : "",
    start: bytes(200),
    request: requestBytes === undefined ? undefined : bytes(requestBytes),
    retentionMs: HOUR_MS,
    totalMs: HOUR_MS,
    progress: { provider: "provider-a", details: bytes(detailsBytes) },
  };
}

async function write(kind: Kind): Promise<void> {
  const given = newStream(kind);
  const begun = await log.begin(given, {
    disconnect: { policy: "continue" },
    stop: () => {},
    endUnstarted: () => new Uint8Array(),
  });
  if (begun.state !== "created") throw new Error(`the stream is ${begun.state}`);
  for (let index = 1; index <= kind.events; index++) {
    const isLast = kind.hasEnd && index === kind.events;
    void begun.stream.add(bytes(20 + (index % 20)), {
      isContent: true,
      ...(isLast && { ending: { phase: "completed", freesKey: false } }),
    });
  }
}

async function fill(kind: Kind): Promise<void> {
  for (let index = 0; index < kind.streams; index++) await write(kind);
  const everything = { phases: [], olderThanMs: 0, limit: kind.streams, dryRun: false };
  if (kind.isExpired === true) await store.cleanup(everything);
}

async function taken(): Promise<number> {
  for (let round = 0; round < 4; round++) {
    gc?.();
    await turn();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const kind = KINDS[process.argv[2] ?? ""];
if (kind === undefined) process.stdout.write(`${JSON.stringify(Object.keys(KINDS))}\n`);
else {
  await store.openSession(log.session, HOUR_MS);
  // Warms up, so that compiled code does not count as memory of a stream.
  await fill({ ...kind, streams: 50, events: Math.min(kind.events, 100) });
  const before = { taken: await taken(), counted: Number(store.held?.()) };
  await fill(kind);
  const counted = Number(store.held?.()) - before.counted;
  process.stdout.write(`${JSON.stringify({ counted, held: (await taken()) - before.taken })}\n`);
}
