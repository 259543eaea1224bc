import { describe, expect, it } from "vitest";
import type { JsonValue } from "../../../src/domain/json.ts";
import { logTargetChanges } from "../../../src/operations/log-target-changes.ts";
import { DEFAULT_SETTINGS } from "../../../src/reliability/reliability-settings.ts";
import { answered, fails, setUpEngine, succeeds } from "../../support/engine.ts";

const { health } = DEFAULT_SETTINGS;

function setUp(scripts: Parameters<typeof setUpEngine>[0]) {
  const all = setUpEngine(scripts);
  const lines: Readonly<Record<string, JsonValue>>[] = [];
  logTargetChanges(all.states, all.clock, (line) => void lines.push(line));
  const fail = async (times: number): Promise<void> => {
    for (let time = 0; time < times; time++) {
      const run = all.call({ retry: { maxAttempts: 1 } });
      await all.clock.advance(health.minSpanMs / 4);
      await run.done;
    }
  };
  return { ...all, lines, fail };
}

const target = { provider: "a", model: "test-model" };

describe("the log", () => {
  it("says that a circuit has opened, with the evidence, and that it has closed", async () => {
    const broken = Array.from({ length: 5 }, () => fails(answered(503)));
    const { clock, call, lines, fail } = setUp({ a: [...broken, succeeds()] });
    await fail(5);
    expect(lines).toEqual([
      {
        event: "circuit",
        ...target,
        state: "open",
        for_ms: 9_000,
        evidence: "failures-in-a-row",
        failures: 5,
        span_ms: 1_000,
        last_error: "server-error",
      },
    ]);
    await clock.advance(health.ejectionMs);
    await call().done;
    expect(lines[1]).toMatchObject({ event: "circuit", ...target, state: "closed" });
    expect(lines).toHaveLength(2);
  });

  it("says that a circuit has closed, however soon after it opened", async () => {
    const broken = Array.from({ length: 5 }, () => fails(answered(503)));
    const { clock, lines, fail, state } = setUp({ a: broken });
    await fail(5);
    await clock.advance(10);
    state("a").acquireProbe({ caller: "test" })?.content(1, "whole");
    expect(lines.map((line) => line["state"])).toEqual(["open", "closed"]);
  });

  it("has one line in a while for all the names that requests make up at an instance", async () => {
    const { states, lines, clock } = setUp({ a: succeeds() });
    const limited = answered(429, { "retry-after": "7" });
    const limit = (model: string): void => {
      const permit = states.of({ provider: "a", model, isUnlisted: true }).acquire({ caller: "c" });
      if ("end" in permit) permit.end(limited);
    };
    for (let made = 0; made < 50; made++) limit(`made-up-${made}`);
    expect(lines).toMatchObject([{ event: "cooldown", model: "made-up-0" }]);
    await clock.advance(10_000);
    limit("made-up-50");
    expect(lines[1]).toMatchObject({ model: "made-up-50", suppressed: 49 });
  });

  it("says that a target pauses, or is out", async () => {
    const limited = fails(answered(429, { "retry-after": "7" }));
    const { lines, fail } = setUp({ a: [limited] });
    await fail(1);
    expect(lines).toEqual([
      { event: "cooldown", ...target, for_ms: 7_000, last_error: "rate-limit" },
    ]);
    const refused = setUp({ a: fails(answered(401)) });
    await refused.fail(1);
    expect(refused.lines).toEqual([
      {
        event: "out",
        ...target,
        scope: "instance",
        for_ms: health.refusedMs,
        last_error: "provider-authentication",
      },
    ]);
  });

  it("says which change is one of counts, beside those of answers", async () => {
    const { lines, state } = setUp({ a: succeeds() });
    const { counts } = state("a");
    for (const of of [counts, counts, state("a")]) {
      of.acquireProbe({ caller: "test" })?.end(answered(429, { "retry-after": "7" }));
    }
    const pause = { event: "cooldown", ...target, for_ms: 7_000, last_error: "rate-limit" };
    expect(lines).toEqual([{ ...pause, operation: "count_tokens" }, pause]);
  });

  it("has one line of a sort in an interval, and counts those between", async () => {
    const { clock, lines, state } = setUp({ a: succeeds() });
    for (let time = 1; time <= 1_000; time++) {
      const permit = state("a").acquireProbe({ caller: "test" });
      permit?.end(answered(429, { "retry-after-ms": String(20_000 + time * 10) }));
      await clock.advance(10);
    }
    expect(lines).toHaveLength(1);
    await clock.advance(10_000);
    state("a")
      .acquireProbe({ caller: "test" })
      ?.end(answered(429, { "retry-after": "60" }));
    expect(lines[1]).toMatchObject({ event: "cooldown", for_ms: 60_000, suppressed: 999 });
  });

  it("hears nothing of an instance that a reload has replaced", async () => {
    const { clock, call, lines, states } = setUp({ a: fails(answered(429), 100) });
    const run = call({ retry: { maxAttempts: 1 } });
    await clock.advance(50);
    states.forget("a");
    await clock.advance(100);
    await run.done;
    expect(lines).toEqual([]);
    expect(states.of(target).cooldown).toBeUndefined();
  });
});

describe("field:E23 a call that holds a replaced instance", () => {
  it("books all its failures there, those of later attempts too", async () => {
    const { clock, call, states, engine } = setUp({ a: fails(answered(503), 100) });
    const run = call();
    await clock.advance(50);
    states.forget("a");
    await clock.advance(60_000);
    expect(await run.done).toMatchObject({ kind: "server-error" });
    expect(run.sent).toHaveLength(3);
    const fresh = states.of(target);
    expect(fresh.circuit.snapshot()).toMatchObject({ windowRequests: 0, windowFailures: 0 });
    expect(fresh.instance.budget.level).toBe(1);
    expect(engine.metrics.of("a").attempts).toBe(3);
  });
});
