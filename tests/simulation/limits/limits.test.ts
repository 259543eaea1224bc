import { describe, expect, it } from "vitest";
import { BORDERS } from "./border.ts";
import { limitsMutations } from "./limits-mutations.ts";
import { runLimitsSeed } from "./run-limits-seed.ts";
import { runLimitsSeeds } from "./run-limits-seeds.ts";

// Replicas with one store of limits, in virtual time and over a border of the calendar. A failing seed prints itself.

const SEEDS = 400;
const PER_TEST = 100;
const MAX_SEEDS = 1_000;
const PER_STEP = 10;
const LIMIT_MS = 600_000;

describe("simulated replicas with limits, faults and borders of periods", () => {
  const chunks = Array.from({ length: SEEDS / PER_TEST }, (_, chunk) => chunk * PER_TEST + 1);
  it.each(chunks)(
    "let no more pass than each limit, and count exactly what was used, in 100 seeds from %i on",
    async (from) => {
      const { failed, text } = await runLimitsSeeds(from, PER_TEST);
      expect(failed, text).toEqual([]);
      // A run in which nothing breaks shows nothing.
      for (const fault of ["kill", "pause", "outage", "partition", "disorder"])
        expect(text).toMatch(new RegExp(`${fault} [1-9]`));
      for (const { name } of BORDERS) expect(text).toMatch(new RegExp(`${name} [1-9]`));
    },
    LIMIT_MS,
  );

  it("are one run for one seed", async () => {
    const [first, second] = [await runLimitsSeed(11), await runLimitsSeed(11)];
    expect(second).toEqual(first);
  });
});

describe("a simulation of limits with a defect", () => {
  it.each(Object.entries(limitsMutations))(
    "fails: %s",
    async (_name, mutation) => {
      for (let from = 1; from < MAX_SEEDS; from += PER_STEP) {
        const { failed, text } = await runLimitsSeeds(from, PER_STEP, mutation);
        const [first] = failed;
        if (first === undefined) continue;
        expect(text).toContain(`STEER_SEED=${first.seed} npm run simulate`);
        return;
      }
      expect.unreachable(`${MAX_SEEDS} seeds noticed nothing`);
    },
    LIMIT_MS,
  );
});
