// Responses behind three replicas: what OpenAI's own client reads when replicas die.
import { setImmediate as nextTurn } from "node:timers/promises";
import OpenAI from "openai";
import type { ResponseStreamEvent } from "openai/resources/responses/responses";
import { describe, expect, it } from "vitest";
import { isNightly } from "../support/nightly.ts";
import { SLOW_MS, useCluster } from "./harness/in-test.ts";
import type { Scene } from "./harness/scene.ts";
import { token } from "./harness/script.ts";

/** Each kill cuts so many streams, each at another place. */
const STREAMS = 10;
const KILLS = isNightly ? 10 : 1;
const LIMIT_MS = SLOW_MS * KILLS;
const TOKENS = 40;
const PACE_MS = 20;

const newScene = useCluster();

interface Reading {
  id: string;
  text: string;
  readonly numbers: number[];
  last: string;
  /** The stream has ended or is broken. */
  isOver: boolean;
}

function clientOf(scene: Scene, replica: number): OpenAI {
  const { process } = scene.cluster.replicas[replica] ?? {};
  return new OpenAI({ baseURL: `http://${process?.http}/v1`, apiKey: "unused", maxRetries: 0 });
}

function request(rid: string, model = "script") {
  const script = { rid, tokens: TOKENS, paceMs: PACE_MS };
  return { model, input: JSON.stringify(script) };
}

function wholeText(rid: string): string {
  return Array.from({ length: TOKENS }, (_, index) => token(rid, index)).join("");
}

const nothing = (): Reading => ({ id: "", text: "", numbers: [], last: "", isOver: false });

/** Reads on until the stream ends or breaks. */
async function read(stream: AsyncIterable<ResponseStreamEvent>, into: Reading): Promise<void> {
  try {
    for await (const event of stream) {
      into.numbers.push(event.sequence_number);
      into.last = event.type;
      if (event.type === "response.output_text.delta") into.text += event.delta;
    }
  } finally {
    into.isOver = true;
  }
}

const hasEnded = ({ last }: Reading): boolean => last === "response.completed";

/** Until a reader has so many events, or all that come. */
async function has(reading: Reading, events: number): Promise<void> {
  while (reading.numbers.length < events && !reading.isOver) await nextTurn();
}

/** Different after every kill, and the same in every run. */
function cutAt(kill: number): number {
  return 4 + ((kill * 7) % TOKENS);
}

function expectDense({ numbers }: Reading): void {
  expect(numbers).toEqual(numbers.map((_, index) => index));
}

function expectWhole(reading: Reading, rid: string): void {
  expect(reading.text).toBe(wholeText(rid));
  expectDense(reading);
  expect(reading.last).toBe("response.completed");
}

/** A stream that a reader has a part of. */
interface Cut {
  readonly rid: string;
  readonly reading: Reading;
  /** The error with which the reader's stream ended. */
  readonly ended: Promise<unknown>;
}

/** Background streams of replica 0 that are read at replica 1, some events apart, until one of the two dies. */
async function cutStreams(
  scene: Scene,
  victim: number,
  kill: number,
  model?: string,
): Promise<Cut[]> {
  const cuts: Cut[] = [];
  for (let index = 0; index < STREAMS; index++) {
    const rid = `door-responses-${victim}-${model}-${process.pid}-${kill}-${index}`;
    const reading = nothing();
    const asked = { ...request(rid, model), background: true } as const;
    reading.id = (await clientOf(scene, 0).responses.create(asked)).id;
    const { responses } = clientOf(scene, 1);
    const stream = await responses.retrieve(reading.id, { stream: true });
    const ended = read(stream, reading).then(
      () => undefined,
      (error: unknown) => error,
    );
    cuts.push({ rid, reading, ended });
    await has(reading, 3);
  }
  const last = cuts.at(-1);
  if (last !== undefined) await has(last.reading, cutAt(kill));
  await scene.cluster.replicas[victim]?.process.kill();
  await Promise.all(cuts.map(({ ended }) => ended));
  return cuts;
}

describe("kill -9 of a replica", () => {
  it(
    "that serves the readers: another one gives the rest, and no event twice",
    async () => {
      for (let kill = 0; kill < KILLS; kill++) {
        const scene = await newScene();
        for (const { rid, reading } of await cutStreams(scene, 1, kill)) {
          if (!hasEnded(reading)) {
            const { responses } = clientOf(scene, 2);
            // Each reader has some events by then.
            const after = { stream: true, starting_after: reading.numbers.at(-1) ?? 0 } as const;
            await read(await responses.retrieve(reading.id, after), reading);
          }
          expectWhole(reading, rid);
        }
      }
    },
    LIMIT_MS,
  );

  it(
    "that owns the streams: their readers get an error after content, the whole answer before, and no clean end",
    async () => {
      for (let kill = 0; kill < KILLS; kill++) {
        const scene = await newScene();
        for (const { rid, reading, ended } of await cutStreams(scene, 0, kill)) {
          const error = await ended;
          if (error === undefined) {
            expectWhole(reading, rid);
            continue;
          }
          expect(error).toBeInstanceOf(OpenAI.APIError);
          expectDense(reading);
          expect(wholeText(rid).startsWith(reading.text)).toBe(true);
          const state = await clientOf(scene, 2).responses.retrieve(reading.id);
          expect(state.status).toBe("failed");
        }
      }
    },
    LIMIT_MS,
  );

  it(
    "that owns the streams, before a target that can continue a text: the exact answer",
    async () => {
      for (let kill = 0; kill < KILLS; kill++) {
        const scene = await newScene();
        for (const { rid, reading, ended } of await cutStreams(scene, 0, kill, "prefill")) {
          expect(await ended).toBeUndefined();
          expectWhole(reading, rid);
        }
      }
    },
    LIMIT_MS,
  );
});
