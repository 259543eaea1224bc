import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { countLoad, eventOf, streamLoad } from "../calls.ts";
import { openChannel, run } from "../load.ts";
import type { Served } from "../processes.ts";
import type { Row } from "../report.ts";
import type { Leg } from "../scene.ts";

/** A megabyte of each text, without a break at which a vocabulary would end a word. */
const TEXTS = {
  "one letter": "a".repeat(1_000_000),
  spaces: " ".repeat(1_000_000),
  emoji: "🚀".repeat(250_000),
  CJK: "水".repeat(330_000),
} as const;
const COUNTS = 5;
const STREAMS = 30;
const STREAM_BYTES = 5 * 1024 * 1024;
const MOST_MS = 20;
const LOOK_MS = 10_000;
const SETTLE_MS = 1_000;

interface Delays {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** Delays of the event loop since the last call. */
async function look({ server }: Served, file: string): Promise<Delays> {
  rmSync(file, { force: true });
  process.kill(server.pid, "SIGUSR2");
  for (let waited = 0; waited < LOOK_MS; waited += 20) {
    await delay(20);
    try {
      return JSON.parse(readFileSync(file, "utf8")) as Delays;
    } catch {
      // The file is not written yet.
    }
  }
  throw new Error("the process does not tell of its event loop");
}

function rowOf(figure: string, { p50, p99, max }: Delays): Row {
  const note = `p50 ${p50.toFixed(1)}, longest ${max.toFixed(1)}`;
  return { figure, unit: "ms", value: p99, bar: { of: "value", most: MOST_MS }, note };
}

/** Streams that their callers leave at the same time, after all have arrived completely. */
async function abandonTogether(address: string, prompt: string, before: () => Promise<unknown>) {
  let waiting = STREAMS;
  const { promise: isRead, resolve: tell } = Promise.withResolvers<void>();
  const leave = new AbortController();
  const readers = Array.from({ length: STREAMS }, async () => {
    const channel = openChannel(streamLoad(address, "hostile", { ephemeral: true }, { prompt }));
    let bytes = 0;
    await channel.stream((message) => {
      const event = eventOf(message);
      if (event.case !== "textDelta") return;
      bytes += Buffer.byteLength(event.value.text);
      if (bytes >= STREAM_BYTES && --waiting === 0) tell();
    }, leave.signal);
    channel.close();
  });
  await isRead;
  await before();
  leave.abort();
  await Promise.all(readers);
  // The counts start when the service notices the end.
  await delay(SETTLE_MS);
}

export const hostile: Leg = {
  name: "hostile",
  about: "delay of the event loop while text is counted that takes long to count",
  async run(scene) {
    const file = join(scene.folder, "loop.json");
    const gateway = await scene.gateway({ BENCH_LOOP_FILE: file }, { preload: "loop-delay.ts" });
    const { address } = gateway;
    const rows: Row[] = [];
    for (const [name, text] of Object.entries(TEXTS)) {
      const channel = openChannel(countLoad(address, "hostile", text));
      // The first call loads the vocabulary.
      await channel.unary();
      await look(gateway, file);
      await run(COUNTS, 1, channel.unary);
      channel.close();
      rows.push(rowOf(`event loop p99, 1 MB of ${name} counted`, await look(gateway, file)));
    }
    for (const [name, text] of Object.entries(TEXTS)) {
      const [prompt = ""] = text;
      await abandonTogether(address, prompt, () => look(gateway, file));
      rows.push(
        rowOf(
          `event loop p99, ${STREAMS} left streams of 5 MiB of ${name}`,
          await look(gateway, file),
        ),
      );
    }
    return rows;
  },
};
