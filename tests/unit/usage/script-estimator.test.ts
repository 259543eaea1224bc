import { describe, expect, it } from "vitest";
import { MAX_LEARNED_UNITS, ScriptEstimator } from "../../../src/usage/script-estimator.ts";
import { testModel } from "../../support/provider-request.ts";

const model = testModel({ providerModel: "own" });
const LONG = "The keeper of the light counts the boats that come home. ".repeat(40);
const request = (text: string) => ({ text: `user: ${text}`, overhead: 4 });
const answer = (text: string) => ({ text, overhead: 0, isAnswer: true });

/** An estimator after so many reports of texts by `tokensOf` the plain estimate. */
function taught(
  reports: number,
  counted: (text: string) => ReturnType<typeof request> & { isAnswer?: boolean },
  tokensOf: (plain: number) => number,
  texts: readonly string[] = ["Hi", "Say yes.", "Hello there", LONG.slice(0, 300), LONG],
): ScriptEstimator {
  const estimator = new ScriptEstimator();
  // What has learned nothing says the same each time.
  const plain = texts.map((text) => ({ each: counted(text), tokens: plainOf(counted(text)) }));
  for (let index = 0; index < reports; index++) {
    const { each, tokens } = plain[index % plain.length] ?? { each: counted(""), tokens: 0 };
    estimator.learn(model, each, tokensOf(tokens));
  }
  return estimator;
}

const plainOf = (counted: ReturnType<typeof request>): number =>
  new ScriptEstimator().estimate(model, counted).tokens;

describe("field:M10 an offset and a factor are learned apart", () => {
  it.each([
    [0, 1.5],
    [28, 1],
    [28, 1.5],
    [150, 1],
    [150, 0.7],
    [400, 1.3],
  ])("an offset of %i and a factor of %f", (offset, factor) => {
    const estimator = taught(300, request, (plain) => Math.round(plain * factor) + offset);
    for (const text of ["Hi", LONG.slice(0, 700), LONG]) {
      const truth = plainOf(request(text)) * factor + offset;
      const { tokens } = estimator.estimate(model, request(text));
      expect(Math.abs(tokens - truth) / truth, text).toBeLessThan(0.15);
    }
  });

  it.each([24, 150, 400])("short prompts alone teach an offset of %i, in any number", (offset) => {
    const short = ["Hi", "Say yes.", "What now?"];
    for (const reports of [5, 20, 40, 500, 3_000]) {
      const estimator = taught(reports, request, (plain) => plain + offset, short);
      const { tokens } = estimator.estimate(model, request(LONG));
      const learned = tokens - plainOf(request(LONG));
      expect(learned, `after ${reports}`).toBeGreaterThan(offset * 0.5);
      expect(learned, `after ${reports}`).toBeLessThan(offset * 1.2);
    }
  });

  it("answers teach nothing of requests, and requests nothing of answers", () => {
    const byRequests = taught(300, request, (plain) => plain * 3 + 100);
    expect(byRequests.estimate(model, answer(LONG))).toEqual(
      new ScriptEstimator().estimate(model, answer(LONG)),
    );
    const byAnswers = taught(300, answer, (plain) => plain * 3);
    expect(byAnswers.estimate(model, request(LONG))).toEqual(
      new ScriptEstimator().estimate(model, request(LONG)),
    );
    expect(byAnswers.estimate(model, answer(LONG)).tokens).toBeGreaterThan(
      plainOf(answer(LONG)) * 2.5,
    );
  });
});

describe("field:M10 the estimate stays within a factor of two until a hundred samples agree", () => {
  it.each([
    [5, 20],
    [99, 20],
    [99, 0.05],
    [5_000, 20],
  ])("after %i reports of %f times the tokens", (reports, factor) => {
    for (const counted of [request, answer]) {
      const estimator = taught(reports, counted, (plain) => Math.max(8, plain * factor), [LONG]);
      const plain = plainOf(counted(LONG));
      const { tokens } = estimator.estimate(model, counted(LONG));
      expect(tokens).toBeLessThanOrEqual(plain * 2 + 1);
      expect(tokens).toBeGreaterThanOrEqual(plain / 2 - 1);
    }
  });

  it("and follows reports of three times the tokens when they do", () => {
    const before = taught(100, answer, (plain) => plain * 3, [LONG]);
    const after = taught(140, answer, (plain) => plain * 3, [LONG]);
    const plain = plainOf(answer(LONG));
    expect(before.estimate(model, answer(LONG)).tokens).toBeLessThanOrEqual(plain * 2 + 1);
    expect(after.estimate(model, answer(LONG)).tokens).toBeGreaterThan(plain * 2.5);
  });

  it("not where the reports contradict each other", () => {
    let turn = 0;
    const estimator = taught(2_000, answer, (plain) => plain * (turn++ % 2 === 0 ? 1 : 7), [LONG]);
    expect(estimator.estimate(model, answer(LONG)).tokens).toBeLessThanOrEqual(
      plainOf(answer(LONG)) * 2 + 1,
    );
  });

  it("again, after eleven reports that disagree, however many agreed before", () => {
    const counted = answer(LONG);
    const plain = plainOf(counted);
    const estimator = taught(400, answer, (tokens) => tokens * 3, [LONG]);
    const estimate = (): number => estimator.estimate(model, counted).tokens;
    for (let report = 0; report < 10; report++) {
      estimator.learn(model, counted, plain * (report % 2 === 0 ? 4.5 : 2));
      expect(estimate()).toBeGreaterThan(plain * 2.5);
    }
    estimator.learn(model, counted, plain * 4.5);
    expect(estimate()).toBe(plain * 2);
    // One that agrees gives back a tenth of what one takes that does not.
    for (let report = 0; report < 9; report++) estimator.learn(model, counted, plain * 3);
    expect(estimate()).toBe(plain * 2);
    estimator.learn(model, counted, plain * 3);
    expect(estimate()).toBeGreaterThan(plain * 2.5);
  });

  it("one absurd report is forgotten", () => {
    const estimator = taught(50, request, (plain) => plain + 10);
    estimator.learn(model, request(LONG), 2 ** 31 - 1);
    for (let index = 0; index < 60; index++) {
      estimator.learn(model, request(LONG), plainOf(request(LONG)) + 10);
    }
    const truth = plainOf(request(LONG)) + 10;
    expect(Math.abs(estimator.estimate(model, request(LONG)).tokens - truth) / truth).toBeLessThan(
      0.1,
    );
  });
});

describe("what is learned from", () => {
  it("is used from the fifth report on", () => {
    const counted = answer(LONG);
    const unlearned = new ScriptEstimator().estimate(model, counted);
    const four = taught(4, answer, (plain) => Math.round(plain * 1.5), [LONG]);
    expect(four.estimate(model, counted)).toEqual(unlearned);
    const five = taught(5, answer, (plain) => Math.round(plain * 1.5), [LONG]);
    expect(five.estimate(model, counted).tokens).toBeGreaterThan(unlearned.tokens * 1.3);
    expect(five.estimate(model, counted).confidence).not.toBe(unlearned.confidence);
  });

  it("is a text that is neither too short nor too long, and whose estimate is something", () => {
    const estimator = new ScriptEstimator();
    const learn = (text: string, tokens: number) =>
      estimator.learn(model, { text, overhead: 0 }, tokens);
    expect(learn("eight words and no more", 7)).toBeUndefined();
    expect(learn("eight words and no more", 8)).toBeDefined();
    expect(learn("a".repeat(MAX_LEARNED_UNITS), 4_096)).toBeDefined();
    expect(learn("a".repeat(MAX_LEARNED_UNITS + 1), 4_096)).toBeUndefined();
    expect(learn("", 8)).toBeUndefined();
  });

  it("tells how far the estimate was from the report, as a share of the report", () => {
    const estimator = new ScriptEstimator();
    const plain = plainOf(answer(LONG));
    expect(estimator.learn(model, answer(LONG), plain * 2)).toBeCloseTo(0.5, 2);
    expect(estimator.learn(model, answer(LONG), plain)).toBeLessThan(0.01);
  });

  it("trusts the latest tenth, and what came before the rest", () => {
    const counted = answer(LONG);
    const plain = plainOf(counted);
    const estimator = taught(100, answer, (tokens) => tokens, [LONG]);
    const confidence = (): number => estimator.estimate(model, counted).confidence;
    expect(confidence()).toBe(0.99);
    // An error of a half, and of nearly nothing before.
    estimator.learn(model, counted, plain * 2);
    expect(confidence()).toBeCloseTo(0.95, 2);
    const few = taught(4, answer, (tokens) => tokens, [LONG]);
    few.learn(model, counted, plain * 2);
    expect(few.estimate(model, counted).confidence).toBeCloseTo(0.9, 2);
  });

  it("is kept of a thousand models, and the first one makes room", () => {
    const estimator = new ScriptEstimator();
    const first = testModel({ id: "first" });
    const counted = answer(LONG);
    const plain = plainOf(counted);
    for (let report = 0; report < 5; report++) estimator.learn(first, counted, plain * 1.5);
    const short = answer("eight words and no more");
    for (let index = 1; index < 1_000; index++) {
      estimator.learn(testModel({ id: `other-${index}` }), short, 8);
    }
    expect(estimator.estimate(first, counted).tokens).toBeGreaterThan(plain * 1.3);
    estimator.learn(testModel({ id: "one more" }), short, 8);
    expect(estimator.estimate(first, counted).tokens).toBe(plain);
  });

  it("is of one model at one provider", () => {
    const counted = answer(LONG);
    const estimator = taught(5, answer, (tokens) => tokens * 1.5, [LONG]);
    const plain = plainOf(counted);
    for (const other of [
      { provider: "b", id: model.id },
      { provider: model.provider, id: "b" },
    ]) {
      expect(estimator.estimate({ ...model, ...other }, counted).tokens).toBe(plain);
    }
    expect(estimator.estimate({ ...model, aliases: ["b"] }, counted).tokens).not.toBe(plain);
  });

  it("trusts estimates as far as they were right, and never wholly or not at all", () => {
    const confidence = (tokensOf: (plain: number) => number) =>
      taught(400, answer, tokensOf, [LONG]).estimate(model, answer(LONG)).confidence;
    expect(confidence((plain) => plain)).toBe(0.99);
    expect(confidence((plain) => plain * 1_000)).toBeCloseTo(0.05);
  });
});
