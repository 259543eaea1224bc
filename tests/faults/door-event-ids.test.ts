// Chat and Messages streams behind three replicas: a reader that is cut goes on at another replica by Last-Event-ID.
import { describe, expect, it } from "vitest";
import { isNightly } from "../support/nightly.ts";
import { eventText } from "./harness/event-text.ts";
import { SLOW_MS, useCluster } from "./harness/in-test.ts";
import type { Scene } from "./harness/scene.ts";
import { token } from "./harness/script.ts";

const ROUNDS = isNightly ? 100 : 4;
const TOKENS = 30;
const PACE_MS = 15;

const newScene = useCluster();

interface Call {
  readonly path: string;
  readonly body: object;
  readonly headers: Record<string, string>;
}

const DOORS = [
  ["Chat", "/v1/chat/completions", {}],
  ["Messages", "/v1/messages", { max_tokens: 1_000 }],
] as const;

/** Events of a stream; the connection is cut behind so many. */
async function read(scene: Scene, replica: number, call: Call, most: number): Promise<string[]> {
  const { process } = scene.cluster.replicas[replica] ?? {};
  const response = await fetch(`http://${process?.http}${call.path}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...call.headers },
    body: JSON.stringify({ ...call.body, stream: true }),
  });
  expect(response.status).toBe(200);
  const events: string[] = [];
  let rest = "";
  const decoder = new TextDecoder();
  for await (const piece of response.body ?? []) {
    const texts = (rest + decoder.decode(piece, { stream: true })).split("\n\n");
    rest = texts.pop() ?? "";
    events.push(...texts.filter((event) => event.startsWith("id: ")));
    // Leaving the loop closes the connection.
    if (events.length >= most) return events.slice(0, most);
  }
  return events;
}

const idOf = (event: string): string => event.slice("id: ".length, event.indexOf("\n"));

/** The texts of all deltas, whichever dialect has them. */
function textOf(events: readonly string[]): string {
  return events.map(eventText).join("");
}

describe.each(DOORS)("a stream of %s whose reader is cut", (name, path, more) => {
  it(
    "goes on at another replica, and no event is lost or comes twice",
    async () => {
      const scene = await newScene();
      for (let round = 0; round < ROUNDS; round++) {
        const rid = `door-cut-${name}-${process.pid}-${round}`;
        const script = { rid, tokens: TOKENS, paceMs: PACE_MS };
        const messages = [{ role: "user", content: JSON.stringify(script) }];
        const headers = { "idempotency-key": rid };
        const call = { path, headers, body: { model: "script", messages, ...more } };
        const cut = 1 + ((round * 11) % TOKENS);
        const first = await read(scene, 0, call, cut);
        const again = { ...headers, "last-event-id": idOf(first.at(-1) ?? "") };
        const rest = await read(scene, 1 + (round % 2), { ...call, headers: again }, 1_000);
        const all = [...first, ...rest];
        expect(textOf(all)).toBe(
          Array.from({ length: TOKENS }, (_, index) => token(rid, index)).join(""),
        );
        // The whole stream, read once more, is the same.
        const start = { ...headers, "last-event-id": idOf(all[0] ?? "") };
        const whole = await read(scene, 2, { ...call, headers: start }, 1_000);
        expect(whole).toEqual(all.slice(1));
      }
    },
    SLOW_MS * Math.ceil(ROUNDS / 20),
  );
});
