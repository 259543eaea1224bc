import { describe, expect, it } from "vitest";
import { runSeed } from "./run-seed.ts";
import { runSeeds } from "./run-seeds.ts";

// The whole gateway, two or three replicas of it, in virtual time. A failing seed
// prints itself; `STEER_SEED=N npm run simulate` runs it again.

const SEEDS = 5_000;
const PER_TEST = 500;
const LIMIT_MS = 600_000;

describe("simulated replicas, consumers and faults", () => {
  const chunks = Array.from({ length: SEEDS / PER_TEST }, (_, chunk) => chunk * PER_TEST + 1);
  it.each(chunks)(
    "keeps P1 to P11, P14, P16 and P17 in 500 seeds from %i on",
    async (from) => {
      const { failed, text } = await runSeeds(from, PER_TEST);
      expect(failed, text).toEqual([]);
      // A run in which nothing breaks shows nothing.
      for (const fault of ["kill", "pause", "drain", "outage", "partition", "rollback"]) {
        expect(text).toMatch(new RegExp(`${fault} [1-9]`));
      }
      expect(text).toMatch(/takeovers [1-9]/);
      expect(text).toContain("events lost 0\nevents duplicated 0\nevents reordered 0");
    },
    LIMIT_MS,
  );

  it("is one run for one seed", async () => {
    const [first, second, another] = [await runSeed(11), await runSeed(11), await runSeed(12)];
    expect(second.history).toEqual(first.history);
    expect(another.history).not.toEqual(first.history);
  });
});
