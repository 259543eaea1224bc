import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "../../..");

it.each([
  ["npm run faults", ["tests/faults/main.ts"]],
  ["npm run test:interop", ["tests/interop/main.ts"]],
  ["npm run bench (stores)", ["bench/main.ts", "stores", "hostile"]],
])("%s says in one line that there is no redis-server", (name, args) => {
  const empty = mkdtempSync(join(tmpdir(), "steer-path-"));
  const run = spawnSync(process.execPath, args, {
    cwd: ROOT,
    env: { PATH: empty },
    encoding: "utf8",
  });
  rmSync(empty, { recursive: true });
  expect([run.status, run.stdout, run.stderr]).toEqual([
    1,
    "",
    `${name} needs redis-server, which is not on the PATH: apt-get install redis-server\n`,
  ]);
});
