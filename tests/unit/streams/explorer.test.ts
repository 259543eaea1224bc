// Every interleaving of a small world over the pure transitions. A few seconds of it
// in every run; `npm run explore` visits the whole of it.
import { describe, expect, it } from "vitest";
import { explore } from "../../support/explorer.ts";
import { mutants, shippedRules } from "../../support/stream-world/rules.ts";
import { createWorld } from "../../support/stream-world/steps.ts";
import type { WorldSize } from "../../support/stream-world/world.ts";

const isWhole = process.env["STEER_EXPLORE"] === "whole";
const maxStates = isWhole ? 20_000_000 : 60_000;

const worlds: readonly (WorldSize & { readonly name: string })[] = [
  { name: "a store that keeps its word", events: 3, claims: 2, readers: 1, rollbacks: 0 },
  { name: "two readers", events: 3, claims: 1, readers: 2, rollbacks: 0 },
  { name: "a store that forgets", events: 3, claims: 1, readers: 1, rollbacks: 1 },
  { name: "a store that forgets, three owners", events: 3, claims: 2, readers: 1, rollbacks: 1 },
];

describe("the machine", () => {
  it.each(worlds)(
    "holds in every state: $name",
    ({ name, ...size }) => {
      const found = explore(createWorld(size, shippedRules), maxStates);
      expect(found.violation, found.story.join("\n")).toBeUndefined();
      console.log(`${name}: ${found.states} states${found.isComplete ? ", all of them" : ""}`);
      if (isWhole) expect(found.isComplete).toBe(true);
      expect(found.states).toBeGreaterThan(1_000);
    },
    3_600_000,
  );
});

describe("the explorer catches", () => {
  it.each(mutants)(
    "$name",
    ({ broken, rollbacks }) => {
      const size = { events: 3, claims: 2, readers: 1, rollbacks };
      const found = explore(createWorld(size, { ...shippedRules, ...broken }), 1_000_000);
      console.log(`${found.violation} (${found.states} states)\n  ${found.story.join("\n  ")}`);
      expect(found.violation).toBeDefined();
    },
    120_000,
  );
});
