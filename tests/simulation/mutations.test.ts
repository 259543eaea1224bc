import { describe, expect, it } from "vitest";
import { mutations } from "./mutations.ts";
import { runSeeds } from "./run-seeds.ts";

// The simulation has to notice when a guard of the log is taken away.

const MAX_SEEDS = 4_000;
const PER_STEP = 20;
const LIMIT_MS = 600_000;

describe("a simulation of a log with a defect", () => {
  it.each(Object.entries(mutations))(
    "fails: %s",
    async (_name, mutation) => {
      for (let from = 1; from < MAX_SEEDS; from += PER_STEP) {
        const { failed, text } = await runSeeds(from, PER_STEP, () => {}, mutation);
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
