// kill -9 of the replica that runs a stream of a door: the readers are at another one.
import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { isNightly } from "../support/nightly.ts";
import { eventText } from "./harness/event-text.ts";
import { SLOW_MS, useCluster } from "./harness/in-test.ts";
import type { Scene } from "./harness/scene.ts";
import { token } from "./harness/script.ts";

/** Each kill cuts so many streams, each at another place. */
const STREAMS = 10;
const KILLS = isNightly ? 10 : 1;
const LIMIT_MS = SLOW_MS * KILLS;
const TOKENS = 40;
const PACE_MS = 15;

const newScene = useCluster();

/** What a reader has of a stream. */
interface Reading {
  status: number;
  text: string;
  readonly ids: string[];
  /** The events after the last text. */
  end: string;
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
}

const nothing = (): Reading => ({ status: 0, text: "", ids: [], end: "" });

/** Streams created at replica 0, which dies, and what their readers at replica 1 have in the end. */
async function readThrough(
  scene: Scene,
  door: DoorCase,
  asked: readonly Asked[],
  cut: number,
): Promise<Reading[]> {
  const { provider, replicas } = scene.cluster;
  /** Until the provider has sent so many tokens of a stream. */
  const sent = async ({ rid }: Asked, tokens: number): Promise<void> => {
    while (((await provider.figures()).tokensOf[rid] ?? 0) < tokens) await nextTurn();
  };
  const readings: Reading[] = [];
  const reads: Promise<void>[] = [];
  for (const each of asked) {
    const [owner, reading] = [nothing(), nothing()];
    readings.push(reading);
    // This call ends with its replica.
    const created = read(scene, 0, door, each, owner).catch(() => {});
    await sent(each, 1);
    // The streams are some tokens apart: the kill cuts each of them at another place.
    reads.push(created, read(scene, 1, door, each, reading));
    await sent(each, 2);
  }
  const last = asked.at(-1);
  if (last !== undefined) await sent(last, cut);
  await replicas[0]?.process.kill();
  await Promise.all(reads);
  return readings;
}

/** Different after every kill, and the same in every run. */
function cutAt(kill: number): number {
  return 2 + ((kill * 7) % (TOKENS - 4));
}

/** Kills the owner of streams again and again, and looks at what each reader has. */
async function killOwners(
  door: DoorCase,
  { model, headers = {} }: Pick<Asked, "model" | "headers">,
  look: (reading: Reading, whole: string) => void,
): Promise<void> {
  for (let kill = 0; kill < KILLS; kill++) {
    const scene = await newScene();
    const mark = `${door.name}-${model}-${Object.values(headers).join()}-${process.pid}-${kill}`;
    const asked = Array.from({ length: STREAMS }, (_, index) => {
      return { model, headers, rid: `door-death-${mark}-${index}` };
    });
    const readings = await readThrough(scene, door, asked, cutAt(kill));
    for (const [index, reading] of readings.entries()) {
      look(reading, wholeText(asked[index]?.rid ?? ""));
    }
  }
}

describe.each(DOORS)("kill -9 of the owner of streams of $name", (door) => {
  const { end, error } = door;

  it(
    "before a target that can continue a text: the exact answer",
    () =>
      killOwners(door, { model: "prefill" }, ({ text, ids, ...reading }, whole) => {
        expect(text).toBe(whole);
        expect(reading.end).toContain(end);
        expect(new Set(ids).size).toBe(ids.length);
      }),
    LIMIT_MS,
  );

  it(
    "with `x-steer-commit: complete`: the exact answer",
    () => {
      const headers = { "x-steer-commit": "complete" };
      return killOwners(door, { model: "script", headers }, ({ text, ...reading }, whole) => {
        expect(text).toBe(whole);
        expect(reading.end).toContain(end);
      });
    },
    LIMIT_MS,
  );

  it(
    "before a target that cannot: the whole answer, or an error behind a beginning of it",
    () =>
      killOwners(door, { model: "script" }, ({ status, text, ...reading }, whole) => {
        expect(whole.startsWith(text)).toBe(true);
        if (text === whole && reading.end.includes(end)) return;
        expect(status === 200 ? reading.end : error).toContain(error);
        expect(reading.end).not.toContain(end);
      }),
    LIMIT_MS,
  );
});
