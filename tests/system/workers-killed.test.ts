// Workers that are killed under load, over each store, with the defaults of the service and of its helper.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generate, streamGenerate } from "../../clients/typescript/steer.ts";
import type { StreamEvent } from "../../gen/es/steer/v1/stream_pb.js";
import { CALLER_CONFIG, type HelperClient, helperClient } from "../support/helper-clients.ts";
import { type RedisServer, startRedis } from "../support/redis.ts";
import { eventually } from "../support/stack.ts";
import { startWorkers, type Workers } from "../support/workers.ts";

const STREAM_LOOPS = 8;
const UNARY_LOOPS = 6;
const KILLS = 3;
const PAUSE_MS = 50;
/** Longest wait for each caller's next whole call. */
const TIMEOUT_MS = 60_000;

const QUICK = { model: "simulator", prompt: "Hi" };
/** Two seconds: each kill meets some that run. */
const STREAMED = { ...QUICK, providerOptions: { simulator: { tokens: 40, pace_ms: 50 } } };

const STORES = ["redis", "memory", "sqlite"] as const;

let folder: string;
let redis: RedisServer;
let service: Workers;
let clients: HelperClient[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "steer-workers-"));
  redis = await startRedis();
});

afterAll(async () => {
  await redis[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

async function start(store: (typeof STORES)[number]): Promise<void> {
  const url = { redis: redis.url, memory: "memory", sqlite: `sqlite:${folder}/steer.db` }[store];
  service = await startWorkers(2, {
    config: CALLER_CONFIG,
    env: { STEER_STREAM_STORE: url },
  });
  clients = Array.from({ length: STREAM_LOOPS + UNARY_LOOPS }, () =>
    helperClient("grpc-js", service.grpc),
  );
}

async function stop(): Promise<void> {
  for (const { close } of clients) close();
  await service[Symbol.asyncDispose]();
}

/** What is wrong with the events of a stream that has ended; undefined: nothing. */
function flawOf(events: readonly StreamEvent[]): string | undefined {
  const kept = events.filter(({ event }) => event.case !== "heartbeat");
  const gap = kept.findIndex(({ sequence }, index) => sequence !== index + 1);
  if (gap >= 0) return `event ${gap + 1} has the sequence ${kept[gap]?.sequence}`;
  const last = kept.at(-1)?.event;
  return last?.case === "complete" ? undefined : `the last event is ${last?.case}`;
}

function isKept([first]: readonly StreamEvent[]): boolean {
  return first?.event.case !== "start" || first.event.value.resumable;
}

const isOfModels = ({ method }: Readonly<Record<string, unknown>>): boolean =>
  method === "openai.v1/models";

describe.each(STORES)("a worker that is killed, over %s", (store) => {
  beforeAll(() => start(store));
  afterAll(() => stop());

  it("is replaced, and its calls go on at the other: no event is lost or doubled", async () => {
    const failures: string[] = [];
    const done = { unary: 0, streams: 0, reconnects: 0, unkept: 0 };
    const ending = new AbortController();
    let kills = 0;
    /** The loops that have not yet begun and ended a call since the last kill. */
    const behind = new Set<number>();
    const loop = async (
      index: number,
      kind: "unary" | "streams",
      call: () => Promise<string | undefined>,
    ) => {
      while (!ending.signal.aborted) {
        const before = kills;
        const flaw = await call().catch((error: unknown) => String(error));
        if (flaw !== undefined) failures.push(`${kind}: ${flaw}`);
        done[kind]++;
        if (before === kills) behind.delete(index);
        await delay(PAUSE_MS);
      }
    };
    const loops = clients.map(({ client }, index) =>
      index < UNARY_LOOPS
        ? loop(index, "unary", async () => {
            const { generation } = await generate(client, { spec: QUICK });
            return generation?.outputText ? undefined : "no text";
          })
        : loop(index, "streams", async () => {
            const events: StreamEvent[] = [];
            const options = { onReconnect: () => void done.reconnects++ };
            try {
              for await (const event of streamGenerate(client, { spec: STREAMED }, options)) {
                events.push(event);
              }
            } catch (error) {
              // While a busy machine keeps the store from answering in time, a stream says that it is kept nowhere.
              if (isKept(events)) throw error;
              done.unkept++;
              return undefined;
            }
            return flawOf(events);
          }),
    );
    const replicas = new Set(service.lines("worker ready").map(({ replica }) => replica));
    while (kills < KILLS) {
      for (const index of clients.keys()) behind.add(index);
      // A stream must not meet three kills, since the default is two takeovers.
      await eventually(() => behind.size === 0, TIMEOUT_MS);
      await service.replace(kills % 2);
      kills++;
    }
    ending.abort();
    await Promise.all(loops);
    expect(failures).toEqual([]);
    expect(done.unkept).toBeLessThan(done.streams / 4);
    expect(done.reconnects).toBeGreaterThan(0);
    expect(done.streams).toBeGreaterThan(STREAM_LOOPS);
    expect(done.unary).toBeGreaterThan(UNARY_LOOPS);
    // What a dead worker has begun ends at another.
    expect(service.lines("takeover").length).toBeGreaterThan(0);
    for (const { replica } of service.lines("worker ready")) replicas.add(replica);
    expect(replicas.size).toBe(2 + KILLS);
    const ended = service.lines("worker ended");
    expect(ended.map(({ worker, signal }) => [worker, signal])).toEqual([
      [0, "SIGKILL"],
      [1, "SIGKILL"],
      [0, "SIGKILL"],
    ]);
    expect(ended[0]?.["replaced_in_ms"]).toBe(0);
  });

  it("loses no connection that was handed to it and not yet taken", async () => {
    const [halted = 0] = service.pids();
    process.kill(halted, "SIGSTOP");
    const before = service.lines("worker ready").length;
    const answers = Array.from({ length: 20 }, async () => {
      const init = { headers: { connection: "close", authorization: "Bearer key-of-the-test" } };
      const response = await fetch(`${service.http}/v1/models`, init);
      await response.arrayBuffer();
      return response.headers.get("x-steer-replica");
    });
    // Half of them wait for the worker that stands still.
    await eventually(() => service.lines("call").filter(isOfModels).length >= 10);
    process.kill(halted, "SIGKILL");
    expect(await Promise.all(answers)).toHaveLength(20);
    await eventually(() => service.lines("worker ready").length > before);
  });
});
