import { execFileSync } from "node:child_process";
import {
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { USUAL_EFFORT } from "../../mutation/choose-tests.ts";
import { findMutants } from "../../mutation/find-mutants.ts";
import { Lane } from "../../mutation/lane.ts";
import { mutantText } from "../../mutation/mutant.ts";
import { MutationRun } from "../../mutation/mutation-run.ts";
import { readRepository } from "../../mutation/sources.ts";

const SOURCE = "src/usage/clamp.ts";
const FILES = {
  [SOURCE]: `export function clamp(value: number): number {
  if (value > 9) return 9;
  return value;
}

export const twice = (value: number): number => value + value;
`,
  "tests/unit/usage/clamp.test.ts": `import { expect, test } from "vitest";
import { clamp } from "../../../src/usage/clamp.ts";
test("a clamp", () => {
  expect([clamp(4), clamp(10)]).toEqual([4, 9]);
});
`,
  "tests/unit/usage/red.test.ts": `import { expect, test } from "vitest";
import { twice } from "../../../src/usage/clamp.ts";
test("fails without a mutant", () => {
  expect(twice(1)).toBe(3);
});
`,
};

const NOTICED = `${SOURCE}:2:7 condition: value > 9 → false`;
const SURVIVOR = `${SOURCE}:2:13 comparison: > → >=`;
/** The red test executes it and is not asked. */
const UNREACHED = `${SOURCE}:6:55 arithmetic: + → -`;
const CHANGES = [NOTICED, SURVIVOR, UNREACHED];

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "steer-mutated-"));
  vi.stubEnv("TMPDIR", join(root, "tmp"));
  mkdirSync(join(root, "tmp"));
  for (const [file, text] of Object.entries(FILES)) {
    mkdirSync(join(root, dirname(file)), { recursive: true });
    writeFileSync(join(root, file), text);
  }
  writeFileSync(join(root, ".gitignore"), "node_modules\ntmp/\n.cache/\n");
  symlinkSync(join(import.meta.dirname, "../../../node_modules"), join(root, "node_modules"));
  execFileSync("git", ["init", "--quiet"], { cwd: root });
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(root, { recursive: true, force: true });
});

async function mutate(changes: readonly string[] = CHANGES) {
  const lines: string[] = [];
  const repository = readRepository(root);
  const mutants = findMutants(SOURCE, FILES[SOURCE]).filter((mutant) =>
    changes.includes(mutantText(mutant)),
  );
  const cache = join(root, ".cache");
  const say = (line: string): void => void lines.push(line);
  using run = new MutationRun({
    repository,
    cache,
    jobs: 1,
    effort: USUAL_EFFORT,
    kinds: ["unit", "contract", "system"],
    say,
  });
  const judged = await run.judgeAll(mutants);
  return {
    lines,
    ends: new Map(judged.map(({ mutant, verdict }) => [mutantText(mutant), verdict])),
  };
}

test("mutants are noticed, survive or are never run; nothing of it stays, and nothing is done twice", async () => {
  const { lines, ends } = await mutate();
  expect([...ends]).toEqual([
    [NOTICED, { end: "killed", by: "tests/unit/usage/clamp.test.ts > a clamp" }],
    [SURVIVOR, { end: "survived", ran: 1, leftOut: 0 }],
    [UNREACHED, { end: "unreached" }],
  ]);
  expect(lines.filter((line) => line.includes("FAILS without a mutant"))).toHaveLength(1);
  expect(lines.at(-1)).toMatch(/^(\d+)\/\1 .*; about 0\.0 min left$/);
  expect(readdirSync(join(root, "tmp"))).toEqual([]);
  expect(existsSync(join(root, ".vitest"))).toBe(false);
  const again = await mutate();
  expect(again.ends).toEqual(ends);
  // Another state of the sources does not cost what is known of this one.
  writeFileSync(join(root, SOURCE), `${FILES[SOURCE]}// another\n`);
  await mutate();
  writeFileSync(join(root, SOURCE), FILES[SOURCE]);
  expect((await mutate()).lines).toHaveLength(1);
  // But for the red test: a busy machine could have been its reason.
  expect(again.lines).toHaveLength(1);
});

test("system tests are asked about the mutants that unit tests do not notice, and mapped for them alone", async () => {
  const file = "tests/system/twice.test.ts";
  mkdirSync(join(root, dirname(file)), { recursive: true });
  writeFileSync(
    join(root, file),
    `import { expect, test } from "vitest";
import { twice } from "../../src/usage/clamp.ts";
test("doubles", () => {
  expect(twice(1)).toBe(2);
});
`,
  );
  const first = await mutate([NOTICED]);
  expect(first.lines.join()).not.toContain(file);
  const { ends } = await mutate();
  expect([...ends]).toEqual([
    [NOTICED, { end: "killed", by: "tests/unit/usage/clamp.test.ts > a clamp" }],
    [SURVIVOR, { end: "survived", ran: 1, leftOut: 0 }],
    [UNREACHED, { end: "killed", by: `${file} > doubles` }],
  ]);
});

test("a run out of time is ended with all of its processes", async () => {
  const file = "tests/unit/usage/clamp.test.ts";
  const endless = `import { spawnSync } from "node:child_process";
spawnSync(process.execPath, ["-e", "for (;;);"]);
`;
  writeFileSync(join(root, file), endless);
  const lane = new Lane(root, join(root, "tmp/lane"), [SOURCE, file]);
  const outcome = await lane.run([file], { testTimeoutMs: 100, totalMs: 2_000 });
  expect(outcome).toEqual({ passed: false, by: "the time limit" });
  const left = (): string[] =>
    globSync("/proc/[0-9]*/cwd").filter((cwd) => {
      try {
        return readlinkSync(cwd).startsWith(lane.folder);
      } catch {
        return false;
      }
    });
  await expect.poll(left).toEqual([]);
  // The next run has a process of its own.
  lane.write(file, FILES["tests/unit/usage/clamp.test.ts"]);
  expect(await lane.run([file], { testTimeoutMs: 10_000, totalMs: 60_000 })).toEqual({
    passed: true,
  });
  lane.remove();
  expect(existsSync(lane.folder)).toBe(false);
});
