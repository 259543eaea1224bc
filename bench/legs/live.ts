import { setTimeout as delay } from "node:timers/promises";
import { eventOf, streamLoad } from "../calls.ts";
import { openChannel } from "../load.ts";
import { median, quantile } from "../measure.ts";
import { cpuMicros, residentMiB, type Served } from "../processes.ts";
import type { Row } from "../report.ts";
import { type Leg, STORES } from "../scene.ts";

const STREAMS = 1_000;
const OFFERED_A_SECOND = STREAMS * 20;
const CHANNELS = 4;
/** By then every stream has begun, the memory store has reached its bound, and the heap its working size. */
const WARM_MS = 60_000;
const MEASURED_MS = 30_000;
const SAMPLE_MS = 1_000;
/** Every so many streams, the events of one are examined. */
const WATCHED_EVERY = 20;
/** Bound of the memory store; the default would not be reached within the run. */
const STORE_BYTES = "32MiB";

interface Figures {
  /** Share of a processor in percent. */
  readonly cpu: number;
  readonly eventsASecond: number;
  readonly lags: readonly number[];
  readonly resident: readonly number[];
}

/** Milliseconds since the upstream sent the event. */
function lagOf(message: Buffer): number | undefined {
  const now = Number(process.hrtime.bigint() / 1_000n);
  const event = eventOf(message);
  return event.case === "textDelta" ? (now - Number(event.value.text)) / 1_000 : undefined;
}

async function liveStreams({ server, address }: Served): Promise<Figures> {
  const channels = Array.from({ length: CHANNELS }, () =>
    openChannel(streamLoad(address, "paced", { omitFinalMessage: true })),
  );
  let events = 0;
  let isMeasured = false;
  let isOver = false;
  const lags: number[] = [];
  const watch = (message: Buffer): void => {
    events++;
    const lag = isMeasured ? lagOf(message) : undefined;
    if (lag !== undefined) lags.push(lag);
  };
  const count = (): void => void events++;
  const readers = Array.from({ length: STREAMS }, async (_, index) => {
    // Starts are spread over five seconds, the length of a stream.
    await delay(index * 5);
    while (!isOver) {
      await channels[index % CHANNELS]
        ?.stream(index % WATCHED_EVERY === 0 ? watch : count)
        .catch((error: unknown) => {
          if (!isOver) throw error;
        });
    }
  });
  const resident: number[] = [];
  const measured = async (): Promise<Figures> => {
    await delay(WARM_MS);
    isMeasured = true;
    const [startedAt, cpu, from] = [performance.now(), cpuMicros(server.pid), events];
    for (let sample = 0; sample * SAMPLE_MS < MEASURED_MS; sample++) {
      await delay(SAMPLE_MS);
      resident.push(residentMiB(server.pid));
    }
    const ms = performance.now() - startedAt;
    isMeasured = false;
    return {
      cpu: (cpuMicros(server.pid) - cpu) / ms / 10,
      eventsASecond: ((events - from) * 1_000) / ms,
      lags,
      resident,
    };
  };
  const figures = await Promise.race([measured(), Promise.all(readers).then(() => undefined)]);
  isOver = true;
  for (const channel of channels) channel.close();
  await server.stop();
  await Promise.all(readers);
  if (figures === undefined) throw new Error("the streams ended before they were measured");
  return figures;
}

/** `least`: the floor's figures, which have no bar. */
function rowsOf(name: string, of: Figures, least: Figures): readonly Row[] {
  const isFloor = of === least;
  const about = `1,000 live streams, ${name}`;
  const third = Math.floor(of.resident.length / 3);
  return [
    {
      figure: `${about}: one core`,
      unit: "% CPU",
      value: of.cpu,
      ...(!isFloor && { floor: least.cpu }),
    },
    {
      figure: `${about}: delivered beside offered`,
      unit: "events/s",
      value: of.eventsASecond,
      floor: OFFERED_A_SECOND,
      ...(!isFloor && { bar: { of: "ratio", least: 0.98 } }),
    },
    {
      figure: `${about}: lag p50`,
      unit: "ms",
      value: median(of.lags),
      ...(!isFloor && { floor: median(least.lags) }),
    },
    {
      figure: `${about}: lag p99`,
      unit: "ms",
      value: quantile(of.lags, 0.99),
      ...(!isFloor && { floor: quantile(least.lags, 0.99) }),
    },
    {
      figure: `${about}: memory, last third beside the first`,
      unit: "MiB",
      value: median(of.resident.slice(-third)),
      floor: median(of.resident.slice(0, third)),
      ...(!isFloor && { bar: { of: "ratio", most: 1.1 } }),
      note: `every 5 s ${of.resident
        .filter((_, second) => second % 5 === 4)
        .map(Math.round)
        .join(" ")}`,
    },
  ];
}

export const live: Leg = {
  name: "live",
  about: "1,000 streams of 20 events a second each on one processor, by store",
  needsRedis: true,
  async run(scene) {
    const least = await liveStreams(await scene.floor("stream"));
    const rows = [...rowsOf("the floor", least, least)];
    for (const name of STORES) {
      const gateway = await scene.gateway({
        STEER_STREAM_STORE: await scene.store(name),
        STEER_LIMIT_MAX_IN_FLIGHT: String(STREAMS * 2),
        ...(name === "memory" && { STEER_STREAM_MAX_TOTAL_BYTES: STORE_BYTES }),
      });
      rows.push(...rowsOf(name, await liveStreams(gateway), least));
    }
    return rows;
  },
};
