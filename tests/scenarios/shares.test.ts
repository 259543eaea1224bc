import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ANSWER, type Behaviour, type Reply } from "./chat-upstream.ts";
import { failures, mostForOneCall, report, unexplainedSkips } from "./figures.ts";
import { callMany, modeOf, type Pair, pairOf, type Scene, startScene } from "./scene.ts";

const CALLS = 2_000;
/** Attempts of one call over all targets, as shipped. */
const TOTAL_ATTEMPTS = 4;

/** How P fails, and how many calls run at a time. */
const KINDS: readonly [string, Reply, number][] = [
  ["500", { kind: "status", status: 500 }, 4],
  ["503", { kind: "status", status: 503 }, 6],
  ["a reset", { kind: "reset" }, 8],
];

/** Numbers from 0 to 1 that are the same in every run (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function failingAt(share: number, fault: Reply): Behaviour {
  const random = seeded(Math.round(share * 100));
  return () => (random() < share ? fault : ANSWER);
}

interface Share {
  readonly name: string;
  readonly percent: number;
  readonly atATime: number;
  readonly pair: Pair;
}

const SHARES: readonly Share[] = KINDS.flatMap(([manner, fault, atATime]) =>
  [5, 10, 20, 30].map((percent) => {
    const name = `${percent} % by ${manner}`;
    const id = `${percent}-${manner.replace(" ", "-")}`;
    const pair = pairOf(id, failingAt(percent / 100, fault), () => ANSWER);
    return { name, percent, atATime, pair };
  }),
);

let scene: Scene;

beforeAll(async () => {
  scene = await startScene(SHARES.flatMap(({ pair }) => pair.instances));
});

afterAll(async () => {
  await scene[Symbol.asyncDispose]();
});

describe("a primary that fails a share of its requests", () => {
  it.for(SHARES)("field:E2 fails no call: $name", async (share, context) => {
    const { name, percent, atATime, pair } = share;
    const outcomes = await callMany(CALLS, atATime, (index) =>
      scene.call(modeOf(index), { spec: pair.spec }),
    );
    const atPrimary = scene.upstream.arrivals(pair.p);
    const all = [...atPrimary, ...scene.upstream.arrivals(pair.q)];
    report(context, name, outcomes, all.length);
    expect(failures(outcomes)).toEqual({});
    expect(unexplainedSkips(outcomes)).toEqual([]);
    expect(mostForOneCall(all)).toBeLessThanOrEqual(TOTAL_ATTEMPTS);
    // Repetitions at P have a budget of their own: about as many requests as calls.
    expect(atPrimary.length).toBeLessThanOrEqual(CALLS * 1.25);
    // Failures so rare eject nobody.
    if (percent <= 10) expect(atPrimary.length).toBeGreaterThanOrEqual(CALLS);
  });
});
