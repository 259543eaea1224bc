import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

const SUPPORT = join(import.meta.dirname, "../../support");

/** A run of its own, that does this before its end; what it says that it has left, and its folder. */
function runThat(does: string) {
  const script = `
    import { spawn } from "node:child_process";
    import { once } from "node:events";
    import { writeFileSync } from "node:fs";
    import { tmpdir } from "node:os";
    const { beginTestRun, environmentOfRun } = await import("${SUPPORT}/test-run.ts");
    const run = beginTestRun();
    const folder = tmpdir();
    const start = async () => {
      const child = spawn(process.execPath, ["${SUPPORT}/upstream-main.ts"], { env: environmentOfRun() });
      await once(child.stdout, "data");
      return child;
    };
    let child;
    ${does}
    const left = await run.end(300);
    child?.kill("SIGKILL");
    console.log(JSON.stringify({ left, folder, after: tmpdir() }));
  `;
  const { TEST_RUN: _, ...env } = process.env;
  const args = ["--input-type=module", "-e", script];
  const { stdout, stderr } = spawnSync(process.execPath, args, { env, encoding: "utf8" });
  if (stdout === "") throw new Error(stderr);
  return JSON.parse(stdout) as { left: string[]; folder: string; after: string };
}

it("a run that leaves nothing behind says nothing, and its folder is gone", () => {
  const { left, folder, after } = runThat(`
    child = await start();
    child.kill("SIGKILL");
    writeFileSync(folder + "/compiler-cache", "");
  `);
  expect(left).toEqual([]);
  expect(existsSync(folder)).toBe(false);
  expect(after).not.toBe(folder);
});

it.runIf(process.platform === "linux")("a run names the process and its port", () => {
  const { left } = runThat("child = await start();");
  expect(left).toEqual([
    expect.stringMatching(/^process \d+ \S*node\S* \S+\/upstream-main\.ts, ports \d+$/),
  ]);
});

it("a run names the file", () => {
  const { left } = runThat(`writeFileSync(folder + "/steer-test-1", "");`);
  expect(left).toEqual(["file steer-test-1"]);
});
