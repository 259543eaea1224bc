import { describe, expect, it } from "vitest";
import { healthEffect, ruleOf } from "../../../src/reliability/failure-rule.ts";
import { answered } from "../../support/engine.ts";

const NONE = { type: "none" };
const OUT = (scope: string) => ({ type: "out", scope, cause: "refused" });
const failure = (weight: number) => ({ type: "failure", weight });

/** Status, kind, repetitions here first and alone, which targets may follow, what it says of the target. */
const ROWS: readonly (readonly [number, string, number, number, string, object])[] = [
  [407, "provider-authentication", 0, 0, "other-instance", OUT("instance")],
  [408, "server-error", 1, 1, "any", NONE],
  [409, "server-error", 1, 1, "any", NONE],
  [421, "server-error", 1, 1, "any", failure(1)],
  [423, "server-error", 1, 1, "any", NONE],
  [424, "server-error", 1, 1, "any", failure(0.5)],
  [425, "server-error", 1, Number.POSITIVE_INFINITY, "any", NONE],
  [426, "provider-permission", 0, 0, "any", OUT("target")],
  [498, "provider-overloaded", 0, 1, "any", failure(0.5)],
  [499, "server-error", 1, 1, "any", NONE],
  [501, "server-error", 0, 0, "any", NONE],
  [505, "server-error", 0, 0, "any", failure(1)],
  [508, "server-error", 0, 0, "any", failure(1)],
  [511, "provider-authentication", 0, 0, "other-instance", OUT("instance")],
  [524, "server-error", 0, 1, "any", failure(0.5)],
  [525, "server-error", 0, 0, "any", failure(1)],
  [526, "server-error", 0, 0, "any", failure(1)],
  [529, "provider-overloaded", 0, 1, "any", failure(0.5)],
  ...[500, 502, 503, 504, 520, 521, 522, 523, 527, 528, 530].map(
    (status) => [status, "server-error", 1, Number.POSITIVE_INFINITY, "any", failure(1)] as const,
  ),
];

describe("a status without a telling body", () => {
  it.each(ROWS)("%i is %s", (status, kind, sameFirst, sameAlone, next, effect) => {
    const error = answered(status);
    expect(error.kind).toBe(kind);
    expect(ruleOf(error)).toMatchObject({ sameFirst, sameAlone, next });
    expect(healthEffect(error)).toMatchObject(effect);
  });

  it("gives way to a code and to a text that says more", () => {
    const body = (error: object): string => JSON.stringify({ error });
    expect(answered(498, {}, body({ message: "The API key is expired" })).kind).toBe(
      "provider-authentication",
    );
    expect(answered(424, {}, body({ code: "model_not_found" })).kind).toBe("not-found");
    expect(answered(530, {}, body({ message: "the service is at capacity" })).kind).toBe(
      "provider-overloaded",
    );
  });

  it("can be forced where it passes, and not where somebody's hand is needed", () => {
    const forced = { "x-should-retry": "true" };
    for (const status of [408, 409, 421, 423, 424, 425, 498, 499]) {
      expect(ruleOf(answered(status, forced)).sameAlone).toBeGreaterThan(0);
    }
    for (const status of [407, 426]) expect(ruleOf(answered(status, forced)).sameAlone).toBe(0);
  });
});
