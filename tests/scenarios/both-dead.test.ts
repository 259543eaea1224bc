import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Reply } from "./chat-upstream.ts";
import { mostForOneCall, report } from "./figures.ts";
import { modeOf, type Pair, pairOf, type Scene, startScene } from "./scene.ts";

const CALLS = 100;
/** Attempts of one call over all targets, as shipped. */
const TOTAL_ATTEMPTS = 4;
const MOST_REQUESTS = 300;
/** `retry.max_wait` as shipped is 20 s, and nobody waits longer than that for a target. */
const LONGEST_MS = 25_000;
/** UNAVAILABLE, as google.rpc.Code numbers it. */
const UNAVAILABLE = 14;

interface Kind {
  readonly name: string;
  readonly pair: Pair;
}

function dead(name: string, reply: Reply): Kind {
  const pair = pairOf(
    name.replaceAll(" ", "-"),
    () => reply,
    () => reply,
  );
  return { name, pair };
}

const KINDS = [
  dead("503 at once", { kind: "status", status: 503 }),
  dead("500 late", { kind: "status", status: 500, afterMs: 100 }),
  dead("a reset", { kind: "reset" }),
];

let scene: Scene;

beforeAll(async () => {
  scene = await startScene(KINDS.flatMap(({ pair }) => pair.instances));
});

afterAll(async () => {
  await scene[Symbol.asyncDispose]();
});

describe("with both targets dead", () => {
  it.for(KINDS)(
    "field:E1 100 calls at once end typed and cost little: $name",
    async (kind, context) => {
      const { name, pair } = kind;
      const calls = Array.from({ length: CALLS }, (_, index) =>
        scene.call(modeOf(index), { spec: pair.spec }),
      );
      const outcomes = await Promise.all(calls);
      const arrivals = [pair.p, pair.q].flatMap((id) => scene.upstream.arrivals(id));
      report(context, `both dead by ${name}`, outcomes, arrivals.length);
      const ends = outcomes.map(({ code, typed }) => [code, typed?.code]);
      expect(ends).toEqual(outcomes.map(() => [UNAVAILABLE, UNAVAILABLE]));
      expect(outcomes.filter(({ typed }) => typed?.reason === "")).toEqual([]);
      expect(arrivals.length).toBeLessThanOrEqual(MOST_REQUESTS);
      expect(mostForOneCall(arrivals)).toBeLessThanOrEqual(TOTAL_ATTEMPTS);
      const longest = Math.max(...outcomes.map(({ startedAt, endedAt }) => endedAt - startedAt));
      expect(longest).toBeLessThan(LONGEST_MS);
    },
  );
});
