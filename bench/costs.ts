// What calls, streams and tokens cost a subject, each measured for a time after as long a time of the same load.
import { setTimeout as delay } from "node:timers/promises";
import { run } from "./load.ts";
import { cpuPer, median } from "./measure.ts";
import { cpuMicros } from "./processes.ts";
import type { Client, Subject } from "./subject.ts";

const CALL_WIDTH = 32;
const STREAM_WIDTH = 16;
/** Slots until a short one has an event of each stream. */
const MOST_SLOTS = 10;
/** Stands in the first delta of the upstream's answers, and in nothing that a server sends before. */
const FIRST_WORD = "word ";

async function withClient<T>(subject: Subject, use: (client: Client) => Promise<T>): Promise<T> {
  const client = subject.open();
  try {
    return await use(client);
  } finally {
    client.close();
  }
}

/** Repeats `one` for a time, `width` times concurrently and at least once each. Returns the number of repetitions. */
async function repeat(ms: number, width: number, one: () => Promise<unknown>): Promise<number> {
  const end = performance.now() + ms;
  let count = 0;
  await Promise.all(
    Array.from({ length: width }, async () => {
      do {
        await one();
        count++;
      } while (performance.now() < end);
    }),
  );
  return count;
}

/**
 * Calls after which the code of a kind of call is compiled. A slow machine does not make so many in the time before a
 * measurement, and would show the cost of a process that is not warm yet.
 */
const WARM_CALLS = 10_000;

/** Makes calls until the cost of a call is steady. */
export async function warmUp(subject: Subject): Promise<void> {
  await withClient(subject, (client) => run(WARM_CALLS, CALL_WIDTH, () => client.call()));
}

/** CPU microseconds of a call, 32 at a time. */
export function callCost(subject: Subject, ms: number, width = CALL_WIDTH): Promise<number> {
  return withClient(subject, (client) =>
    cpuPer(subject.server, () => repeat(ms, width, () => client.call())),
  );
}

/** CPU microseconds of an event of streams that come as fast as they can, 16 at a time. */
export function eventCost(subject: Subject, ms: number): Promise<number> {
  return withClient(subject, (client) =>
    cpuPer(subject.server, async () => {
      let total = 0;
      await repeat(ms, STREAM_WIDTH, () =>
        client.stream((_piece, events) => {
          total += events;
        }),
      );
      return total;
    }),
  );
}

export interface Pace {
  /** Concurrent streams. */
  readonly width: number;
  /** Length of one stream in milliseconds. */
  readonly streamMs: number;
}

/** Holds streams open, each followed by the next, while `work` runs. Rejects if a stream fails. */
export async function whileStreaming<T>(
  { client, pace: { width, streamMs } }: { readonly client: Client; readonly pace: Pace },
  onEvents: (events: number) => void,
  work: () => Promise<T>,
): Promise<T> {
  const leave = new AbortController();
  const { signal } = leave;
  const readers = Array.from({ length: width }, async (_, index) => {
    // Starts are spread over the length of a stream.
    await delay((index * streamMs) / width);
    while (!signal.aborted) {
      await client.stream((_piece, events) => onEvents(events), signal);
    }
  });
  const failed = Promise.all(readers).then(() => Promise.reject(new Error("the streams ended")));
  try {
    return await Promise.race([work(), failed]);
  } finally {
    leave.abort();
    await Promise.allSettled([...readers, failed]);
  }
}

/** CPU microseconds of an event of paced streams, measured after every stream has begun. */
export function pacedCost(subject: Subject, ms: number, pace: Pace): Promise<number> {
  const { pid } = subject.server;
  return withClient(subject, (client) => {
    let events = 0;
    const count = (more: number): void => {
      events += more;
    };
    return whileStreaming({ client, pace }, count, async () => {
      await delay(pace.streamMs * 1.2);
      const [before, from] = [cpuMicros(pid), events];
      for (let slots = 0; slots < MOST_SLOTS && events - from < pace.width; slots++)
        await delay(ms);
      if (events === from) throw new Error("no event came: the machine is full, or --window short");
      return (cpuMicros(pid) - before) / (events - from);
    });
  });
}

/** Median milliseconds of a call, one at a time. */
export function callMs(subject: Subject, ms: number): Promise<number> {
  return withClient(subject, async (client) => {
    await repeat(ms / 2, 1, () => client.call());
    const times: number[] = [];
    await repeat(ms, 1, async () => {
      const startedAt = performance.now();
      await client.call();
      times.push(performance.now() - startedAt);
    });
    return median(times);
  });
}

/** Median milliseconds to the first delta, one stream at a time. */
export function firstTokenMs(subject: Subject, ms: number): Promise<number> {
  return withClient(subject, async (client) => {
    const times: number[] = [];
    const one = async (): Promise<void> => {
      const startedAt = performance.now();
      let firstMs: number | undefined;
      await client.stream((piece) => {
        if (firstMs === undefined && piece.includes(FIRST_WORD)) {
          firstMs = performance.now() - startedAt;
        }
      });
      if (firstMs === undefined) throw new Error("a stream ended without a first token");
      times.push(firstMs);
    };
    await repeat(ms / 2, 1, one);
    times.length = 0;
    await repeat(ms, 1, one);
    return median(times);
  });
}
