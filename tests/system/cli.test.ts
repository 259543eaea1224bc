import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createGrpcClient } from "../support/grpc-client.ts";
import { CLI, type Result, type RunOptions, runSteer } from "../support/run-steer.ts";
import { type ServiceProcess, startService } from "../support/service.ts";
import { environmentOfRun } from "../support/test-run.ts";

let service: ServiceProcess;

beforeAll(async () => {
  service = await startService({
    config: "faults: {allow: true} # because: the simulator shall fail",
  });
});

afterAll(async () => {
  await service.stop();
});

const steer = (args: readonly string[], options: RunOptions = {}): Promise<Result> =>
  runSteer(args, { ...options, env: { STEER_ADDRESS: service.grpc, ...options.env } });

describe("steer generate", () => {
  it("prints the answer, and what it took on standard error", async () => {
    const { code, stdout, stderr } = await steer(["generate", "Hello", "there"]);
    expect(code).toBe(0);
    expect(stdout.trim().split(" ").length).toBeGreaterThanOrEqual(20);
    expect(stderr).toMatch(/^simulator\/simulator · stop · \d+ in, \d+ out \(provider\)/);
  });

  it("reads the prompt from standard input, and prints JSON when asked", async () => {
    const piped = await steer(["generate", "--json"], { input: "Hello there\n" });
    const given = await steer(["generate", "Hello", "there"]);
    const { generation } = JSON.parse(piped.stdout) as { generation: { outputText: string } };
    expect(`${generation.outputText}\n`).toBe(given.stdout);
  });

  it("takes a whole request from a file, with options over it", async () => {
    const folder = mkdtempSync(join(tmpdir(), "steer-cli-"));
    const file = join(folder, "spec.json");
    writeFileSync(
      file,
      JSON.stringify({ model: "simulator", prompt: "Hi", sampling: { maxOutputTokens: 5 } }),
    );
    const result = await steer(["generate", "--json", "--spec", file, "--max-tokens", "3"]);
    expect(JSON.parse(result.stdout)).toMatchObject({
      generation: { usage: { outputTokens: 3 }, finishReason: "FINISH_REASON_MAX_TOKENS" },
    });
    writeFileSync(file, '{"modell": "x"}');
    expect(await steer(["generate", "--spec", file])).toMatchObject({ code: 2, stderr: /modell/ });
    rmSync(folder, { recursive: true });
  });

  it("says what to do about a failure, and ends with 10 and the gRPC code", async () => {
    const unknown = await steer(["generate", "--model", "simulatr", "x"]);
    expect(unknown.code).toBe(15);
    expect(unknown.stderr).toContain("did you mean simulator");
    const faults = [1, 2, 3].map((attempt) => ({ attempt, status: 503 }));
    const options = JSON.stringify({ simulator: { faults } });
    const failed = await steer(["generate", "--provider-options", options, "x"]);
    expect(failed.code).toBe(24);
    for (const attempt of [1, 2, 3]) {
      expect(failed.stderr).toContain(
        `attempt ${attempt}: simulator/simulator failed server_error (PROVIDER_ERROR) HTTP 503`,
      );
    }
    const away = await steer(["generate", "x"], { env: { STEER_ADDRESS: "127.0.0.1:1" } });
    expect(away.code).toBe(24);
    expect(away.stderr).toContain("npm start");
  });
});

describe("steer stream", () => {
  it("prints tokens as they come", async () => {
    const seen: number[] = [];
    const options = JSON.stringify({ simulator: { tokens: 12, pace_ms: 30 } });
    const result = await steer(["stream", "--provider-options", options, "x"], {
      onOutput: (stdout) => seen.push(stdout.length),
    });
    expect(result.code).toBe(0);
    expect(seen.length).toBeGreaterThan(6);
  });

  it("prints one event a line as JSON", async () => {
    const { stdout } = await steer(["stream", "--json", "x"]);
    const events = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(events[0]).toHaveProperty("start");
    expect(events.at(-2)).toHaveProperty("usage");
    expect(events.at(-1)).toHaveProperty("complete");
  });

  it("is cancelled by Ctrl-C", async () => {
    const options = JSON.stringify({ simulator: { tokens: 1000, pace_ms: 20 } });
    let killed = false;
    const result = await steer(["stream", "--provider-options", options, "x"], {
      onOutput(_stdout, kill) {
        if (!killed) kill("SIGINT");
        killed = true;
      },
    });
    expect(result.code).toBe(11);
  });
});

describe("the other commands", () => {
  it("list models and providers, tab-separated without a terminal", async () => {
    const models = await steer(["models"]);
    const rows = models.stdout
      .trim()
      .split("\n")
      .map((line) => line.split("\t"));
    expect(rows[0]?.slice(0, 3)).toEqual(["model", "provider", "available"]);
    expect(rows.find(([id]) => id === "simulator")?.[2]).toBe("yes");
    const one = await steer(["models", "--json", "simulator"]);
    expect(JSON.parse(one.stdout)).toMatchObject({ id: "simulator", available: true });
    const status = await steer(["status", "--json"]);
    expect(JSON.parse(status.stdout)).toMatchObject({
      providers: { simulator: { available: true } },
    });
  });

  it("make a key whose hash the service knows it by", async () => {
    const made = await steer(["keygen", "--json", "--id", "ops", "--role", "operator"]);
    const { key, key_sha256: hash } = JSON.parse(made.stdout) as Record<string, string>;
    const own = await startService({
      config: `callers:\n  - {id: ops, role: operator, key_sha256: ${hash}}\n`,
    });
    const env = { STEER_ADDRESS: own.grpc };
    expect((await steer(["status"], { env })).code).toBe(26);
    expect((await steer(["status"], { env: { ...env, STEER_API_KEY: key ?? "" } })).code).toBe(0);
    await own.stop();
  });

  it("tell health by the exit status", async () => {
    expect(await steer(["health"])).toMatchObject({ code: 0, stdout: "SERVING\n" });
    expect((await steer(["health"], { env: { STEER_ADDRESS: "127.0.0.1:1" } })).code).toBe(24);
  });

  it("serve", async () => {
    const child = spawn(process.execPath, [CLI, "serve"], {
      env: {
        ...environmentOfRun(),
        STEER_GRPC_ADDRESS: "127.0.0.1:0",
        STEER_HTTP_ADDRESS: "127.0.0.1:0",
      },
    });
    const first = await new Promise<string>((resolve) => {
      child.stdout.once("data", (bytes: Buffer) => resolve(bytes.toString()));
    });
    const { grpc } = JSON.parse(first.split("\n")[0] ?? "") as { grpc: string };
    const client = createGrpcClient(grpc);
    client.close();
    const exited = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGTERM");
    expect(await exited).toBe(0);
  });

  it.each([
    [["nonsense"], 2],
    [["generate", "--nonsense"], 2],
    [["generate", "--temperature", "hot", "x"], 2],
    [["keygen", "--role", "king"], 2],
    [["help"], 0],
    [["help", "stream"], 0],
    [["stream", "--help"], 0],
    [[], 0],
  ])("%j ends with %i", async (args, code) => {
    const result = await steer(args);
    expect(result.code).toBe(code);
    expect(result.stdout + result.stderr).toContain("usage: steer");
  });
});
