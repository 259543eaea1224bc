import { describe, expect, it } from "vitest";
import { ANSWER, type Arrival, type Behaviour, type Reply } from "./chat-upstream.ts";
import { failures, mostForOneCall, report } from "./figures.ts";
import { callEvery, type Instance, modeOf, type Outcome, type Scene, startScene } from "./scene.ts";

const RUNS = 10;
const SIDE_BY_SIDE = 2;
/** 20 calls a second for 4 s. */
const CALLS = 80;
const EVERY_MS = 50;
/** Attempts at one target, as shipped. */
const ATTEMPTS = 3;
/** Requests before the outage begins. */
const BEFORE = 20;

const FAULTS: readonly (Reply & { readonly name: string })[] = [
  { name: "503", kind: "status", status: 503 },
  { name: "500", kind: "status", status: 500 },
  { name: "reset", kind: "reset" },
];

function targetOf(id: string, behaviour: Behaviour): Instance {
  return { id, model: `m-${id}`, behaviour };
}

/** Fails for `ms` from the request on that follows the first `before`. */
function outage(fault: Reply, ms: number, before: number): Behaviour {
  let until: number | undefined;
  return ({ position, at }) => {
    if (position <= before) return ANSWER;
    until ??= at + ms;
    return at < until ? fault : ANSWER;
  };
}

/** What one gateway and its provider saw. */
interface Run {
  readonly outcomes: readonly Outcome[];
  readonly arrivals: readonly Arrival[];
}

/** Gateways side by side, each with a provider of its own; calls begin when all are there. */
async function sideBySide(behaviours: readonly Behaviour[]): Promise<Run[]> {
  await using scenes = new AsyncDisposableStack();
  const all = await Promise.all(
    behaviours.map(async (behaviour) => scenes.use(await startScene([targetOf("one", behaviour)]))),
  );
  const outcomes = await Promise.all(all.map(steadyCalls));
  return all.map(({ upstream }, at) => {
    return { outcomes: outcomes[at] ?? [], arrivals: upstream.arrivals() };
  });
}

const faultOf = (run: number): Reply => FAULTS[run % FAULTS.length] ?? ANSWER;

function steadyCalls(scene: Scene): Promise<Outcome[]> {
  return callEvery(EVERY_MS, CALLS, (index) =>
    scene.call(modeOf(index), { spec: { model: "m-one" } }),
  );
}

describe("a single target that fails for a moment", () => {
  it.for([200, 500])(
    "field:E7 fails none of 80 calls in 10 of 10 runs, %i ms",
    async (ms, context) => {
      const runs: Run[] = [];
      // Not all at once: the machine must not be the reason why calls are late.
      while (runs.length < RUNS) {
        const numbers = Array.from({ length: SIDE_BY_SIDE }, (_, at) => runs.length + at);
        runs.push(...(await sideBySide(numbers.map((run) => outage(faultOf(run), ms, BEFORE)))));
      }
      const outcomes = runs.flatMap((run) => run.outcomes);
      const arrivals = runs.flatMap((run) => run.arrivals);
      report(context, `outage of ${ms} ms, 10 runs`, outcomes, arrivals.length);
      expect(runs.map((run) => failures(run.outcomes))).toEqual(runs.map(() => ({})));
      const most = runs.map((run) => mostForOneCall(run.arrivals));
      expect(Math.max(...most)).toBeLessThanOrEqual(ATTEMPTS);
    },
  );

  it.for([
    ["E5", 200],
    ["E6", 500],
  ] as const)("field:%s fails no first call at ten targets, %i ms", async ([, ms], context) => {
    const targets = Array.from({ length: RUNS }, (_, run) =>
      targetOf(`${run}`, outage(faultOf(run), ms, 0)),
    );
    await using scene = await startScene(targets);
    const outcomes = await Promise.all(
      targets.map(({ model }, run) => scene.call(modeOf(run), { spec: { model } })),
    );
    const { upstream } = scene;
    report(context, `first call, outage of ${ms} ms`, outcomes, upstream.arrivals().length);
    expect(failures(outcomes)).toEqual({});
  });
});

describe("a single target that stays dead", () => {
  it.for(FAULTS)(
    "gets at most 3 requests for a call: $name",
    async ({ name, ...fault }, context) => {
      await using scene = await startScene([targetOf("one", () => fault)]);
      const { upstream } = scene;
      const outcomes = await steadyCalls(scene);
      report(context, `single target dead by ${name}`, outcomes, upstream.arrivals().length);
      expect(outcomes.filter(({ code, typed }) => code === 0 || typed === undefined)).toEqual([]);
      expect(mostForOneCall(upstream.arrivals())).toBeLessThanOrEqual(ATTEMPTS);
    },
  );

  it("gets 3 requests for a call that is alone, and not one more", async (context) => {
    const targets = FAULTS.map(({ name, ...fault }) => targetOf(name, () => fault));
    await using scene = await startScene(targets);
    const { upstream } = scene;
    const outcomes = await Promise.all(
      targets.map(({ model }, at) => scene.call(modeOf(at), { spec: { model } })),
    );
    report(context, "single call at a dead target", outcomes, upstream.arrivals().length);
    const requests = targets.map(({ id }) => upstream.arrivals(id).length);
    expect(requests).toEqual(targets.map(() => ATTEMPTS));
  });
});
