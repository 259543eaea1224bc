import { expect, it } from "vitest";
import { runBounded } from "../../../src/output/run-bounded.ts";

/** The thread does nothing, as on a machine that is busy elsewhere. */
function holdUp(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

it("begins again what the machine has held up, and not for ever", () => {
  let tries = 0;
  const late = (until: number) => () => {
    if (++tries < until) holdUp(200);
    return tries;
  };
  expect(runBounded(late(3))).toBe(3);
  tries = 0;
  expect(() => runBounded(late(9))).toThrow("50ms");
  expect(tries).toBe(3);
});

it("ends work that does not end", () => {
  const busy = () => {
    for (;;);
  };
  expect(() => runBounded(busy)).toThrow("50ms");
});

it("throws what the work throws, at once", () => {
  let tries = 0;
  const broken = () => {
    tries++;
    throw new Error("its own");
  };
  expect(() => runBounded(broken)).toThrow("its own");
  expect(tries).toBe(1);
});
