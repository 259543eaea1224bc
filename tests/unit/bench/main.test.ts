import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "vitest";
import { ROOT } from "../../support/guide-pages.ts";

it.each([
  [["--write", "--window", "2", "unary"], "those of a window below 30 s are noise"],
  [["--write", "--against", "elsewhere"], "--against compares two"],
])("npm run bench -- %j is refused before anything is measured", (args, message) => {
  const run = spawnSync(process.execPath, [join(ROOT, "bench/main.ts"), ...args], {
    encoding: "utf8",
  });
  expect([run.status, run.stdout]).toEqual([2, ""]);
  expect(run.stderr).toContain(message);
});
