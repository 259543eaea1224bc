import { timestampMs } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AdminService } from "../../gen/es/steer/admin/v1/admin_service_pb.js";
import { type Attempt, AttemptOutcome, AttemptTrigger } from "../../gen/es/steer/v1/error_pb.js";
import { UsageSource } from "../../gen/es/steer/v1/usage_pb.js";
import { expectOneWithin } from "../support/expect-one-within.ts";
import { because } from "../support/explained-settings.ts";
import { eventually, type Stack } from "../support/stack.ts";
import {
  ask,
  CALM,
  outline,
  readText,
  requestsOf,
  type SpecInit,
  script,
  startTargets,
  through,
} from "../support/targets.ts";

const TEXT = "Both were asked and one was faster.";
const MODES = ["unary", "stream"] as const;
/** The rival is sent after this. */
const SOON: SpecInit = { routing: { hedge: { delay: { seconds: 0n, nanos: 50_000_000 } } } };
/** Longer than any test waits: a primary that is still silent then has lost. */
const SLOW_MS = 15_000;

let stack: Stack;

beforeAll(async () => {
  const hedge = because("each call may have a rival, however few calls there were", { share: 1 });
  stack = await startTargets({ ...CALM, hedge });
});

afterAll(async () => {
  await stack[Symbol.asyncDispose]();
});

async function hedges(of: Stack, provider: string) {
  const { providers } = await of.client.unary(AdminService.method.getRetryMetrics, {});
  const { hedges: sent = 0n, hedgeWins: wins = 0n } = providers[provider] ?? {};
  return { sent: Number(sent), wins: Number(wins) };
}

describe.each(MODES)("a rival attempt, %s,", (mode) => {
  it("answers where the primary is slow; the loser's socket is closed, and both are metered", async () => {
    const before = await hedges(stack, "b");
    const counts = { a: requestsOf(stack, "a").length, b: requestsOf(stack, "b").length };
    const scripts = {
      a: script({ text: "never", first_token_ms: SLOW_MS }),
      b: script({ text: TEXT }),
    };
    const { code, events, generation } = await ask(stack.client, mode, through(scripts, SOON));
    expect(code).toBe(0);
    expect(generation).toMatchObject({
      provider: "b",
      outputText: TEXT,
      attempts: [
        { index: 1, provider: "a", outcome: AttemptOutcome.SUPERSEDED, outputDelivered: false },
        {
          index: 2,
          provider: "b",
          trigger: AttemptTrigger.HEDGE,
          outcome: AttemptOutcome.SUCCEEDED,
        },
      ],
    });
    const [lost, won] = generation?.attempts ?? [];
    expect(lost?.usage).toMatchObject({ source: UsageSource.ESTIMATED, outputTokens: 0 });
    expect(lost?.usage?.inputTokens).toBeGreaterThan(0);
    expect(generation?.usage).toEqual(won?.usage);
    expect(generation?.totalUsage?.inputTokens).toBe(
      Number(lost?.usage?.inputTokens) + Number(won?.usage?.inputTokens),
    );
    if (mode === "stream") {
      // The reader hears of one answer only.
      expect(outline(events)).toEqual(["start", "textDelta", "partEnd", "complete"]);
      expect(readText(events)).toBe(TEXT);
    }
    const loser = requestsOf(stack, "a")[counts.a];
    const winner = requestsOf(stack, "b")[counts.b];
    await eventually(() => loser?.closedAt !== undefined);
    expect(Number(loser?.closedAt)).toBeGreaterThan(Number(winner?.contentAt));
    const startedMs = (attempt: Attempt | undefined): number =>
      attempt?.startTime === undefined ? Number.NaN : timestampMs(attempt.startTime);
    expect(startedMs(won) - startedMs(lost)).toBeGreaterThanOrEqual(45);
    const after = await hedges(stack, "b");
    expect(after).toEqual({ sent: before.sent + 1, wins: before.wins + 1 });
  });

  it("closes the loser's socket within 100 ms", async () => {
    await expectOneWithin(100, async () => {
      const counts = { a: requestsOf(stack, "a").length, b: requestsOf(stack, "b").length };
      const scripts = {
        a: script({ text: "never", first_token_ms: SLOW_MS }),
        b: script({ text: TEXT }),
      };
      await ask(stack.client, mode, through(scripts, SOON));
      const loser = requestsOf(stack, "a")[counts.a];
      await eventually(() => loser?.closedAt !== undefined);
      return Number(loser?.closedAt) - Number(requestsOf(stack, "b")[counts.b]?.contentAt);
    });
  });

  it("loses to a primary that is faster in the end, and is closed", async () => {
    const before = await hedges(stack, "b");
    const count = requestsOf(stack, "b").length;
    const scripts = {
      a: script({ text: TEXT, first_token_ms: 300 }),
      b: script({ text: "never", first_token_ms: SLOW_MS }),
    };
    const { generation } = await ask(stack.client, mode, through(scripts, SOON));
    expect(generation).toMatchObject({
      provider: "a",
      outputText: TEXT,
      attempts: [
        { outcome: AttemptOutcome.SUCCEEDED },
        { trigger: AttemptTrigger.HEDGE, outcome: AttemptOutcome.SUPERSEDED },
      ],
    });
    await eventually(() => requestsOf(stack, "b")[count]?.closedAt !== undefined);
    expect(await hedges(stack, "b")).toEqual({ sent: before.sent + 1, wins: before.wins });
  });

  it("goes on alone where the primary fails meanwhile", async () => {
    const scripts = {
      a: script({ first_token_ms: 150, text: "never" }, { error_at: 0 }),
      b: script({ text: TEXT, first_token_ms: 400 }),
    };
    const { generation } = await ask(stack.client, mode, through(scripts, SOON));
    expect(generation).toMatchObject({
      provider: "b",
      outputText: TEXT,
      attempts: [{ outcome: AttemptOutcome.FAILED }, { outcome: AttemptOutcome.SUCCEEDED }],
    });
  });

  it("which the request does not ask for, is not sent", async () => {
    const count = requestsOf(stack, "b").length;
    const scripts = {
      a: script({ text: TEXT, first_token_ms: 200 }),
      b: script({ text: "never" }),
    };
    const { generation } = await ask(stack.client, mode, through(scripts));
    expect(generation?.attempts).toHaveLength(1);
    expect(requestsOf(stack, "b")).toHaveLength(count);
  });
});

describe("a rival attempt", () => {
  it("is not sent once there is content, however slow the rest is", async () => {
    const count = requestsOf(stack, "b").length;
    const scripts = { a: script({ text: TEXT, pace_ms: 40 }), b: script({ text: "never" }) };
    const { events } = await ask(stack.client, "stream", through(scripts, SOON));
    expect(readText(events)).toBe(TEXT);
    expect(requestsOf(stack, "b")).toHaveLength(count);
  });

  it("is not sent where there is no other target", async () => {
    const scripts = { a: script({ text: TEXT, first_token_ms: 200 }) };
    const { generation } = await ask(stack.client, "stream", through(scripts, SOON));
    expect(generation?.attempts).toHaveLength(1);
  });

  it("waits for the measured p95 of the time to the first token, at least `hedge.min_delay`, where no delay is asked for", async () => {
    await using own = await startTargets({
      ...CALM,
      hedge: because("the setting is what is tested", { min_delay: "60ms" }),
    });
    const fields: SpecInit = { routing: { hedge: {} } };
    const slow = (): SpecInit => {
      const scripts = { a: script({ text: TEXT, first_token_ms: 400 }), b: script({ text: TEXT }) };
      return through(scripts, fields);
    };
    // Nothing is measured yet: no rival.
    expect((await ask(own.client, "stream", slow())).generation?.provider).toBe("a");
    for (let call = 0; call < 30; call++) {
      await ask(own.client, "stream", through({ a: script({ text: TEXT }) }));
    }
    expect((await ask(own.client, "stream", slow())).generation?.provider).toBe("b");
  });

  it.each<[string, object, number]>([
    [
      "with half of the retry budget gone",
      {
        budget: because("one rival takes half of it", {
          capacity: 30,
          transient_cost: 16,
          refill: 1,
        }),
      },
      1,
    ],
    ["above its share of the requests, 5 % by default and five at once", {}, 5],
  ])("%s: there is none", async (_name, config, allowed) => {
    await using own = await startTargets({ ...CALM, ...config });
    for (let call = 0; call < allowed + 2; call++) {
      const scripts = { a: script({ text: TEXT, first_token_ms: 200 }), b: script({ text: TEXT }) };
      const { generation } = await ask(own.client, "stream", through(scripts, SOON));
      expect(generation?.attempts).toHaveLength(call < allowed ? 2 : 1);
    }
    expect(await hedges(own, "b")).toMatchObject({ sent: allowed });
  });
});
