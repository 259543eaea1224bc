import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { environmentOfRun } from "../support/test-run.ts";

const DEMO = join(import.meta.dirname, "../../demo/main.ts");
const folder = mkdtempSync(join(tmpdir(), "steer-demo-"));

afterAll(() => rmSync(folder, { recursive: true }));

function runDemo(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  return new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) => {
    const child = spawn(process.execPath, [DEMO, ...args], {
      env: { ...environmentOfRun(), ...env },
    });
    let [stdout, stderr] = ["", ""];
    child.stdout.on("data", (bytes: Buffer) => {
      stdout += bytes.toString();
    });
    child.stderr.on("data", (bytes: Buffer) => {
      stderr += bytes.toString();
    });
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
}

it("kills the replica that generates, and the stream loses and doubles nothing", async () => {
  const svg = join(folder, "demo.svg");
  const { code, stdout } = await runDemo(["--svg", svg]);
  const lines = stdout.trimEnd().split("\n");
  const outcome = JSON.parse(lines.at(-1) ?? "") as Record<string, unknown>;
  expect(outcome).toMatchObject({ events_lost: 0, events_doubled: 0, text_equal: true });
  expect(outcome["replica_before"]).not.toBe(outcome["replica_after"]);
  expect(code).toBe(0);
  const picture = readFileSync(svg, "utf8");
  for (const line of lines.slice(0, -1)) {
    for (const word of line.split(" ").filter((each) => /^\w+$/.test(each))) {
      expect(picture).toContain(word);
    }
  }
  const pids = [...stdout.matchAll(/\(pid (\d+)\)/g)].map(([, pid]) => Number(pid));
  expect(pids).toHaveLength(2);
  // Their parent has read their end: no entry of them is left.
  expect(pids.filter((pid) => existsSync(`/proc/${pid}`))).toEqual([]);
});

it("says how to get a Redis where there is none", async () => {
  const { code, stdout, stderr } = await runDemo([], { PATH: folder });
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toContain("apt-get install redis-server");
});
