import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { CheckResult } from "../../../src/output/check-json-output.ts";
import type { Verdict } from "../../../src/output/check-schema.ts";
import { type CheckThread, SchemaChecks } from "../../../src/output/schema-checks.ts";
import type { CheckAnswer } from "../../../src/output/schema-thread.ts";
import { createManualClock } from "../../support/manual-clock.ts";

const VALID: Verdict = { state: "valid" };
const never = new AbortController().signal;

/** The checks over threads that the test answers for. */
function setUp() {
  const clock = createManualClock();
  /** Values in the order in which a thread got them. */
  const got: string[] = [];
  let started = 0;
  let onAnswer: (answer: CheckAnswer) => void = () => {};
  let onEnd = (): void => {};
  const start = (): CheckThread => {
    started++;
    return {
      run: ({ value }) => void got.push(value),
      listen(answered, ended) {
        onAnswer = answered;
        onEnd = ended;
      },
      async end() {
        onEnd();
      },
    };
  };
  const checks = new SchemaChecks(clock, start);
  const ask = (caller: string, value: string, signal = never): Promise<CheckResult> =>
    checks.run(caller, { schema: '{"pattern":"a"}', value }, signal);
  /** Results in the order in which they came. */
  const results: string[] = [];
  return {
    clock,
    checks,
    got,
    results,
    started: () => started,
    answer: async (cpuMs: number, verdict = VALID) => {
      onAnswer({ verdict, cpuMs });
      await clock.advance(0);
    },
    crash: async () => {
      onEnd();
      await clock.advance(0);
    },
    ask,
    check(caller: string, value: string, signal = never): void {
      void ask(caller, value, signal).then(({ state }) => results.push(`${value} ${state}`));
    },
  };
}

describe("checks in a thread", () => {
  it("start it with the first of them, and run one at a time", async () => {
    const set = setUp();
    expect(set.started()).toBe(0);
    set.check("a", "1");
    set.check("a", "2");
    expect([set.started(), set.got]).toEqual([1, ["1"]]);
    await set.answer(1);
    await set.answer(1, { state: "mismatch", where: "#/a" });
    expect(set.results).toEqual(["1 valid", "2 mismatch"]);
    expect([set.started(), set.clock.pendingTimers]).toEqual([1, 0]);
  });

  it("field:X5: callers take turns, however many checks one of them has", async () => {
    const set = setUp();
    for (let count = 0; count < 40; count++) set.check("many", `many ${count}`);
    set.check("few", "few 1");
    set.check("few", "few 2");
    for (let count = 0; count < 4; count++) await set.answer(4);
    expect(set.got).toEqual(["many 0", "many 1", "few 1", "many 2", "few 2"]);
  });

  it("field:X5: what a caller's checks take is bounded, and grows again with time", async () => {
    const set = setUp();
    for (let count = 0; count < 40; count++) set.check("slow", `slow ${count}`);
    for (let count = 0; count < 10; count++) await set.answer(50, { state: "unchecked" });
    expect(set.got).toHaveLength(10);
    expect(set.results.filter((line) => line.endsWith(" refused"))).toHaveLength(30);
    expect(await set.ask("slow", "one more")).toEqual({ state: "refused" });
    set.check("other", "other");
    await set.answer(1);
    expect(set.results.at(-1)).toBe("other valid");
    // A quarter of the time.
    await set.clock.advance(400);
    set.check("slow", "again");
    expect(set.got.at(-1)).toBe("again");
  });

  it("field:X5: a long check with a verdict costs what it takes", async () => {
    const set = setUp();
    for (let count = 0; count < 40; count++) set.check("slow", `slow ${count}`);
    for (let count = 0; count < 20; count++) await set.answer(50);
    expect(set.got).toHaveLength(20);
    expect(set.results.filter((line) => line.endsWith(" refused"))).toHaveLength(20);
  });

  it("a schema that is none costs nothing: the caller's others are checked", async () => {
    const set = setUp();
    for (let count = 0; count < 100; count++) {
      set.check("a", String(count));
      await set.answer(1, { state: "unchecked" });
    }
    expect(set.got).toHaveLength(100);
  });

  it("field:X5: short checks are free, however many", async () => {
    const set = setUp();
    for (let count = 0; count < 1_000; count++) {
      set.check("busy", String(count));
      await set.answer(5);
    }
    expect(set.results.every((line) => line.endsWith(" valid"))).toBe(true);
  });

  it("are refused where too many of the caller wait, and where too many wait", async () => {
    const set = setUp();
    for (let count = 0; count < 258; count++) set.check("a", `a ${count}`);
    await set.clock.advance(0);
    expect(set.results).toEqual(["a 257 refused"]);
    for (let caller = 0; caller < 8; caller++) {
      for (let count = 0; count < 256; count++) set.check(`b ${caller}`, "b");
    }
    await set.clock.advance(0);
    expect(set.checks.waiting).toBe(2_048);
    expect(await set.ask("c", "c")).toEqual({ state: "refused" });
  });

  it("are not made where they are too long to be copied", async () => {
    const set = setUp();
    expect(await set.ask("a", "a".repeat(9 * 1024 * 1024))).toEqual({ state: "unchecked" });
    expect(set.started()).toBe(0);
  });

  it("go on in a new thread where one has died, and its caller pays for it", async () => {
    const set = setUp();
    set.check("a", "deadly");
    set.check("b", "next");
    set.check("a", "another");
    await set.crash();
    expect(set.results).toEqual(["deadly unchecked"]);
    expect([set.started(), set.got]).toEqual([2, ["deadly", "next"]]);
    await set.answer(1);
    expect(set.results.slice(1)).toEqual(["next valid", "another refused"]);
  });

  it("end the thread that is stuck, and wait no longer than it takes", async () => {
    const set = setUp();
    set.check("a", "stuck");
    set.check("b", "behind");
    await set.clock.advance(4_999);
    expect(set.results).toEqual([]);
    set.check("c", "later");
    await set.clock.advance(1);
    expect(set.results.toSorted()).toEqual(["behind unchecked", "stuck unchecked"]);
    expect(set.started()).toBe(2);
    await set.answer(1);
    expect(set.got.at(-1)).toBe("later");
  });

  it("end with the call that they are for, and count what they take all the same", async () => {
    const set = setUp();
    const call = new AbortController();
    set.check("a", "runs", call.signal);
    set.check("a", "waits", call.signal);
    call.abort();
    await set.clock.advance(0);
    expect(set.results).toEqual(["runs unchecked", "waits unchecked"]);
    await set.answer(2_000);
    expect(await set.ask("a", "next")).toEqual({ state: "refused" });
    expect(set.got).toEqual(["runs"]);
  });

  it("end with the service", async () => {
    const set = setUp();
    set.check("a", "runs");
    set.check("a", "waits");
    await set.checks.close();
    await set.clock.advance(0);
    expect(set.results.toSorted()).toEqual(["runs unchecked", "waits unchecked"]);
    expect(await set.ask("a", "late")).toEqual({ state: "unchecked" });
    expect([set.started(), set.got, set.clock.pendingTimers]).toEqual([1, ["runs"], 0]);
  });

  it("have one result each, whatever happens, and nobody waits for another's more than once", async () => {
    const caller = fc.nat({ max: 4 }).map(String);
    const step = fc.oneof(
      fc.record({
        type: fc.constant("check" as const),
        caller,
        count: fc.integer({ min: 1, max: 6 }),
      }),
      fc.record({ type: fc.constant("answer" as const), cpuMs: fc.nat({ max: 400 }) }),
      fc.record({ type: fc.constant("crash" as const) }),
      fc.record({ type: fc.constant("wait" as const), ms: fc.nat({ max: 6_000 }) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const set = setUp();
        let asked = 0;
        for (const each of steps) {
          if (each.type === "check") {
            for (let count = 0; count < each.count; count++)
              set.check(each.caller, `${each.caller} ${asked++}`);
          } else if (each.type === "answer" && set.results.length < asked)
            await set.answer(each.cpuMs);
          else if (each.type === "crash" && set.started() > 0) await set.crash();
          else if (each.type === "wait") await set.clock.advance(each.ms);
          await set.clock.advance(0);
          expect(set.checks.waiting).toBeLessThanOrEqual(asked - set.results.length);
        }
        await set.checks.close();
        await set.clock.advance(0);
        expect(set.results).toHaveLength(asked);
        expect(set.checks.waiting).toBe(0);
        expect(set.clock.pendingTimers).toBe(0);
        // In the order of their caller.
        for (const name of ["0", "1", "2", "3", "4"]) {
          const own = set.got
            .filter((value) => value.startsWith(`${name} `))
            .map((value) => Number(value.split(" ")[1]));
          expect(own).toEqual(own.toSorted((a, b) => a - b));
        }
      }),
      { numRuns: 150 },
    );
  });
});

describe("the real thread", () => {
  it("field:X5: says what the schema says, and holds up nobody meanwhile", async () => {
    const checks = new SchemaChecks(createManualClock());
    const ask = (schema: unknown, value: unknown) =>
      checks.run("a", { schema: JSON.stringify(schema), value: JSON.stringify(value) }, never);
    let turns = 0;
    const turn = setInterval(() => turns++, 1);
    const evil = ask({ pattern: "^(a+)+$" }, `${"a".repeat(60)}!`);
    expect(await evil).toEqual({ state: "unchecked" });
    expect(turns).toBeGreaterThan(2);
    clearInterval(turn);
    expect(await ask({ pattern: "^a+$" }, "aaa")).toEqual({ state: "valid" });
    const deep = { properties: { a: { items: { format: "uuid" } } } };
    expect(await ask(deep, { a: ["no"] })).toEqual({ state: "mismatch", where: "#/a/0" });
    expect(await ask({ $ref: "#/$defs/none" }, 1)).toEqual({ state: "unchecked" });
    await checks.close();
  });
});
