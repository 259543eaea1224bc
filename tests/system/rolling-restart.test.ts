// A rolling restart of two replicas under calls that do not pause, with the defaults of the service and of its helper.
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generate, streamGenerate } from "../../clients/typescript/steer.ts";
import type { StreamEvent } from "../../gen/es/steer/v1/stream_pb.js";
import { CALLER_CONFIG, type HelperClient, helperClient } from "../support/helper-clients.ts";
import { type RedisServer, startRedis } from "../support/redis.ts";
import { type ReplicaSet, startReplicas } from "../support/replica-set.ts";

const UNARY_LOOPS = 8;
const STREAM_LOOPS = 6;
const PAUSE_MS = 50;
const SLOW_MS = 120_000;

const QUICK = { model: "simulator", prompt: "Hi" };
/** Two seconds: each restart meets some that run. */
const STREAMED = { ...QUICK, providerOptions: { simulator: { tokens: 40, pace_ms: 50 } } };

let redis: RedisServer;
let replicas: ReplicaSet;
let clients: HelperClient[] = [];

beforeAll(async () => {
  redis = await startRedis();
  replicas = await startReplicas(2, {
    config: CALLER_CONFIG,
    env: { STEER_STREAM_STORE: redis.url },
  });
  const [a, b] = replicas.addresses;
  // A client takes the first of its addresses that answers: some begin at each replica.
  clients = [`ipv4:${a},${b}`, `ipv4:${b},${a}`].map((address) => helperClient("grpc-js", address));
});

afterAll(async () => {
  for (const { close } of clients) close();
  await replicas[Symbol.asyncDispose]();
  await redis[Symbol.asyncDispose]();
});

/** What is wrong with the events of a stream that has ended; undefined: nothing. */
function flawOf(events: readonly StreamEvent[]): string | undefined {
  const kept = events.filter(({ event }) => event.case !== "heartbeat");
  const gap = kept.findIndex(({ sequence }, index) => sequence !== index + 1);
  if (gap >= 0) return `event ${gap + 1} has the sequence ${kept[gap]?.sequence}`;
  const last = kept.at(-1)?.event;
  return last?.case === "complete" ? undefined : `the last event is ${last?.case}`;
}

/** Loops of calls until they are told to stop. */
function startLoops() {
  const failures: string[] = [];
  const done = { unary: 0, streams: 0 };
  const stop = new AbortController();
  const loop = async (kind: keyof typeof done, call: () => Promise<string | undefined>) => {
    while (!stop.signal.aborted) {
      const flaw = await call().catch((error: unknown) => String(error));
      if (flaw !== undefined) failures.push(`${kind}: ${flaw}`);
      done[kind]++;
      await delay(PAUSE_MS);
    }
  };
  const clientOf = (index: number) => (clients[index % clients.length] as HelperClient).client;
  const loops = [
    ...Array.from({ length: UNARY_LOOPS }, (_, index) =>
      loop("unary", async () => {
        const { generation } = await generate(clientOf(index), { spec: QUICK });
        return generation?.outputText ? undefined : "no text";
      }),
    ),
    ...Array.from({ length: STREAM_LOOPS }, (_, index) =>
      loop("streams", async () => {
        const events: StreamEvent[] = [];
        for await (const event of streamGenerate(clientOf(index), { spec: STREAMED })) {
          events.push(event);
        }
        return flawOf(events);
      }),
    ),
  ];
  return {
    failures,
    done,
    async end() {
      stop.abort();
      await Promise.all(loops);
    },
  };
}

describe("field:E25 a rolling restart of two replicas", () => {
  it(
    "fails no call of the TypeScript helper, and loses or doubles no event",
    async () => {
      const loops = startLoops();
      const exits: (number | null)[] = [];
      for (const index of [0, 1]) {
        await delay(1_000);
        const before = loops.done.unary;
        exits.push(await replicas.restart(index));
        expect(loops.done.unary - before).toBeGreaterThan(UNARY_LOOPS);
      }
      await loops.end();
      expect(loops.failures).toEqual([]);
      expect(exits).toEqual([0, 0]);
      expect(loops.done.streams).toBeGreaterThan(STREAM_LOOPS);
      // Not even a refusal that the helper made good.
      const refused = replicas.log().filter(({ event, code }) => event === "call" && code !== "OK");
      expect(refused).toEqual([]);
    },
    SLOW_MS,
  );
});
