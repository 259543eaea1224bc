// Every interleaving of a small world over the pure transitions. A few seconds of it
// in every run; `npm run explore` visits the whole of it in some minutes.
import { describe, expect, it } from "vitest";
import { explore } from "../../support/explorer.ts";
import { mutants, shippedRules } from "../../support/stream-world/rules.ts";
import { createWorld } from "../../support/stream-world/steps.ts";
import type { WorldSize } from "../../support/stream-world/world.ts";

const isWhole = process.env["STEER_EXPLORE"] === "whole";

/** Worlds too large to be finished in every run are begun in it. */
const BEGUN = 30_000;
const WHOLE = 5_000_000;

interface ExploredWorld extends WorldSize {
  readonly name: string;
  /** Also without being asked for. */
  readonly isWhole: boolean;
}

const size = (events: number, claims: number, readers: number, rollbacks: number): WorldSize => ({
  events,
  claims,
  readers,
  rollbacks,
});

const worlds: readonly ExploredWorld[] = [
  { name: "three owners", isWhole: true, ...size(3, 2, 1, 0) },
  { name: "two readers", isWhole: true, ...size(3, 1, 2, 0) },
  { name: "owners that hand off", isWhole: true, ...size(2, 2, 1, 0), handsOff: true },
  { name: "a store that forgets", isWhole: true, ...size(3, 1, 1, 1) },
  { name: "a store that forgets, two readers", isWhole: false, ...size(3, 1, 2, 1) },
  { name: "a store that forgets twice", isWhole: false, ...size(3, 1, 1, 2) },
  { name: "a store that forgets, longer", isWhole: false, ...size(4, 1, 1, 1) },
  { name: "three owners, longer", isWhole: false, ...size(4, 2, 1, 0) },
  { name: "a store that forgets, three owners", isWhole: false, ...size(3, 2, 1, 1) },
];

describe("P1, P2, P4, P5 and P7 hold in every state", () => {
  it.each(worlds)(
    "$name",
    (world) => {
      const limit = isWhole || world.isWhole ? WHOLE : BEGUN;
      const found = explore(createWorld(world, shippedRules), limit);
      expect(found.violation, found.story.join("\n")).toBeUndefined();
      console.log(`${world.name}: ${found.states} states${found.isComplete ? "" : " of more"}`);
      expect(found.isComplete).toBe(limit === WHOLE);
    },
    600_000,
  );
});

describe("the explorer catches", () => {
  it.each(mutants)(
    "$name",
    ({ broken, claims, rollbacks, handsOff = false, caughtBy }) => {
      const world = { ...size(3, claims, 1, rollbacks), handsOff };
      const model = createWorld(world, { ...shippedRules, ...broken });
      const found = explore(model, 400_000);
      expect(found.violation).toBe(caughtBy);
      console.log(`${found.violation}, ${found.story.length} steps, ${found.states} states`);
    },
    60_000,
  );
});
