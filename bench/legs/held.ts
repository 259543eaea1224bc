import { setTimeout as delay } from "node:timers/promises";
import { listLoad, resumeLoad, startOf, streamLoad } from "../calls.ts";
import { openChannel, run } from "../load.ts";
import { cpuPer, median, quantile } from "../measure.ts";
import { cpuMicros, residentMiB, SERVER_CPU, type Served } from "../processes.ts";
import type { Row } from "../report.ts";
import type { Leg, Scene } from "../scene.ts";

const FILLER = "../tests/support/held-memory-main.ts";
const SMALL_HEAP = "--max-old-space-size=512";
/** Streams of 200 events, started one after another in the measured window. */
const STREAMS_A_SECOND = 20;
/** Concurrent streams, until the first stream is dropped. */
const FILL_WIDTH = 32;
const FILL_ROUND = 500;
const TENTHS = 10;

const STORED = 50_000;
const IDLE_SECONDS = 30;
/** Time for the heap to finish the work of the load. */
const SETTLED_MS = 5_000;
/** Pages before the measurement, because the first hundreds are compiled. */
const PAGES = 1_000;

interface Taken {
  readonly counted: number;
  readonly held: number;
}

/** The worst kind of stream in the program that fills a memory store. */
async function heldPerByte(scene: Scene): Promise<Row> {
  const start = (...args: string[]) =>
    scene.start(SERVER_CPU, ["--expose-gc", scene.file(FILLER), ...args]);
  const kinds = (await start()).first as unknown as readonly string[];
  let worst = { kind: "", ratio: 0 };
  for (const kind of kinds) {
    const { held, counted } = (await start(kind)).first as unknown as Taken;
    if (held / counted > worst.ratio) worst = { kind, ratio: held / counted };
  }
  return {
    figure: `memory held by the store in memory beside what it counts, worst of ${kinds.length} kinds`,
    unit: "×",
    value: worst.ratio,
    bar: { of: "value", most: 1.3 },
    target: "held",
    note: worst.kind,
  };
}

async function isKept(address: string, streamId: string): Promise<boolean> {
  const channel = openChannel(resumeLoad(address, streamId));
  const isThere = await channel.stream().then(
    () => true,
    () => false,
  );
  channel.close();
  return isThere;
}

/** Fills the store until its first stream is dropped. */
async function fill({ address }: Served): Promise<void> {
  const channel = openChannel(streamLoad(address, "bench"));
  let first = "";
  do {
    await run(FILL_ROUND, FILL_WIDTH, async () => {
      await channel.stream((message) => {
        if (first === "") first = startOf(message) ?? "";
      });
    });
  } while (await isKept(address, first));
  channel.close();
}

/** Starts streams at an even rate. Returns the milliseconds of each by its start, and the memory during the run. */
async function paced({ address, server }: Served, windowMs: number) {
  const channel = openChannel(streamLoad(address, "bench"));
  const begun: Promise<void>[] = [];
  const ended = Array.from({ length: TENTHS }, () => 0);
  const resident: number[][] = Array.from({ length: TENTHS }, () => []);
  const startedAt = performance.now();
  const tenth = (): number =>
    Math.min(TENTHS - 1, Math.floor(((performance.now() - startedAt) / windowMs) * TENTHS));
  const total = (windowMs / 1_000) * STREAMS_A_SECOND;
  for (let index = 0; index < total; index++) {
    const due = startedAt + (index * 1_000) / STREAMS_A_SECOND;
    await delay(Math.max(0, due - performance.now()));
    begun.push(
      channel.stream().then(() => {
        ended[tenth()] = (ended[tenth()] ?? 0) + 1;
      }),
    );
    if (index % STREAMS_A_SECOND === 0) resident[tenth()]?.push(residentMiB(server.pid));
  }
  await Promise.all(begun);
  channel.close();
  return { ended, resident: resident.map((samples) => median(samples)) };
}

async function smallHeap(scene: Scene): Promise<Row[]> {
  const gateway = await scene.gateway({ NODE_OPTIONS: SMALL_HEAP });
  await fill(gateway);
  const before = cpuMicros(gateway.server.pid);
  const { ended, resident } = await paced(gateway, scene.windowMs);
  const cpu = (cpuMicros(gateway.server.pid) - before) / scene.windowMs / 10;
  await gateway.server.stop();
  const about = `heap of 512 MiB, store full, ${STREAMS_A_SECOND} streams a second for ${scene.windowMs / 1_000} s`;
  return [
    {
      figure: `${about}: streams that ended in the last tenth beside the first`,
      unit: "streams",
      value: ended.at(-1) ?? 0,
      floor: ended[0] ?? 0,
      bar: { of: "ratio", least: 0.95 },
    },
    {
      figure: `${about}: resident memory in the last tenth beside the first`,
      unit: "MiB",
      value: resident.at(-1) ?? 0,
      floor: resident[0] ?? 0,
      bar: { of: "ratio", most: 1.1 },
    },
    { figure: `${about}: share of one processor`, unit: "%", value: cpu },
  ];
}

/** CPU milliseconds of each idle second. V8 collects the garbage of a load in one or two of them. */
async function idleSeconds({ server }: Served): Promise<number[]> {
  await delay(SETTLED_MS);
  const seconds: number[] = [];
  for (let second = 0; second < IDLE_SECONDS; second++) {
    const before = cpuMicros(server.pid);
    const from = performance.now();
    await delay(1_000);
    seconds.push((cpuMicros(server.pid) - before) / (performance.now() - from));
  }
  return seconds;
}

const PAGE_SIZE = 50;

/** CPU of a page of streams, and the 95th percentile of its time. */
async function pageCost({ server, address }: Served, pageSize = PAGE_SIZE) {
  const channel = openChannel(listLoad(address, pageSize));
  const times: number[] = [];
  const micros = await cpuPer(server, async () => {
    await run(PAGES, 1, async () => {
      const startedAt = performance.now();
      await channel.unary();
      times.push(performance.now() - startedAt);
    });
    return PAGES;
  });
  channel.close();
  return { micros, p95: quantile(times, 0.95) };
}

async function manyStreams(scene: Scene): Promise<Row[]> {
  const gateway = await scene.gateway({ STEER_STREAM_MAX_TOTAL_BYTES: "4GiB" });
  const channel = openChannel(streamLoad(gateway.address, "short"));
  await run(100, FILL_WIDTH, () => channel.stream());
  const few = { idle: await idleSeconds(gateway), page: await pageCost(gateway) };
  await run(STORED, FILL_WIDTH, () => channel.stream());
  channel.close();
  const many = { idle: await idleSeconds(gateway), page: await pageCost(gateway) };
  const one = await pageCost(gateway, 1);
  await gateway.server.stop();
  return [
    {
      figure: "idle, 50,000 streams in memory beside 100, middle second of 30",
      unit: "ms/s",
      value: median(many.idle),
      floor: median(few.idle),
      bar: { of: "value", most: 1 },
      note: `longest second ${Math.max(...many.idle).toFixed(0)} ms, by V8's collection of garbage`,
    },
    {
      figure: "a page of ListStreamStates, 50,000 streams in memory beside 100",
      unit: "ms CPU",
      value: many.page.micros / 1_000,
      floor: few.page.micros / 1_000,
      bar: { of: "value", most: 1 },
      target: "growth",
      note: `p95 ${many.page.p95.toFixed(2)} ms at the client`,
    },
    {
      figure: `a page of ${PAGE_SIZE} of 50,000 streams beside a page of one`,
      unit: "ms CPU",
      value: many.page.micros / 1_000,
      floor: one.micros / 1_000,
    },
  ];
}

export const held: Leg = {
  name: "held",
  about: "what stored streams hold and cost once they are stored; --window sets its seconds",
  async run(scene) {
    return [await heldPerByte(scene), ...(await manyStreams(scene)), ...(await smallHeap(scene))];
  },
};
