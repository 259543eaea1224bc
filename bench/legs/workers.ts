import { setTimeout as delay } from "node:timers/promises";
import { unaryLoad } from "../calls.ts";
import { run } from "../load.ts";
import { beside, cpuPer, interleave } from "../measure.ts";
import { childrenOf, cpuMicros, residentMiB, type Served } from "../processes.ts";
import type { Leg } from "../scene.ts";
import { grpcSubject, type Subject } from "../subject.ts";

const WORKERS = 2;
/** Each channel is one connection, and so at one worker. */
const CHANNELS = 8;
const SETTLED_MS = 2_000;
/** Twice this many calls are made at each process until its code is compiled. */
const WARM_CALLS = 5_000;
const WIDTH = 32;
const ROUNDS = 5;
/** Milliseconds of the window for a measured call of each process. */
const WINDOW_MS_PER_CALL = 20;

/** Calls by several channels in turn. */
function overChannels({ server, address }: Served): Subject {
  const one = grpcSubject(server, unaryLoad(address, "bench"));
  return {
    server,
    open() {
      const clients = Array.from({ length: CHANNELS }, () => one.open());
      let calls = 0;
      const next = () => clients[calls++ % CHANNELS] ?? one.open();
      return {
        call: () => next().call(),
        stream: (onPiece, signal) => next().stream(onPiece, signal),
        close: () => clients.forEach((client) => void client.close()),
      };
    },
  };
}

/**
 * CPU microseconds of a call, after as many calls that are not measured. A number of calls and not a time, because V8
 * compiles by the calls of a process: in the same time, each of several workers would have had fewer than one process.
 */
async function costOf(subject: Subject, calls: number): Promise<number> {
  const client = subject.open();
  try {
    return await cpuPer(subject.server, async () => {
      await run(calls, WIDTH, () => client.call());
      return calls;
    });
  } finally {
    client.close();
  }
}

/** CPU microseconds of the primary itself, and of each of its workers. */
function parts({ server }: Served): readonly number[] {
  const workers = childrenOf(server.pid).map(cpuMicros);
  return [cpuMicros(server.pid) - workers.reduce((sum, one) => sum + one, 0), ...workers];
}

export const workers: Leg = {
  name: "workers",
  about: "CPU of a unary call with two workers and their primary, beside one process",
  needsRedis: true,
  async run(scene) {
    const store = await scene.store("redis");
    const env = { STEER_STREAM_STORE: store };
    const single = await scene.gateway(env);
    const several = await scene.gateway({ ...env, STEER_WORKERS: String(WORKERS) });
    await delay(SETTLED_MS);
    const memory = [single, several].map(({ server }) => residentMiB(server.pid));
    const [one, two] = [overChannels(single), overChannels(several)];
    await costOf(one, WARM_CALLS);
    await costOf(two, WORKERS * WARM_CALLS);
    const before = parts(several);
    const calls = Math.ceil(scene.windowMs / WINDOW_MS_PER_CALL);
    const of = await interleave(
      { several: () => costOf(two, WORKERS * calls), single: () => costOf(one, calls) },
      ROUNDS,
    );
    const spent = parts(several).map((part, index) => part - (before[index] ?? 0));
    const [primary = Number.NaN, ...rest] = spent;
    const ofWorkers = rest.reduce((sum, part) => sum + part, 0);
    const [memoryOfOne = Number.NaN, memoryOfAll = Number.NaN] = memory;
    return [
      {
        figure: "unary with two workers and their primary, beside one process",
        unit: "µs/call",
        ...beside(of.several, of.single),
        bar: { of: "ratio", most: 1.15 },
        target: "cores",
        note: `${CHANNELS} channels; all processes share one processor`,
      },
      {
        figure: "the larger share of two workers in the CPU of both",
        unit: "",
        value: Math.max(...rest) / ofWorkers,
        bar: { of: "value", most: 0.65 },
      },
      {
        figure: "share of the primary in the CPU of all",
        unit: "",
        value: primary / (primary + ofWorkers),
      },
      {
        figure: "idle memory with two workers and their primary, beside one process",
        unit: "MiB",
        value: memoryOfAll,
        floor: memoryOfOne,
      },
    ];
  },
};
