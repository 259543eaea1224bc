import { afterAll, describe, expect, it } from "vitest";
import { createManualClock } from "../../support/manual-clock.ts";
import { testModel, testSpec } from "../../support/provider-request.ts";
import { testCounter } from "../../support/token-counter.ts";

const LIMIT_MS = 60_000;
const clock = createManualClock();
const counters = {
  auto: testCounter(clock),
  tiktoken: testCounter(createManualClock(), "tiktoken"),
  character: testCounter(createManualClock(), "character"),
  script: testCounter(createManualClock(), "script"),
};
afterAll(() => Promise.all(Object.values(counters).map((counter) => counter.close())));

const PUBLISHED = testModel({ providerModel: "gpt-4o" });
const OLD = testModel({ providerModel: "gpt-3.5-turbo" });
const FOREIGN = testModel({ providerModel: "somebody-elses-7b" });
const HELLO = { text: "Hello world", overhead: 0, isPartial: false };

describe("how far a count is to be trusted", () => {
  it.each([
    ["auto", PUBLISHED, "o200k_base", 0.95],
    ["auto", OLD, "cl100k_base", 0.95],
    ["tiktoken", OLD, "cl100k_base", 0.95],
    // The vocabulary that stands for one that is not published.
    ["tiktoken", FOREIGN, "o200k_base", 0.6],
    ["auto", FOREIGN, "script-v1", 0.75],
    ["script", PUBLISHED, "script-v1", 0.75],
    ["character", PUBLISHED, "chars/4", 0.75],
  ] as const)("%s", async (choice, model, estimator, confidence) => {
    const counter = counters[choice];
    const told = counter.estimators.length;
    expect(await counter.count(model, HELLO, LIMIT_MS)).toMatchObject({ estimator, confidence });
    expect(counter.estimators.slice(told)).toEqual([estimator]);
    expect(counter.isExact(model)).toBe(estimator.endsWith("_base"));
  });

  it.each(["auto", "tiktoken", "character", "script"] as const)(
    "%s adds the overhead once, and trusts nothing beside media",
    async (choice) => {
      const counter = counters[choice];
      for (const count of [
        (counted: typeof HELLO) => counter.estimate(PUBLISHED, counted),
        (counted: typeof HELLO) => counter.count(PUBLISHED, counted, LIMIT_MS),
      ]) {
        const plain = await count(HELLO);
        const more = { ...HELLO, overhead: 7 };
        expect(await count(more)).toEqual({ ...plain, tokens: plain.tokens + 7 });
        const withMedia = { ...HELLO, hasMedia: true };
        expect(await count(withMedia)).toEqual({ ...plain, confidence: 0 });
      }
    },
  );
});

describe("what is told and what is not", () => {
  it("each estimate is told, of a text and of a request, and no piece of one", () => {
    const counter = testCounter(createManualClock(), "character");
    counter.estimate(PUBLISHED, HELLO);
    counter.estimateInput(PUBLISHED, testSpec());
    expect(counter.pieceTokens(PUBLISHED, "Hello world.")).toBe(3);
    expect(counter.pieceTokens(PUBLISHED, "")).toBe(1);
    expect(counter.pieceTokens(PUBLISHED, "H")).toBe(1);
    expect(counter.estimators).toEqual(["chars/4", "chars/4"]);
  });

  it("pieces are counted by what answers have taught", () => {
    const counter = testCounter(createManualClock(), "script");
    const text = "words of a plain text ".repeat(10);
    const before = counter.pieceTokens(FOREIGN, text);
    const answer = { text, overhead: 0, isPartial: false, isAnswer: true };
    for (let index = 0; index < 20; index++) counter.learn(FOREIGN, answer, before * 2);
    expect(counter.pieceTokens(FOREIGN, text)).toBeGreaterThan(before * 1.5);
    expect(counter.estimate(FOREIGN, { ...answer, isAnswer: false }).tokens).toBe(before);
  });

  it("a report that is no more than the overhead teaches nothing", () => {
    const counter = testCounter(createManualClock(), "script");
    const counted = { text: "words of a plain text ".repeat(10), overhead: 20, isPartial: false };
    counter.learn(FOREIGN, counted, 20);
    expect(counter.errors).toEqual([]);
    counter.learn(FOREIGN, counted, 21);
    expect(counter.errors).toHaveLength(1);
  });
});

describe("the lessons of a model", () => {
  it("are its own: another model's reports take none of them", () => {
    const counter = testCounter(createManualClock());
    for (let report = 0; report < 500; report++) {
      expect(counter.takesLesson(FOREIGN)).toBe(true);
    }
    // The first behind them is taken, and the next waits for its interval.
    expect([counter.takesLesson(FOREIGN), counter.takesLesson(FOREIGN)]).toEqual([true, false]);
    expect(counter.takesLesson(OLD)).toBe(true);
  });

  it("come every 100 ms then, and no sooner", async () => {
    const counter = testCounter(clock);
    for (let report = 0; report < 501; report++) counter.takesLesson(FOREIGN);
    for (let round = 0; round < 3; round++) {
      await clock.advance(99);
      expect(counter.takesLesson(FOREIGN)).toBe(false);
      await clock.advance(1);
      expect([counter.takesLesson(FOREIGN), counter.takesLesson(FOREIGN)]).toEqual([true, false]);
    }
  });
});

describe("exact counts", () => {
  it("leave no timer behind, and come in the order of their texts", async () => {
    const counter = counters.auto;
    const texts = ["Hello", "Hello world", "Hello world, hello", ""];
    const counts = texts.map((text) => counter.count(PUBLISHED, { ...HELLO, text }, LIMIT_MS));
    expect((await Promise.all(counts)).map(({ tokens }) => tokens)).toEqual([1, 2, 4, 0]);
    expect(clock.pendingTimers).toBe(0);
  });

  it("end with the thread as estimates, and a thread that has ended is started again", async () => {
    const counter = testCounter(createManualClock());
    expect((await counter.count(PUBLISHED, HELLO, LIMIT_MS)).estimator).toBe("o200k_base");
    const lost = counter.count(PUBLISHED, { ...HELLO, text: "word ".repeat(300_000) }, LIMIT_MS);
    await counter.close();
    expect((await lost).estimator).toBe("script-v1");
    expect((await counter.count(PUBLISHED, HELLO, LIMIT_MS)).estimator).toBe("o200k_base");
    await counter.close();
  });

  it("a thread is started ten times and no more", async () => {
    let threads = 0;
    const count = (): void => void threads++;
    process.on("worker", count);
    const counter = testCounter(createManualClock());
    for (let start = 0; start < 12; start++) {
      void counter.count(PUBLISHED, HELLO, LIMIT_MS);
      await counter.close();
    }
    process.off("worker", count);
    expect(threads).toBe(10);
    expect((await counter.count(PUBLISHED, HELLO, LIMIT_MS)).estimator).toBe("script-v1");
  });

  it("texts that wait no longer make room for others", async () => {
    const counter = testCounter(createManualClock());
    const long = { ...HELLO, text: " ".repeat(2 * 1024 * 1024) };
    // Together more than may wait at a time.
    for (let turn = 0; turn < 5; turn++) {
      const lost = counter.count(PUBLISHED, long, LIMIT_MS);
      await counter.close();
      expect((await lost).estimator).toBe("script-v1");
    }
    expect((await counter.count(PUBLISHED, HELLO, LIMIT_MS)).estimator).toBe("o200k_base");
    await counter.close();
  });

  it("a text of 2 MiB goes to the thread, and a longer one is estimated at once", async () => {
    let threads = 0;
    const count = (): void => void threads++;
    process.on("worker", count);
    const counter = testCounter(createManualClock());
    const text = " ".repeat(2 * 1024 * 1024);
    const longer = await counter.count(PUBLISHED, { ...HELLO, text: `${text} ` }, LIMIT_MS);
    expect([longer.estimator, threads]).toEqual(["script-v1", 0]);
    const longest = counter.count(PUBLISHED, { ...HELLO, text }, LIMIT_MS);
    expect(counter.estimators).toEqual(["script-v1"]);
    await counter.close();
    await longest;
    process.off("worker", count);
    expect(threads).toBe(1);
  });
});
