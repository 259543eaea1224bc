// The command line before a reader that goes away, and lists that somebody wants the beginning of.
import { spawn } from "node:child_process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type OperatedService, startOperated } from "../support/operated-service.ts";
import { CLI, runSteer } from "../support/run-steer.ts";

let operated: OperatedService;

beforeAll(async () => {
  operated = await startOperated();
  for (let count = 0; count < 7; count++) await operated.finished();
});

afterAll(async () => {
  await operated[Symbol.asyncDispose]();
});

const steer = (args: readonly string[]) => runSteer(args, { env: operated.env });

/** `steer … | READER` by a shell: what the reader printed, and how the command line ended. */
function pipeTo(reader: string, args: readonly string[]) {
  const script = `"$@" | ${reader}; echo "ended with \${PIPESTATUS[0]}"`;
  return new Promise<{ stdout: string; stderr: string }>((resolve) => {
    const child = spawn("bash", ["-c", script, "bash", process.execPath, CLI, ...args], {
      env: { PATH: process.env["PATH"], ...operated.env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (bytes: Buffer) => {
      stdout += bytes.toString();
    });
    child.stderr.on("data", (bytes: Buffer) => {
      stderr += bytes.toString();
    });
    child.on("close", () => resolve({ stdout, stderr }));
  });
}

const PACED = JSON.stringify({ simulator: { tokens: 2_000, pace_ms: 5 } });

describe("field:S27 a reader that goes away", () => {
  it.each([
    ["a stream", ["stream", "--json", "--provider-options", PACED, "x"], "head -n 1", /"start"/],
    ["a table", ["streams", "list", "--page-size", "1"], "head -n 1", /^stream\t/],
    ["JSON", ["models", "--json"], "head -c 1", /^\{/],
    ["help, of which nobody reads a word", ["help"], "true", /^/],
  ])("ends the command line quietly, as SIGPIPE would: %s", async (_, args, reader, printed) => {
    const { stdout, stderr } = await pipeTo(reader, args);
    const last = /ended with \d+$/.exec(stdout.trimEnd())?.[0];
    expect(stdout).toMatch(printed);
    expect(stderr.replace(/^stream s\.\w+\n/, "")).toBe("");
    // What fits into the pipe is written before its reader is gone.
    expect(["ended with 141", "ended with 0"]).toContain(last);
    if (args[0] === "stream") expect(last).toBe("ended with 141");
  });

  it("is told of a disk that is full in one line", async () => {
    const { stdout, stderr } = await pipeTo("true", ["keygen"]);
    expect([stdout, stderr]).not.toContain("Error");
    const full = await new Promise<string>((resolve) => {
      const child = spawn("bash", [
        "-c",
        '"$@" > /dev/full',
        "bash",
        process.execPath,
        CLI,
        "keygen",
      ]);
      let text = "";
      child.stderr.on("data", (bytes: Buffer) => {
        text += bytes.toString();
      });
      child.on("close", (code) => resolve(`${code} ${text}`));
    });
    expect(full).toBe("1 steer: standard output cannot be written: ENOSPC\n");
  });
});

describe("field:S27 steer streams list --limit", () => {
  const idsOf = async (...args: string[]) => {
    const { code, stdout, stderr } = await steer(["streams", "list", ...args]);
    expect([code, stderr]).toEqual([0, ""]);
    return stdout
      .trim()
      .split("\n")
      .map((line) => line.split("\t")[0]);
  };

  it("prints so many and no more, whatever the size of a page", async () => {
    const [head, ...all] = await idsOf();
    expect(all.length).toBeGreaterThanOrEqual(7);
    for (const size of [[], ["--page-size", "1"], ["--page-size", "2"], ["--page-size", "50"]]) {
      expect(await idsOf("--limit", "3", ...size)).toEqual([head, ...all.slice(0, 3)]);
    }
    expect(await idsOf("--limit", "100")).toEqual([head, ...all]);
    expect(await idsOf("--page-size", "3")).toEqual([head, ...all]);
    expect(await idsOf("--limit", "2", "--json")).toHaveLength(2);
  });

  it.each(["0", "-1", "many", "1.5"])("takes no %s", async (limit) => {
    const { code, stderr } = await steer(["streams", "list", `--limit=${limit}`]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/--limit takes a (?:whole )?number/);
  });
});
