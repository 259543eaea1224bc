import { describe, expect, it } from "vitest";
import { systemClock } from "../../../src/clock.ts";
import { WorkerWatch } from "../../../src/workers/worker-watch.ts";
import { createManualClock } from "../../support/manual-clock.ts";

const LIMIT_MS = 30_000;

/** A watch over a worker that answers while `answers` is true. */
function createWatch() {
  const clock = createManualClock();
  const worker = { answers: true, questions: 0, silences: 0 };
  const watch: WorkerWatch = new WorkerWatch({
    clock,
    limitMs: LIMIT_MS,
    ask() {
      worker.questions++;
      if (worker.answers) watch.answered();
    },
    onSilent: () => void worker.silences++,
  });
  return { clock, worker, watch };
}

describe("the watch over a worker", () => {
  it("asks a worker that answers again and again", async () => {
    const { clock, worker } = createWatch();
    await clock.advance(100 * LIMIT_MS);
    expect(worker).toMatchObject({ silences: 0, questions: 1_000 });
  });

  it("finds one that stops answering after the limit, once", async () => {
    const { clock, worker } = createWatch();
    await clock.advance(LIMIT_MS);
    worker.answers = false;
    await clock.advance(LIMIT_MS);
    expect(worker.silences).toBe(0);
    await clock.advance(LIMIT_MS / 10);
    expect(worker.silences).toBe(1);
    expect(clock.pendingTimers).toBe(0);
  });

  it("asks a silent worker no second time, so that its channel does not fill", async () => {
    const { clock, worker } = createWatch();
    worker.answers = false;
    await clock.advance(2 * LIMIT_MS);
    expect(worker.questions).toBe(1);
  });

  it("begins anew with a late answer", async () => {
    const { clock, worker, watch } = createWatch();
    worker.answers = false;
    await clock.advance(LIMIT_MS);
    watch.answered();
    await clock.advance(LIMIT_MS);
    expect(worker.silences).toBe(0);
  });

  it("ends", async () => {
    const { clock, worker, watch } = createWatch();
    worker.answers = false;
    watch.end();
    await clock.advance(2 * LIMIT_MS);
    expect(worker).toMatchObject({ silences: 0, questions: 0 });
    expect(clock.pendingTimers).toBe(0);
  });

  it("counts no time in which its own process stands still", async () => {
    const limitMs = 50;
    const { promise: asked, resolve } = Promise.withResolvers<void>();
    let silences = 0;
    const watch = new WorkerWatch({
      clock: systemClock,
      limitMs,
      ask: resolve,
      onSilent: () => void silences++,
    });
    await asked;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 4 * limitMs);
    // The first turn after the pause comes before the answers that have arrived meanwhile.
    await new Promise<void>((resolved) => systemClock.schedule(0, resolved));
    watch.answered();
    watch.end();
    expect(silences).toBe(0);
  });
});
