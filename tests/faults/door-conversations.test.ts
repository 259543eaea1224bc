// Stored responses behind three replicas: equal bytes, and conversations that go on when replicas die.
import OpenAI from "openai";
import { describe, expect, it } from "vitest";
import { isNightly } from "../support/nightly.ts";
import { eventually } from "../support/stack.ts";
import { SLOW_MS, useCluster } from "./harness/in-test.ts";
import type { Scene } from "./harness/scene.ts";
import { type Script, type ScriptFault, token } from "./harness/script.ts";

const ROUNDS = isNightly ? 10 : 1;
const LIMIT_MS = SLOW_MS * ROUNDS;
const TOKENS = 30;
const PACE_MS = 20;

const newScene = useCluster();

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

/** The text of a stored response, read to its end. */
async function answerOf(scene: Scene, replica: number, id: string): Promise<string> {
  let text = "";
  const stream = await clientOf(scene, replica).responses.retrieve(id, { stream: true });
  for await (const event of stream) {
    if (event.type === "response.output_text.delta") text += event.delta;
  }
  return text;
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

describe("kill -9 of a replica", () => {
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
    LIMIT_MS,
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
        expect(await answerOf(scene, 2, running.id)).toBe(wholeText(second));
        const told = [request(first).input, wholeText(first), request(second, SILENT).input];
        expect(await inputOf(scene, 2, running.id)).toEqual(told);
        const last = await responses.create({
          ...request(third),
          previous_response_id: running.id,
        });
        expect(last.output_text).toBe(wholeText(third));
        const all = [...told, wholeText(second), request(third).input];
        expect(await inputOf(scene, 2, last.id)).toEqual(all);
      }
    },
    LIMIT_MS,
  );
});
