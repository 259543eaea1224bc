// kill -9 of the replica that runs a stream of a door: the readers are at another one.
import { describe, expect, it } from "vitest";
import { isNightly } from "../support/nightly.ts";
import { eventText } from "./harness/event-text.ts";
import { SLOW_MS, useCluster } from "./harness/in-test.ts";
import type { Scene } from "./harness/scene.ts";
import { token } from "./harness/script.ts";

const ROUNDS = isNightly ? 100 : 2;
const TOKENS = 30;
const PACE_MS = 15;

const newScene = useCluster();

/** What a reader has of a stream. */
interface Reading {
  status: number;
  text: string;
  readonly ids: string[];
  /** The events after the last text. */
  end: string;
  isWhole: boolean;
}

interface DoorCase {
  readonly name: string;
  readonly path: string;
  /** More fields of a request. */
  readonly more: object;
  /** Texts that stand in the last events of an answer, and of a failure. */
  readonly end: string;
  readonly error: string;
}

const DOORS: readonly DoorCase[] = [
  { name: "Chat", path: "/v1/chat/completions", more: {}, end: "data: [DONE]", error: '"error":' },
  {
    name: "Messages",
    path: "/v1/messages",
    more: { max_tokens: 1_000 },
    end: "event: message_stop",
    error: "event: error",
  },
];

interface Asked {
  readonly model: string;
  readonly rid: string;
  readonly headers?: Readonly<Record<string, string>>;
}

function wholeText(rid: string): string {
  return Array.from({ length: TOKENS }, (_, index) => token(rid, index)).join("");
}

/** Reads a stream to its end. */
async function read(
  scene: Scene,
  replica: number,
  { path, more }: DoorCase,
  { model, rid, headers = {} }: Asked,
  into: Reading,
): Promise<void> {
  const { process } = scene.cluster.replicas[replica] ?? {};
  const script = { rid, tokens: TOKENS, paceMs: PACE_MS };
  const messages = [{ role: "user", content: JSON.stringify(script) }];
  const response = await fetch(`http://${process?.http}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", "idempotency-key": rid, ...headers },
    body: JSON.stringify({ model, messages, ...more, stream: true }),
  });
  into.status = response.status;
  let rest = "";
  const decoder = new TextDecoder();
  for await (const piece of response.body ?? []) {
    const events = (rest + decoder.decode(piece, { stream: true })).split("\n\n");
    rest = events.pop() ?? "";
    for (const event of events) {
      const text = eventText(event);
      into.text += text;
      into.end = text === "" ? `${into.end}${event}\n\n` : "";
      const id = /^id: (.*)$/m.exec(event)?.[1];
      if (id !== undefined) into.ids.push(id);
    }
  }
  into.isWhole = rest === "";
}

const nothing = (): Reading => ({ status: 0, text: "", ids: [], end: "", isWhole: false });

/** The first call creates the stream at replica 0; the reader joins at replica 1. Replica 0 dies at a token. */
async function readThrough(
  scene: Scene,
  door: DoorCase,
  asked: Asked,
  cut: number,
): Promise<Reading> {
  const owner = nothing();
  const created = read(scene, 0, door, asked, owner).catch(() => {});
  const { provider } = scene.cluster;
  const sent = async (): Promise<number> => (await provider.figures()).tokensOf[asked.rid] ?? 0;
  while ((await sent()) < 1) await new Promise((resolve) => setImmediate(resolve));
  const reading = nothing();
  const joined = read(scene, 1, door, asked, reading);
  while ((await sent()) < cut) await new Promise((resolve) => setImmediate(resolve));
  await scene.cluster.replicas[0]?.process.kill();
  await joined;
  await created;
  return reading;
}

/** Different in every round, and the same in every run. */
function cutAt(round: number): number {
  return 1 + ((round * 7) % (TOKENS - 2));
}

describe.each(DOORS)("kill -9 of the owner of a stream of $name", (door) => {
  const { name, end, error } = door;

  it(
    "before a target that can continue a text: the exact answer",
    async () => {
      for (let round = 0; round < ROUNDS; round++) {
        const scene = await newScene();
        const asked = { model: "prefill", rid: `door-go-on-${name}-${process.pid}-${round}` };
        const reading = await readThrough(scene, door, asked, cutAt(round));
        expect(reading.text).toBe(wholeText(asked.rid));
        expect(reading.end).toContain(end);
        expect(new Set(reading.ids).size).toBe(reading.ids.length);
      }
    },
    SLOW_MS,
  );

  it(
    "with `x-steer-commit: complete`: the exact answer",
    async () => {
      for (let round = 0; round < ROUNDS; round++) {
        const scene = await newScene();
        const rid = `door-held-${name}-${process.pid}-${round}`;
        const asked = { model: "script", rid, headers: { "x-steer-commit": "complete" } };
        const reading = await readThrough(scene, door, asked, cutAt(round));
        expect(reading.text).toBe(wholeText(rid));
        expect(reading.end).toContain(end);
      }
    },
    SLOW_MS,
  );

  it(
    "before a target that cannot: the whole answer, or an error behind a beginning of it",
    async () => {
      for (let round = 0; round < ROUNDS; round++) {
        const scene = await newScene();
        const asked = { model: "script", rid: `door-lost-${name}-${process.pid}-${round}` };
        const reading = await readThrough(scene, door, asked, cutAt(round));
        expect(wholeText(asked.rid).startsWith(reading.text)).toBe(true);
        const isComplete = reading.text === wholeText(asked.rid) && reading.end.includes(end);
        if (isComplete) continue;
        expect(reading.status === 200 ? reading.end : error).toContain(error);
        expect(reading.end).not.toContain(end);
      }
    },
    SLOW_MS,
  );
});
