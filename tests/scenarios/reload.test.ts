import { describe, expect, it } from "vitest";
import { eventually } from "../support/stack.ts";
import { ANSWER, type Behaviour, type Reply } from "./chat-upstream.ts";
import { failures, mostForOneCall, report } from "./figures.ts";
import {
  callEvery,
  modeOf,
  type Pair,
  pairOf,
  RELOADED_HEADER,
  type Scene,
  startScene,
} from "./scene.ts";

const EVERY_MS = 100;
const CALLS = 80;
const RELOAD_EVERY_MS = 700;
const PATIENCE_MS = 60_000;

/** A hint that lasts longer than the time between two reloads. */
const LATER: Reply = { kind: "status", status: 503, headers: { "retry-after-ms": "2500" } };

interface Load {
  readonly name: string;
  readonly pair: Pair;
}

/** The first request of one call in `nth` fails like this. */
function oneIn(nth: number, fault: Reply): Behaviour {
  const calls = new Set<string>();
  return ({ marker }) => {
    if (calls.has(marker)) return ANSWER;
    return calls.add(marker).size % nth === 1 ? fault : ANSWER;
  };
}

/** Only P is asked for. */
function alone(p: Behaviour): Pair {
  const pair = pairOf("alone", p, () => ANSWER);
  return { ...pair, spec: { ...pair.spec, routing: {} } };
}

/** What calls are about when the file is read again. */
const LOADS: readonly Load[] = [
  { name: "wait for a hint", pair: alone(oneIn(16, LATER)) },
  { name: "wait for a repetition", pair: alone(oneIn(4, { kind: "status", status: 500 })) },
  { name: "run", pair: alone(() => ({ kind: "answer", afterMs: 1_500 })) },
  {
    name: "are about to fail over",
    pair: pairOf(
      "both",
      () => ({ kind: "status", status: 500, afterMs: 900 }),
      () => ({ kind: "answer", afterMs: 400 }),
    ),
  },
];

/** Reads the file again and again, each time with another header, until `done`. */
async function reloadUntil(done: Promise<unknown>, scene: Scene): Promise<number> {
  let isDone = false;
  const end = done.then(() => {
    isDone = true;
  });
  let reloads = 0;
  while (!isDone) {
    scene.reload(String(++reloads));
    await Promise.race([end, new Promise((resolve) => setTimeout(resolve, RELOAD_EVERY_MS))]);
  }
  return reloads;
}

describe.concurrent("reloads under load", () => {
  it.for(LOADS)("field:E23 fail no call while calls $name", async ({ name, pair }, context) => {
    await using scene = await startScene(pair.instances);
    const calls = callEvery(EVERY_MS, CALLS, (index) =>
      scene.call(modeOf(index), { spec: pair.spec }),
    );
    const reloads = await reloadUntil(calls, scene);
    const outcomes = await calls;
    const { upstream } = scene;
    report(context, `reloads while calls ${name}`, outcomes, upstream.arrivals().length);
    expect(failures(outcomes)).toEqual({});
    expect(mostForOneCall(upstream.arrivals())).toBeLessThanOrEqual(4);
    // The new headers arrived while the calls ran.
    const headers = new Set(upstream.arrivals().map((each) => each.headers[RELOADED_HEADER]));
    expect(reloads).toBeGreaterThan(1);
    expect(headers.size).toBeGreaterThan(1);
  });

  it("field:E23 a call that waits for a hint is served by the instance that took the place of its own", async () => {
    const { instances, spec } = alone(oneIn(1_000, LATER));
    await using scene = await startScene(instances);
    const { upstream } = scene;
    const call = scene.call("unary", { spec });
    await eventually(() => upstream.arrivals().length === 1, PATIENCE_MS);
    scene.reload("2");
    await eventually(
      () => scene.service.log.some(({ event }) => event === "reloaded"),
      PATIENCE_MS,
    );
    expect(failures([await call])).toEqual({});
    expect(upstream.arrivals()).toHaveLength(2);
  });

  it("field:E24 take effect one after the other while a stream runs", async () => {
    const { promise, resolve: release } = Promise.withResolvers<void>();
    const running: Reply = { kind: "answer", until: promise };
    const { instances, spec } = alone(({ position }) => (position === 1 ? running : ANSWER));
    await using scene = await startScene(instances);
    const { upstream } = scene;
    let isRunning = true;
    const stream = scene.call("stream", { spec }).finally(() => {
      isRunning = false;
    });
    await eventually(() => upstream.arrivals().length === 1, PATIENCE_MS);
    for (const header of ["2", "3"]) {
      scene.reload(header);
      await eventually(async () => {
        await scene.call("unary", { spec });
        return upstream.arrivals().at(-1)?.headers[RELOADED_HEADER] === header;
      }, PATIENCE_MS);
    }
    expect(isRunning).toBe(true);
    release();
    expect(failures([await stream])).toEqual({});
  });
});
