import { expect, it } from "vitest";
import { ModelLabels } from "../../../src/telemetry/model-labels.ts";

const unlisted = (model: string) => ({ provider: "p", model, isUnlisted: true as const });

it("models of a list have their own label", () => {
  const labels = new ModelLabels();
  expect(labels.of({ provider: "p", model: "m" })).toBe("m");
  expect(labels.of({ provider: "p", model: "m" }, "vendor-m")).toBe("vendor-m");
});

it("models that no list has get theirs with an answer, as many as there are places", () => {
  const labels = new ModelLabels();
  expect(labels.of(unlisted("a"))).toBe("_other");
  labels.answered(unlisted("a"));
  expect(labels.of(unlisted("a"))).toBe("a");
  expect(labels.of({ ...unlisted("a"), provider: "q" })).toBe("_other");
  for (let index = 0; index < 300; index++) labels.answered(unlisted(`m${index}`));
  const named = Array.from({ length: 300 }, (_, index) => labels.of(unlisted(`m${index}`)));
  expect(named.filter((label) => label !== "_other")).toHaveLength(255);
  expect(labels.of(unlisted("a"))).toBe("a");
  expect(labels.of({ provider: "p", model: "listed" })).toBe("listed");
});
