import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";

// The end of a CI run, where parts have taken longer than their share of the time.

const CI = join(import.meta.dirname, "../../.ci");
let folder = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "steer-ci-"));
  const report = { numPassedTests: 3, numFailedTests: 0, testResults: [] };
  writeFileSync(join(folder, "report.json"), JSON.stringify(report));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** `SECONDS` is bash's own clock, which the script may set. */
function run(script: string) {
  const text = `
    set -euo pipefail
    counted="${folder}/counted"
    : >"$counted"
    factor=1.5
    source "${CI}/parts.sh"
    later() { SECONDS=$((SECONDS + $1)); }
    ${script}
    "${process.execPath}" "${CI}/summary.mjs" "${folder}/report.json" "$counted" "$status"
    exit "$status"`;
  const { status, stdout } = spawnSync("bash", ["-c", text], { encoding: "utf8" });
  return { status, lines: stdout.trimEnd().split("\n") };
}

it("is green where each part keeps within its share of a machine that is slower", () => {
  const { status, lines } = run(`
    part one later 60
    part two later 29
    within 60 both
    part three counting echo "2 passed, 0 failed"
    within 1 three`);
  expect(lines.slice(0, 2)).toEqual(["one took 60 s", "two took 29 s"]);
  expect(lines.at(-1)).toBe("5 passed, 0 failed");
  expect(status).toBe(0);
});

it("names each part that is over its share, and fails where one takes twice as long", () => {
  const { status, lines } = run(`
    part one later 60
    part two later 40
    within 60 both
    part three later 9
    within 10 three
    part four later 31
    within 10 four`);
  expect(lines.slice(-3)).toEqual([
    "LATE    both took 100 s, its share is 90 s",
    "FAILED  four took 31 s, its share is 15 s",
    "3 passed, 1 failed",
  ]);
  expect(status).toBe(1);
});

it("is green where a part is late", () => {
  const { status, lines } = run(`
    part one later 100
    within 60 one`);
  expect(lines.slice(-2)).toEqual([
    "LATE    one took 100 s, its share is 90 s",
    "3 passed, 0 failed",
  ]);
  expect(status).toBe(0);
});

it("goes on behind a part that fails, and names its failures", () => {
  const { status, lines } = run(`
    part one counting bash -c 'echo "FAILED  left behind: file steer-x"; echo "1 passed, 1 failed"; exit 1'
    within 10 one
    part two true`);
  expect(lines).toContain("two took 0 s");
  expect(lines.slice(-2)).toEqual(["FAILED  left behind: file steer-x", "4 passed, 1 failed"]);
  expect(status).toBe(1);
});
