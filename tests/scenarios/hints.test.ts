import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Mode, SpecInit } from "../support/targets.ts";
import { ANSWER, type Arrival, type Behaviour } from "./chat-upstream.ts";
import { failures, report } from "./figures.ts";
import { type Instance, type Outcome, type Scene, startScene } from "./scene.ts";

/** A timer of this machine can end so much before its time. */
const GRANULARITY_MS = 2;
/** A hint up to here is waited for although another model is left. */
const SHORT_S = 2.5;
/** `retry.max_wait` as shipped. */
const MAX_WAIT_S = 20;
/** So long that a busy machine is not the reason why it is over. */
const LONG_S = 15;
/** RESOURCE_EXHAUSTED and UNAVAILABLE, as google.rpc.Code numbers them. */
const CODES: Readonly<Record<number, number>> = { 429: 8, 503: 14 };

/** What is left beside the target that gives the hint. */
const OTHERS = ["another model", "the same model elsewhere", "nothing"] as const;

type Other = (typeof OTHERS)[number];

/** One way to meet a hint. Each has instances of its own, so that none disturbs another. */
interface Cell {
  readonly name: string;
  readonly id: string;
  readonly status: number;
  readonly hintS: number;
  readonly mode: Mode;
  readonly other: Other;
}

const MODES: readonly Mode[] = ["unary", "stream"];
const HINTS_S = [0, 1, 2, 3, 15, 3_600];

function cellOf(status: number, hintS: number, mode: Mode, other: Other): Cell {
  const name = `${status} with ${hintS} s, ${mode}, beside ${other}`;
  const id = `${status}-${hintS}-${mode}-${OTHERS.indexOf(other)}`;
  return { name, id, status, hintS, mode, other };
}

const CELLS = [429, 503].flatMap((status) =>
  HINTS_S.flatMap((hintS) =>
    MODES.flatMap((mode) => OTHERS.map((other) => cellOf(status, hintS, mode, other))),
  ),
);

/** Other ways to say "not now", which have to be understood alike. */
const WIDTH = [500, 502, 504, 529].flatMap((status) =>
  MODES.map((mode) => cellOf(status, 15, mode, "another model")),
);

/** Both targets give hints, the second the shorter one. */
const LIMITED: Cell = cellOf(429, 5, "unary", "another model");
const SHORTER_S = 2;

const first = ({ id }: Cell): string => `p-${id}`;
const second = ({ id }: Cell): string => `q-${id}`;

/** Answers with the hint until it is over, counted from the first request. */
function hinting(status: number, hintS: number): Behaviour {
  let freeAt: number | undefined;
  return ({ at }) => {
    const isFirst = freeAt === undefined;
    freeAt ??= at + hintS * 1_000 - GRANULARITY_MS;
    if (!isFirst && at >= freeAt) return ANSWER;
    return { kind: "status", status, headers: { "retry-after": String(hintS) } };
  };
}

function instancesOf(cell: Cell, secondBehaviour: Behaviour): Instance[] {
  const own = {
    id: first(cell),
    model: `m-${cell.id}`,
    behaviour: hinting(cell.status, cell.hintS),
  };
  if (cell.other === "nothing") return [own];
  const model = cell.other === "another model" ? `n-${cell.id}` : own.model;
  return [own, { id: second(cell), model, behaviour: secondBehaviour }];
}

function specOf({ id, other }: Cell): SpecInit {
  const model = `m-${id}`;
  return other === "another model"
    ? { model, routing: { fallbacks: [{ model: `n-${id}` }] } }
    : { model };
}

let scene: Scene;
const outcomes: Outcome[] = [];

beforeAll(async () => {
  scene = await startScene([
    ...[...CELLS, ...WIDTH].flatMap((cell) => instancesOf(cell, () => ANSWER)),
    ...instancesOf(LIMITED, hinting(LIMITED.status, SHORTER_S)),
  ]);
});

afterAll(async () => {
  await scene[Symbol.asyncDispose]();
});

async function call(cell: Cell): Promise<Outcome> {
  const outcome = await scene.call(cell.mode, { spec: specOf(cell) });
  outcomes.push(outcome);
  return outcome;
}

const requestsTo = (instance: string): readonly Arrival[] => scene.upstream.arrivals(instance);

/** Milliseconds between the first request to an instance and each later one. */
function gapsOf(instance: string): readonly number[] {
  const [start, ...later] = requestsTo(instance);
  return later.map(({ at }) => at - (start?.at ?? 0));
}

function expectServed(outcome: Outcome, by: string): void {
  expect(failures([outcome])).toEqual({});
  expect(outcome.generation?.provider).toBe(by);
}

/** The target that gave the hint is asked once more, and not before. */
function expectWaited(cell: Cell, outcome: Outcome): void {
  expectServed(outcome, first(cell));
  expect(gapsOf(first(cell))).toHaveLength(1);
  expect(requestsTo(second(cell))).toEqual([]);
}

/** The other target serves, and the first one is not asked again while its hint lasts. */
async function expectMovedOn(cell: Cell, outcome: Outcome): Promise<void> {
  expectServed(outcome, second(cell));
  expect(requestsTo(first(cell))).toHaveLength(1);
  if (cell.hintS < LONG_S) return;
  // Nobody has waited for what comes so late, and the next caller knows of it.
  const [askedAt = Number.POSITIVE_INFINITY] = requestsTo(second(cell)).map(({ at }) => at);
  expect(askedAt).toBeLessThan((requestsTo(first(cell))[0]?.at ?? 0) + cell.hintS * 1_000);
  expectServed(await call(cell), second(cell));
  expect(requestsTo(first(cell))).toHaveLength(1);
}

/** The call ends soon and says when to come back. */
function expectPassedOn(cell: Cell, { code, typed, retryInfoMs = 0, ...outcome }: Outcome): void {
  expect([code, typed?.code]).toEqual([CODES[cell.status], CODES[cell.status]]);
  expect(requestsTo(first(cell))).toHaveLength(1);
  const tookMs = outcome.endedAt - outcome.startedAt;
  expect(tookMs).toBeLessThan(MAX_WAIT_S * 1_000);
  expect(retryInfoMs).toBeLessThanOrEqual(cell.hintS * 1_000);
  expect(retryInfoMs).toBeGreaterThanOrEqual(cell.hintS * 1_000 - tookMs);
}

describe.concurrent("a hint", () => {
  const waited = CELLS.filter(({ hintS, other }) =>
    other === "nothing" ? hintS <= MAX_WAIT_S : other === "another model" && hintS <= SHORT_S,
  );
  it.for(waited)("field:E3 is waited for: $name", async (cell) => {
    expectWaited(cell, await call(cell));
  });

  const left = CELLS.filter(
    ({ hintS, other }) => other !== "nothing" && hintS > (other === "another model" ? SHORT_S : 0),
  );
  it.for([...left, ...WIDTH])("field:E4 sends calls elsewhere: $name", async (cell) => {
    await expectMovedOn(cell, await call(cell));
  });

  const immediate = CELLS.filter(
    ({ hintS, other }) => hintS === 0 && other === "the same model elsewhere",
  );
  it.for(immediate)("that is over at once fails no call: $name", async (cell) => {
    expect(failures([await call(cell)])).toEqual({});
  });

  const passedOn = CELLS.filter(({ hintS, other }) => other === "nothing" && hintS > MAX_WAIT_S);
  it.for(passedOn)("is passed on: $name", async (cell) => {
    expectPassedOn(cell, await call(cell));
  });

  it("of each of two targets is kept: the first that is free serves", async () => {
    expectServed(await call(LIMITED), second(LIMITED));
    expect(requestsTo(first(LIMITED))).toHaveLength(1);
    expect(gapsOf(second(LIMITED))).toHaveLength(1);
    expect(gapsOf(second(LIMITED))[0]).toBeGreaterThanOrEqual(SHORTER_S * 1_000 - GRANULARITY_MS);
  });
});

describe("all of them together", () => {
  it("ask no target before its hint is over", (context) => {
    report(context, "hints", outcomes, scene.upstream.arrivals().length);
    const early = [...CELLS, ...WIDTH, LIMITED].filter((cell) =>
      gapsOf(first(cell)).some((gap) => gap < cell.hintS * 1_000 - GRANULARITY_MS),
    );
    expect(early.map(({ name }) => name)).toEqual([]);
  });
});
