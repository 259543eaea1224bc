import { expect, it } from "vitest";
import { CallerLabels } from "../../../src/telemetry/caller-labels.ts";

it("callers have no label unless it is asked for", () => {
  expect(new CallerLabels(false).of("billing")).toEqual({});
});

it("the first 256 callers have their own, and nobody has none", () => {
  const labels = new CallerLabels(true);
  expect(labels.of(undefined)).toEqual({});
  const named = Array.from({ length: 300 }, (_, index) => labels.of(`c${index}`)["steer.caller"]);
  expect(named.slice(0, 256)).toEqual(Array.from({ length: 256 }, (_, index) => `c${index}`));
  expect(new Set(named.slice(256))).toEqual(new Set(["_other"]));
  expect(labels.of("c7")).toEqual({ "steer.caller": "c7" });
});
