import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";

// Files of one worker share their modules. A hook of a shared module belongs to the first file that loads the module,
// and what a later file opens is never closed.
it("a hook is registered by a test file, or by a function that the file calls", () => {
  const shared = readdirSync("tests", { recursive: true, encoding: "utf8" }).filter(
    (name) => name.endsWith(".ts") && !name.endsWith(".test.ts"),
  );
  const hook = /^(?:before|after)(?:All|Each)\(|^onTestFinished\(/m;
  const found = shared.filter((name) => hook.test(readFileSync(`tests/${name}`, "utf8")));
  expect(shared.length).toBeGreaterThan(200);
  expect(found).toEqual([]);
});
