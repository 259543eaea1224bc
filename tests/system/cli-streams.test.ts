import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AdminService, StreamPhase } from "../../gen/es/steer/admin/v1/admin_service_pb.js";
import {
  CALLER,
  endless,
  type OperatedService,
  PROMPT,
  startOperated,
} from "../support/operated-service.ts";
import { type RunOptions, runSteer } from "../support/run-steer.ts";
import { eventually } from "../support/stack.ts";

let operated: OperatedService;

beforeAll(async () => {
  operated = await startOperated();
});

afterAll(async () => {
  await operated[Symbol.asyncDispose]();
});

const steer = (args: readonly string[], options: RunOptions = {}) =>
  runSteer(args, { ...options, env: operated.env });

const rowsOf = (stdout: string): string[][] =>
  stdout
    .trim()
    .split("\n")
    .map((line) => line.split("\t"));

const paced = (tokens: number, paceMs: number): string[] => [
  "--provider-options",
  JSON.stringify({ simulator: { tokens, pace_ms: paceMs } }),
];

describe("steer streams list", () => {
  it("prints a table, all pages of it, without content", async () => {
    const ids: string[] = [];
    for (let index = 0; index < 5; index++) ids.push(await operated.finished());
    const { code, stdout } = await steer(["streams", "list", "--page-size", "2"]);
    expect(code).toBe(0);
    const [head, ...rows] = rowsOf(stdout);
    expect(head?.slice(0, 5)).toEqual(["stream", "phase", "caller", "provider", "model"]);
    expect(rows.map(([id]) => id)).toEqual(ids.toReversed());
    expect(rows[0]?.slice(1, 5)).toEqual(["succeeded", CALLER, "simulator", "simulator"]);
    expect(stdout).not.toContain(PROMPT);
  });

  it("filters, and prints one stream a line as JSON", async () => {
    const running = await operated.open(endless);
    await eventually(
      async () => (await operated.stateOf(running.id)).phase === StreamPhase.RUNNING,
    );
    const listed = await steer(["streams", "list", "--json", "--phase", "running,pending"]);
    expect(JSON.parse(listed.stdout)).toMatchObject({
      streamId: running.id,
      phase: "STREAM_PHASE_RUNNING",
    });
    const none = await steer(["streams", "list", "--older-than", "1h", "--caller", CALLER]);
    expect(rowsOf(none.stdout)).toHaveLength(1);
    await steer(["streams", "cancel", running.id]);
  });

  it.each([
    [[], "one of list, show, cancel, cleanup"],
    [["lst"], 'no "lst"'],
    [["list", "--phase", "done"], "--phase takes pending"],
    [["list", "--older-than", "soon"], "--older-than takes a duration"],
    [["list", "--page-size", "-1"], "--page-size"],
    [["list", "extra"], "unexpected argument extra"],
    [["show"], "ID is missing"],
    [["cancel", "s.1", "s.2"], "one ID at a time"],
    [["cleanup"], "--older-than is required"],
  ])("%j is a mistake", async (args, message) => {
    const result = await steer(["streams", ...args]);
    expect(result.code).toBe(2);
    expect(result.stderr).toContain(message);
    expect(result.stderr).toContain("usage: steer streams");
  });
});

describe("steer streams show, cancel and cleanup", () => {
  it("shows what is known of one stream", async () => {
    const id = await operated.finished({ label: "shown", requestId: "request-0002" });
    const shown = new Map(
      rowsOf((await steer(["streams", "show", id])).stdout).map(([name = "", value]) => [
        name,
        value,
      ]),
    );
    expect(shown.get("stream")).toBe(id);
    expect(shown.get("request id")).toBe("request-0002");
    expect(shown.get("label")).toBe("test=shown");
    expect(shown.get("tokens")).toMatch(/ in, 3 out$/);
    const asJson = await steer(["streams", "show", "--json", id]);
    expect(JSON.parse(asJson.stdout)).toMatchObject({ streamId: id, firstSequence: 1 });
    const unknown = await steer(["streams", "show", "s.unknown"]);
    expect(unknown.code).toBe(15);
    expect(unknown.stderr).toContain("STREAM_NOT_FOUND");
  });

  it("cancels with a note", async () => {
    const { id, rest } = await operated.open(endless);
    const first = await steer(["streams", "cancel", "--note", "too dear", id]);
    expect(first).toMatchObject({ code: 0, stdout: "cancelled\n" });
    await rest;
    expect((await operated.stateOf(id)).error?.message).toContain("too dear");
    const second = await steer(["streams", "cancel", id]);
    expect(second).toMatchObject({ code: 0, stdout: "not cancelled: cancelled already\n" });
  });

  it("cleans up, and counts before that", async () => {
    await steer(["streams", "cleanup", "--older-than", "0s"]);
    const ids = [await operated.finished(), await operated.finished()];
    const dry = await steer(["streams", "cleanup", "--older-than", "0s", "--dry-run"]);
    expect(rowsOf(dry.stdout).slice(0, 3)).toEqual([
      ["matched", "2"],
      ["deleted", "0"],
      ["skipped", "0"],
    ]);
    const sample = rowsOf(dry.stdout).filter(([name]) => name === "sample");
    expect(sample.map(([, id]) => id).toSorted()).toEqual(ids.toSorted());
    const args = ["streams", "cleanup", "--older-than", "0s", "--max-deletions", "1"];
    const one = await steer(args);
    expect(rowsOf(one.stdout)).toContainEqual(["truncated", "call again to go on"]);
    const two = await steer([...args, "--phase", "succeeded", "--json"]);
    expect(JSON.parse(two.stdout)).toMatchObject({ deletedCount: "1" });
    const { streamStates } = await operated.operator.unary(AdminService.method.listStreamStates, {
      phases: [StreamPhase.SUCCEEDED],
    });
    expect(streamStates).toEqual([]);
  });
});

describe("steer stream and steer resume", () => {
  it("A-69: go on after Ctrl-C where the text broke off", async () => {
    const whole = await steer(["stream", ...paced(40, 0), "Hello"]);
    const options = [...paced(40, 25), "--on-disconnect", "continue", "Hello"];
    let isKilled = false;
    const first = await steer(["stream", ...options], {
      onOutput(stdout, kill) {
        if (stdout.split(" ").length < 5 || isKilled) return;
        isKilled = true;
        kill("SIGINT");
      },
    });
    expect(first.code).toBe(11);
    const [, id] = /^stream (s\.[0-9a-f]+)$/m.exec(first.stderr) ?? [];
    const [, line] = /^go on with: steer (.*)$/m.exec(first.stderr) ?? [];
    expect(line).toContain(`resume ${id} --after `);
    const second = await steer((line ?? "").split(" "));
    expect(second.code).toBe(0);
    expect(second.stderr).toMatch(/^simulator\/simulator · stop · /);
    expect(first.stdout.trim().split(" ").length).toBeLessThan(40);
    expect(first.stdout + second.stdout).toBe(whole.stdout);
    const again = await steer(["resume", id ?? ""]);
    expect(again.stdout).toBe(whole.stdout);
  });

  it("the same request id replays the same stream", async () => {
    const args = ["stream", "--request-id", "request-0003", ...paced(5, 0), "Hello"];
    const [first, second] = [await steer(args), await steer(args)];
    expect(second).toEqual(first);
    const other = await steer([...args, "there"]);
    expect(other.code).toBe(16);
    expect(other.stderr).toContain("REQUEST_ID_REUSED");
  });

  it("an ephemeral stream has no identifier to go on with", async () => {
    const { code, stderr } = await steer(["stream", "--ephemeral", ...paced(3, 0), "Hello"]);
    expect(code).toBe(0);
    expect(stderr).not.toMatch(/^stream /m);
  });

  it("prints events as JSON, and says how the stream ended", async () => {
    const { id, rest } = await operated.open();
    await rest;
    // The operator is not the caller that it belongs to.
    const foreign = await steer(["resume", id]);
    expect(foreign.code).toBe(15);
    expect(foreign.stderr).not.toContain("go on with");
    const own = await steer(["stream", "--json", ...paced(3, 0), "Hello"]);
    const [start] = own.stdout.split("\n").map((line) => JSON.parse(line || "{}"));
    const replay = await steer(["resume", "--json", "--after", "1", start.start.streamId]);
    expect(replay.stdout).toBe(own.stdout.split("\n").slice(1).join("\n"));
  });

  it.each([
    [["resume"], "STREAM_ID is missing"],
    [["resume", "--after", "x", "s.1"], "--after takes a number"],
    [["resume", "--after", "1.5", "s.1"], "--after takes a whole number"],
    [["resume", "--writer", "4294967296", "s.1"], "--writer takes a whole number"],
    [["stream", "--on-disconnect", "stop", "x"], "--on-disconnect takes grace, cancel, continue"],
  ])("%j is a mistake", async (args, message) => {
    const result = await steer(args);
    expect(result.code).toBe(2);
    expect(result.stderr).toContain(message);
  });
});
