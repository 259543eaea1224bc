import { expect, it } from "vitest";
import { outlivesProcess } from "../../../src/store/store-engine.ts";

it.each([
  [
    "the memory of the process itself",
    { type: "memory", isShared: false, durability: "process" },
    false,
  ],
  [
    "the memory of the process that hosts it",
    { type: "memory", isShared: true, durability: "process" },
    true,
  ],
  ["a file", { type: "sqlite", isShared: false, durability: "host" }, true],
  ["Redis", { type: "redis", isShared: true, durability: "cluster" }, true],
] as const)("what %s stores is there for another process: %s", (_name, capabilities, isThere) => {
  expect(outlivesProcess(capabilities)).toBe(isThere);
});
