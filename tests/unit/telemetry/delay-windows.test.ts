import { expect, it } from "vitest";
import { DelayWindows } from "../../../src/telemetry/delay-windows.ts";
import { createManualClock } from "../../support/manual-clock.ts";

/** A histogram of whole numbers. */
class Histogram {
  #values: number[] = [];

  record(...values: number[]): void {
    this.#values.push(...values);
  }

  get count(): number {
    return this.#values.length;
  }

  get mean(): number {
    return this.#values.reduce((sum, value) => sum + value, 0) / this.count;
  }

  get max(): number {
    return Math.max(...this.#values);
  }

  percentile(): number {
    return this.max;
  }

  reset(): void {
    this.#values = [];
  }
}

const setUp = () => {
  const clock = createManualClock();
  const histogram = new Histogram();
  return { clock, histogram, windows: new DelayWindows(clock, histogram) };
};

it("nothing is read before anything is measured", () => {
  expect(setUp().windows.read()).toBeUndefined();
});

it("a reader takes a peak away from nobody who asks every half minute", async () => {
  const { clock, histogram, windows } = setUp();
  histogram.record(1, 9);
  const seen: (number | undefined)[] = [];
  for (let second = 0; second < 30; second++) {
    windows.read();
    await clock.advance(1_000);
  }
  seen.push(windows.read()?.max);
  histogram.record(2);
  await clock.advance(29_999);
  seen.push(windows.read()?.max);
  await clock.advance(1);
  seen.push(windows.read()?.max, windows.read()?.max);
  expect(seen).toEqual([9, 9, 9, 2]);
});

it("the mean is that of all delays of both windows", async () => {
  const { clock, histogram, windows } = setUp();
  histogram.record(1, 1, 1);
  await clock.advance(30_000);
  windows.read();
  histogram.record(5);
  expect(windows.read()).toEqual({ mean: 2, max: 5, p99: 5 });
});
