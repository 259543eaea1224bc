// The lives of workers, by a manual clock. The processes are real.
import { afterEach, describe, expect, it } from "vitest";
import { WorkerProcess } from "../../../src/workers/worker-process.ts";
import { type EndedWorker, WorkerSet } from "../../../src/workers/worker-set.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { eventually } from "../../support/stack.ts";

const PROGRAM = new URL("../../support/scripted-worker-main.ts", import.meta.url);
const TIMEOUT_MS = 30_000;
/** Time for an answer of a process between two turns of the clock. */
const ANSWER_MS = 20;
const ADDRESS = { host: "127.0.0.1", port: 1 };

let opened: (() => Promise<void>)[] = [];

afterEach(async () => {
  await Promise.all(opened.map((close) => close()));
  opened = [];
});

/** A set of workers; `script` says what the process of a life does. */
function createSet(count: number, script: (worker: number, life: number) => string = () => "") {
  const clock = createManualClock();
  const ended: EndedWorker[] = [];
  const ready: number[] = [];
  const hopeless: string[] = [];
  const set = new WorkerSet({
    clock,
    count,
    spawn: (worker, life, events) =>
      new WorkerProcess({
        clock,
        program: PROGRAM,
        worker,
        start: {
          type: "start",
          replica: `${worker}.${life}`,
          rank: { index: worker, count },
          configText: script(worker, life),
          store: { type: "redis", url: "redis://127.0.0.1" },
          reloadedText: undefined,
          addresses: { grpc: ADDRESS, http: ADDRESS },
        },
        timeoutMs: TIMEOUT_MS,
        events,
      }),
    onStarted: () => {},
    onPlaces: () => {},
    onReady: (worker) => void ready.push(worker),
    onLeft: () => {},
    onEnd: (each) => void ended.push(each),
    onHopeless: (problem) => void hopeless.push(problem),
  });
  opened.push(async () => {
    const stopped = set.stop(1);
    await clock.advance(1);
    await stopped;
  });
  /** Lets the one worker die, and returns the wait before its replacement. */
  const die = async (): Promise<number | undefined> => {
    const before = ended.length;
    set.tell({ type: "reload", configText: "" });
    await eventually(() => ended.length > before);
    return ended.at(-1)?.replacedInMs;
  };
  const replaced = async (afterMs: number): Promise<void> => {
    const before = ready.length;
    await clock.advance(afterMs);
    await eventually(() => ready.length > before);
  };
  return { clock, set, ended, ready, hopeless, die, replaced };
}

describe("a set of workers", () => {
  it("has started when all are ready", async () => {
    const { set, ready } = createSet(2);
    await set.start();
    expect(ready.sort()).toEqual([0, 1]);
  });

  it.each([
    ["fails", "the script says so"],
    ["dies", "worker 1 ended with exit code 3 before it was ready"],
  ])("cannot start with one that %s", async (script, problem) => {
    const { set, ended } = createSet(2, (worker) => (worker === 1 ? script : ""));
    await expect(set.start()).rejects.toThrow(problem);
    // It is not tried again.
    expect(ended.map(({ replacedInMs }) => replacedInMs)).toEqual([undefined]);
  });

  it("replaces one that dies at once, then after waits that double and are bounded", async () => {
    const { set, ended, die, replaced } = createSet(1);
    await set.start();
    const waits: (number | undefined)[] = [];
    for (let death = 0; death < 9; death++) {
      const wait = await die();
      waits.push(wait);
      await replaced(wait ?? 0);
    }
    expect(waits).toEqual([0, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
    expect(ended[0]).toMatchObject({ worker: 0, exitCode: 4, signal: undefined });
  });

  it("does not wait for one that has lived for a while", async () => {
    const { clock, set, die, replaced } = createSet(1);
    await set.start();
    expect(await die()).toBe(0);
    await replaced(0);
    await clock.advance(10_000);
    expect(await die()).toBe(0);
    await replaced(0);
    expect(await die()).toBe(0);
  });

  it("gives up if none is left and the last one cannot start", async () => {
    const { clock, set, hopeless, die } = createSet(1, (_, life) => (life === 1 ? "" : "fails"));
    await set.start();
    expect(await die()).toBe(0);
    await clock.advance(0);
    await eventually(() => hopeless.length === 1);
    expect(hopeless).toEqual(["the script says so"]);
  });

  it("goes on with the others while one cannot start", async () => {
    const { clock, set, ended, hopeless } = createSet(2, (worker, life) =>
      worker === 1 && life > 1 ? "fails" : "",
    );
    await set.start();
    set.running[1]?.[1].kill();
    await eventually(() => ended.length === 1);
    await clock.advance(0);
    await eventually(() => ended.length === 2);
    expect(ended[0]).toMatchObject({ worker: 1, signal: "SIGKILL", replacedInMs: 0 });
    expect(ended[1]).toMatchObject({ message: "the script says so", replacedInMs: 500 });
    expect(hopeless).toEqual([]);
  });

  it("kills those that do not end in time", async () => {
    const { clock, set } = createSet(2, (worker) => (worker === 0 ? "stubborn" : ""));
    await set.start();
    const [[, stubborn], [, other]] = set.running as [
      [number, WorkerProcess],
      [number, WorkerProcess],
    ];
    const stopped = set.stop(1_000);
    await other.closed;
    expect(set.running).toHaveLength(1);
    await clock.advance(1_000);
    await stopped;
    await stubborn.closed;
    expect(set.running).toEqual([]);
  });

  it("kills and replaces one that does not answer, and says why", async () => {
    const { clock, set, ended, ready } = createSet(2, (worker, life) =>
      worker === 1 && life === 1 ? "hangs" : "",
    );
    await set.start();
    while (ended.length === 0) {
      // Less than the limit at a time, so that the other worker can answer.
      await clock.advance(TIMEOUT_MS / 10);
      await new Promise((resolve) => setTimeout(resolve, ANSWER_MS));
    }
    expect(ended).toMatchObject([
      {
        worker: 1,
        signal: "SIGKILL",
        message: "the event loop stands still: no answer for 30 s",
        replacedInMs: 0,
      },
    ]);
    await clock.advance(0);
    await eventually(() => ready.length === 3);
  });

  it("reads the metrics of each, and leaves out one that does not answer", async () => {
    const { clock, set } = createSet(2, (worker) => (worker === 0 ? "calls" : "silent"));
    await set.start();
    const [first, second] = set.positions.map(({ process }) => process?.readMetrics());
    expect(await first).toBe("calls_total 1\n");
    await clock.advance(5_000);
    expect(await second).toBeUndefined();
  });
});
