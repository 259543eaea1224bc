// Responses behind three replicas: what OpenAI's own client reads when replicas die.
import OpenAI from "openai";
import type { ResponseStreamEvent } from "openai/resources/responses/responses";
import { describe, expect, it } from "vitest";
import { isNightly } from "../support/nightly.ts";
import { eventually } from "../support/stack.ts";
import { SLOW_MS, useCluster } from "./harness/in-test.ts";
import type { Scene } from "./harness/scene.ts";
import { type Script, type ScriptFault, token } from "./harness/script.ts";

const ROUNDS = isNightly ? 100 : 3;
const TOKENS = 30;
const PACE_MS = 20;

const newScene = useCluster();

interface Reading {
  id: string;
  text: string;
  readonly numbers: number[];
  last: string;
}

function clientOf(scene: Scene, replica: number): OpenAI {
  const { process } = scene.cluster.replicas[replica] ?? {};
  return new OpenAI({ baseURL: `http://${process?.http}/v1`, apiKey: "unused", maxRetries: 0 });
}

/** Its first attempt says nothing, so that its owner can be killed before content. */
const SILENT = [{ attempt: 1, stallAt: 0 }];

function request(rid: string, faults: readonly ScriptFault[] = []) {
  const script: Script = { rid, tokens: TOKENS, paceMs: PACE_MS, faults };
  return { model: "script", input: JSON.stringify(script) };
}

function wholeText(rid: string): string {
  return Array.from({ length: TOKENS }, (_, index) => token(rid, index)).join("");
}

const nothing = (): Reading => ({ id: "", text: "", numbers: [], last: "" });

/** Reads on until the stream ends, breaks, or has given `most` events more. */
async function read(
  stream: AsyncIterable<ResponseStreamEvent>,
  into: Reading,
  most = Number.POSITIVE_INFINITY,
): Promise<void> {
  let count = 0;
  for await (const event of stream) {
    into.numbers.push(event.sequence_number);
    into.last = event.type;
    if (event.type === "response.created") into.id = event.response.id;
    if (event.type === "response.output_text.delta") into.text += event.delta;
    if (++count >= most) return;
  }
}

/** Waits until the provider has an attempt of the request. */
async function attempted(scene: Scene, rid: string): Promise<void> {
  const { provider } = scene.cluster;
  await eventually(async () => ((await provider.figures()).callsOf[rid] ?? 0) > 0);
}

async function kill(scene: Scene, replica: number): Promise<void> {
  await scene.cluster.replicas[replica]?.process.kill();
}

/** The stream of a response as it is sent. */
async function textOf(scene: Scene, replica: number, id: string): Promise<string> {
  const { process } = scene.cluster.replicas[replica] ?? {};
  return (await fetch(`http://${process?.http}/v1/responses/${id}?stream=true`)).text();
}

/** The texts that a response was made from. */
async function inputOf(scene: Scene, replica: number, id: string): Promise<string[]> {
  const texts: string[] = [];
  const pages = clientOf(scene, replica).responses.inputItems.list(id, { order: "asc", limit: 2 });
  for await (const item of pages) {
    const { content } = item as { readonly content: readonly { readonly text: string }[] };
    texts.push(content.map(({ text }) => text).join(""));
  }
  return texts;
}

/** Different in every round, and the same in every run. */
function cutAt(round: number): number {
  return 1 + ((round * 7) % TOKENS);
}

describe("kill -9 of a replica", () => {
  it(
    "that serves the reader: another one gives the rest, and no event twice",
    async () => {
      for (let round = 0; round < ROUNDS; round++) {
        const scene = await newScene();
        const rid = `door-reader-${process.pid}-${round}`;
        const reading = nothing();
        const created = await clientOf(scene, 0).responses.create({
          ...request(rid),
          background: true,
          stream: true,
        });
        await read(created, reading, 1);
        const at = async (replica: number) =>
          clientOf(scene, replica).responses.retrieve(reading.id, {
            stream: true,
            starting_after: reading.numbers.at(-1) ?? 0,
          });
        const cut = read(await at(1), reading, Number.POSITIVE_INFINITY).catch(() => {});
        while (reading.numbers.length < cutAt(round) && reading.last !== "response.completed") {
          await new Promise((resolve) => setImmediate(resolve));
        }
        await kill(scene, 1);
        await cut;
        if (reading.last !== "response.completed") await read(await at(2), reading);
        expect(reading.text).toBe(wholeText(rid));
        expect(reading.numbers).toEqual(reading.numbers.map((_, index) => index));
        expect(reading.last).toBe("response.completed");
      }
    },
    SLOW_MS,
  );

  it(
    "that owns the stream: its readers get an error after content, the whole answer before, and no clean end",
    async () => {
      for (let round = 0; round < ROUNDS; round++) {
        const scene = await newScene();
        const rid = `door-owner-${process.pid}-${round}`;
        const reading = nothing();
        const created = await clientOf(scene, 0).responses.create({
          ...request(rid),
          background: true,
        });
        reading.id = created.id;
        const stream = await clientOf(scene, 1).responses.retrieve(created.id, { stream: true });
        const ended = read(stream, reading).then(
          () => undefined,
          (error: unknown) => error,
        );
        const wanted = round % 2 === 0 ? 0 : 3 + cutAt(round);
        while (reading.numbers.length < wanted && reading.last !== "response.completed") {
          await new Promise((resolve) => setImmediate(resolve));
        }
        await kill(scene, 0);
        const error = await ended;
        expect(reading.numbers).toEqual(reading.numbers.map((_, index) => index));
        if (error === undefined) {
          expect(reading.last).toBe("response.completed");
          expect(reading.text).toBe(wholeText(rid));
        } else {
          expect(error).toBeInstanceOf(OpenAI.APIError);
          expect(wholeText(rid).startsWith(reading.text)).toBe(true);
          const state = await clientOf(scene, 2).responses.retrieve(created.id);
          expect(state.status).toBe("failed");
        }
      }
    },
    SLOW_MS,
  );

  it(
    "that owns the stream: readers at both others get the same bytes",
    async () => {
      for (let round = 0; round < ROUNDS; round++) {
        const scene = await newScene();
        const rid = `door-bytes-${process.pid}-${round}`;
        const { id } = await clientOf(scene, 0).responses.create({
          ...request(rid, SILENT),
          background: true,
        });
        await attempted(scene, rid);
        await kill(scene, 0);
        const [at1, at2] = await Promise.all([1, 2].map((replica) => textOf(scene, replica, id)));
        expect(at1).toBe(at2);
        expect(at1).toContain("event: response.completed\n");
        expect(await textOf(scene, 1, id)).toBe(at1);
      }
    },
    SLOW_MS,
  );

  it(
    "that has answered: a conversation goes on at another one, and a third one takes its next turn over",
    async () => {
      for (let round = 0; round < ROUNDS; round++) {
        const scene = await newScene();
        const turns = ["a", "b", "c"].map((turn) => `door-turn-${turn}-${process.pid}-${round}`);
        const [first = "", second = "", third = ""] = turns;
        const before = await clientOf(scene, 0).responses.create(request(first));
        expect(before.output_text).toBe(wholeText(first));
        await kill(scene, 0);
        const running = await clientOf(scene, 1).responses.create({
          ...request(second, SILENT),
          previous_response_id: before.id,
          background: true,
        });
        await attempted(scene, second);
        await kill(scene, 1);
        const { responses } = clientOf(scene, 2);
        const reading = nothing();
        await read(await responses.retrieve(running.id, { stream: true }), reading);
        const told = [request(first).input, wholeText(first), request(second, SILENT).input];
        expect(await inputOf(scene, 2, running.id)).toEqual(told);
        expect(reading.text).toBe(wholeText(second));
        const last = await responses.create({
          ...request(third),
          previous_response_id: running.id,
        });
        expect(last.output_text).toBe(wholeText(third));
        const all = [...told, wholeText(second), request(third).input];
        expect(await inputOf(scene, 2, last.id)).toEqual(all);
      }
    },
    SLOW_MS,
  );
});
