import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { endless, type OperatedService, startOperated } from "../support/operated-service.ts";
import { startReplicas } from "../support/replica-set.ts";
import { runInTerminal } from "../support/run-in-terminal.ts";
import { runSteer } from "../support/run-steer.ts";
import { eventually } from "../support/stack.ts";

const ESC = "\u001b";
const ENTER = `${ESC}[?1049h`;
const LEAVE = `${ESC}[?25h${ESC}[?1049l`;
const HOME = `${ESC}[H`;
/** Colours and weights. */
const STYLE = new RegExp(`${ESC}\\[\\d+m`, "g");
const SEQUENCE = new RegExp(`${ESC}(?:\\[[?\\d;]*[a-zA-Z]|[78])`, "g");

let operated: OperatedService;

beforeAll(async () => {
  operated = await startOperated();
  const faults = [1, 2, 3, 4].map((attempt) => ({ attempt, status: 500 }));
  await operated.finished({ script: { faults } });
  await operated.open(endless);
  // The figures are those of the second that ended, in which the generation may not have run yet.
  await eventually(async () => {
    const args = ["top", "--once", "--json", "--this-replica"];
    const { stdout } = await runSteer(args, { env: operated.env });
    return JSON.parse(stdout).lastMinute?.runningGenerations === 1;
  });
});

afterAll(() => operated[Symbol.asyncDispose]());

/** The lines of each table that was drawn, without what is no text. */
function framesOf(screen: string): string[][] {
  const [, ...frames] = screen.split(HOME);
  return frames.map((frame) =>
    frame.replaceAll(SEQUENCE, "").replaceAll("\r", "").trimEnd().split("\n"),
  );
}

/** `steer top` in a terminal, until two tables were drawn; then these keys are typed. */
async function topInTerminal(
  keys: string,
  { columns = 80, rows = 24, env = {} }: { columns?: number; rows?: number; env?: object } = {},
) {
  let isTyped = false;
  return runInTerminal(["top", "--interval", "200ms"], {
    columns,
    rows,
    env: { ...operated.env, ...env },
    onOutput(screen, type) {
      if (isTyped || screen.split(HOME).length < 3) return;
      isTyped = true;
      type(keys);
    },
  });
}

describe("steer top", () => {
  it("prints one table into a pipe, without anything that only a terminal reads", async () => {
    const { code, stdout, stderr } = await runSteer(["top", "--once"], { env: operated.env });
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).not.toContain(ESC);
    const lines = stdout.trimEnd().split("\n");
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(lines[0]).toMatch(
      /^steer \d.* {2}replica [0-9a-f]{8} {2}store memory {2}running calls 1, generations 1$/,
    );
    expect(lines[1]).toMatch(/calls\/s {2}\d+\.\d % failed {2}first token p50 .*, p95 /);
    expect(lines[2]).toMatch(/tokens\/s {2}0 an hour {2}event loop \d+ ms$/);
    expect(stdout).toMatch(/^simulator\/simulator +\S.* +\d+ +\d+ .* ago: /m);
    expect(stdout).toMatch(/not configured or switched off/);
    expect(stdout).toMatch(/^s\.[0-9a-f]{32} +running .* billing {2}simulator/m);
  });

  it("prints one JSON object, with the same figures", async () => {
    const args = ["top", "--once", "--json", "--this-replica"];
    const { code, stdout } = await runSteer(args, { env: operated.env });
    expect(code).toBe(0);
    const [line, rest] = stdout.split("\n");
    expect(rest).toBe("");
    expect(JSON.parse(line ?? "")).toMatchObject({
      replicas: [expect.any(String)],
      store: { type: "memory", available: true },
      lastMinute: { runningGenerations: 1, failedShare: expect.any(Number) },
      providers: { simulator: { available: true } },
      streams: [{ caller: "billing", phase: "STREAM_PHASE_RUNNING" }],
    });
  });

  it("fills a terminal of 80 columns, and gives it back at q", async () => {
    const { code, screen } = await topInTerminal("q");
    expect(code).toBe(0);
    expect(screen.startsWith(ENTER)).toBe(true);
    expect(screen.endsWith(LEAVE)).toBe(true);
    const frames = framesOf(screen);
    expect(frames.length).toBeGreaterThanOrEqual(2);
    for (const frame of frames) {
      expect(frame.length).toBeLessThanOrEqual(24);
      for (const line of frame) expect(line.length, line).toBeLessThanOrEqual(80);
    }
    expect(screen).toMatch(STYLE);
  });

  it("gives a small terminal back at Ctrl-C, and has no colours with NO_COLOR", async () => {
    const small = { columns: 40, rows: 8, env: { NO_COLOR: "1" } };
    const { code, screen } = await topInTerminal("\u0003", small);
    expect(code).toBe(0);
    expect(screen.endsWith(LEAVE)).toBe(true);
    expect(screen).not.toMatch(STYLE);
    for (const frame of framesOf(screen)) {
      expect(frame.length).toBeLessThanOrEqual(8);
      for (const line of frame) expect(line.length, line).toBeLessThanOrEqual(40);
    }
  });

  it("says what to do if it cannot fill a terminal", async () => {
    const piped = await runSteer(["top"], { env: operated.env });
    expect(piped.code).toBe(2);
    expect(piped.stderr).toContain("--once for one table, or --json");
    const env = { ...operated.env, TERM: "dumb" };
    const dumb = await runInTerminal(["top"], { columns: 80, rows: 24, env });
    expect(dumb.code).toBe(2);
    expect(dumb.screen).toContain("--once for one table, or --json");
  });

  it("refuses an interval that is too short", async () => {
    const args = ["top", "--once", "--interval", "10ms"];
    const { code, stderr } = await runSteer(args, { env: operated.env });
    expect([code, stderr]).toEqual([2, expect.stringContaining("--interval takes at least 200ms")]);
  });

  it("gives the terminal back before it says that the key has no such role", async () => {
    const env = { ...operated.env, STEER_API_KEY: "caller-key" };
    const { code, screen } = await runInTerminal(["top"], { columns: 80, rows: 24, env });
    expect(code).toBe(17);
    expect(screen.indexOf("ROLE_REQUIRED")).toBeGreaterThan(screen.indexOf(LEAVE));
  });

  it("goes on at the next replica if the one that answers has gone", async () => {
    await using replicas = await startReplicas(1, {});
    const [address = ""] = replicas.addresses;
    let restart: Promise<unknown> | undefined;
    const seen = new Set<string>();
    const args = ["top", "--json", "--interval", "200ms"];
    const { code, stderr } = await runSteer(args, {
      env: { STEER_ADDRESS: address },
      onOutput(stdout, kill) {
        for (const line of stdout.trimEnd().split("\n")) {
          const replica = /"replica":"([0-9a-f]+)"/.exec(line)?.[1];
          if (replica !== undefined) seen.add(replica);
        }
        restart ??= replicas.restart(0);
        if (seen.size === 2) kill("SIGINT");
      },
    });
    await restart;
    expect(code).toBe(0);
    expect(seen.size).toBe(2);
    expect(stderr).toContain("the connection is lost");
  });
});

describe("the progress of steer stream", () => {
  const slow = JSON.stringify({ simulator: { tokens: 60, pace_ms: 30 } });
  const args = ["stream", "--provider-options", slow, "hello"];

  it("stands in the last row of a terminal, and is gone at the end", async () => {
    const env = { ...operated.env, STEER_API_KEY: "caller-key" };
    const { code, screen } = await runInTerminal(args, { columns: 80, rows: 24, env });
    expect(code).toBe(0);
    expect(screen).toContain(`${ESC}[1;23r`);
    expect(screen).toMatch(/\d+ tokens, \d+\.\d tokens\/s, \d+\.\d s/);
    const cleared = `${ESC}7${ESC}[24;1H${ESC}[2K${ESC}8${ESC}7${ESC}[r${ESC}8`;
    expect(screen.endsWith(cleared)).toBe(true);
    expect(screen).toContain("simulator/simulator · stop");
  });

  it("is nowhere in a pipe, nor on a terminal without a cursor", async () => {
    const env = { ...operated.env, STEER_API_KEY: "caller-key" };
    const piped = await runSteer(args, { env });
    expect(piped.code).toBe(0);
    expect(piped.stdout + piped.stderr).not.toContain(ESC);
    const dumb = { ...env, TERM: "dumb" };
    const { screen } = await runInTerminal(args, { columns: 80, rows: 24, env: dumb });
    expect(screen).not.toContain(ESC);
  });
});
