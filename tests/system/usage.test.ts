import { type Duration, durationMs } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { UsageScope, UsageService } from "../../gen/es/steer/admin/v1/usage_service_pb.js";
import {
  CALLER,
  failureOf,
  OPERATOR,
  type OperatedService,
  startOperated,
} from "../support/operated-service.ts";
import { type RunOptions, runSteer } from "../support/run-steer.ts";
import { eventually } from "../support/stack.ts";

let operated: OperatedService;

const { queryUsage } = UsageService.method;

beforeAll(async () => {
  operated = await startOperated();
});

afterAll(async () => {
  await operated[Symbol.asyncDispose]();
});

const steer = (args: readonly string[], options: RunOptions = {}) =>
  runSteer(["usage", ...args], { ...options, env: operated.env });

const rowsOf = (stdout: string): string[][] =>
  stdout
    .trim()
    .split("\n")
    .map((line) => line.split("\t"));

const msOf = (duration: Duration | undefined): number =>
  duration === undefined ? Number.NaN : durationMs(duration);

describe("usage", () => {
  it("says that nothing was used", async () => {
    const { code, stdout } = await steer([]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^no calls from \S+Z to \S+Z\n$/);
  });

  it("is a caller's own, a second after the calls, and everybody's for an operator who asks", async () => {
    for (let index = 0; index < 3; index++) await operated.finished();
    const own = () => operated.caller.unary(queryUsage, { groupBy: ["caller", "model"] });
    await eventually(async () => (await own()).total?.calls === 3n, 2_000);
    expect((await own()).rows).toMatchObject([
      { group: [CALLER, "simulator"], calls: 3n, failures: 0n, attempts: 3n, timedCalls: 3n },
    ]);
    const { total } = await own();
    const [median, most] = [msOf(total?.timeToFirstTokenP50), msOf(total?.timeToFirstTokenP95)];
    expect(median).toBeGreaterThan(0);
    expect(most).toBeGreaterThanOrEqual(median);
    const none = (await operated.operator.unary(queryUsage, {})).total;
    expect(none).toMatchObject({ calls: 0n, timedCalls: 0n });
    expect([none?.timeToFirstTokenP50, none?.timeToFirstTokenP95]).toEqual([undefined, undefined]);
    const all = { scope: UsageScope.ALL };
    expect((await operated.operator.unary(queryUsage, all)).total?.calls).toBe(3n);
    expect(await failureOf(operated.caller.unary(queryUsage, all))).toEqual({
      code: 7,
      reason: "ROLE_REQUIRED",
    });
    const others = { filters: [{ dimension: "caller", values: [OPERATOR] }] };
    expect((await operated.caller.unary(queryUsage, others)).rows).toEqual([]);
  });

  it("is a table with totals", async () => {
    const { code, stdout } = await steer(["--all", "--by", "caller,outcome", "--interval", "day"]);
    expect(code).toBe(0);
    const [head, row, total] = rowsOf(stdout);
    expect(head?.slice(0, 6)).toEqual([
      "from",
      "caller",
      "outcome",
      "calls",
      "failed",
      "cancelled",
    ]);
    expect(row?.[0]).toMatch(/T00:00Z$/);
    expect(row?.slice(1, 5)).toEqual([CALLER, "succeeded", "3", "0"]);
    expect(total?.slice(0, 5)).toEqual(["total", "", "", "3", "0"]);
  });

  it("is lines of comma-separated values, and JSON", async () => {
    const csv = await steer(["--all", "--by", "model", "--since", "2h", "--csv"]);
    const [head, line] = csv.stdout.trim().split("\n");
    expect(head).toMatch(/^model,calls,failures,.*,ttft_p50_ms,ttft_p95_ms$/);
    expect(line).toMatch(/^simulator,3,0,0,3,/);
    const json = await steer(["--all", "--where", "model=simulator", "--json"]);
    expect(JSON.parse(json.stdout)).toMatchObject({ total: { calls: "3" } });
  });

  it.each([
    ["an unknown dimension", ["--by", "modell"], 13, "is none of caller, group, model"],
    ["a label without sums", ["--by", "label:team"], 13, "accounting.ledger_labels"],
    ["two labels", ["--by", "label:a,label:b"], 13, "more than one label"],
    ["a time that is none", ["--since", "yesterday"], 2, "--since takes a duration"],
    ["an end before the beginning", ["--since", "1h", "--until", "2h"], 13, "must be before"],
    ["a time without end", ["--since", "1970-01-01", "--interval", "hour"], 13, "more than"],
    ["an interval", ["--interval", "week"], 2, "--interval takes none, hour, day, month"],
    ["a filter", ["--where", "model"], 2, "--where takes DIMENSION=VALUE"],
  ])("refuses %s", async (_, args, code, message) => {
    const refused = await steer(["--all", ...args]);
    expect(refused.code).toBe(code);
    expect(refused.stderr).toContain(message);
  });
});
