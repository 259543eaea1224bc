import { expect, it } from "vitest";
import { attemptsOf } from "../../../src/calls/generation-fields.ts";
import type { Attempt } from "../../../src/domain/generation.ts";

it("targets that were passed over are no attempts", () => {
  const attempts = ["skipped", "failed", "skipped", "succeeded"].map(
    (outcome) => ({ outcome }) as Attempt,
  );
  expect(attemptsOf({ attempts })).toBe(2);
});
