import { afterAll, describe, expect, it } from "vitest";
import type { Attempt, StreamEventBody } from "../../../src/domain/generation.ts";
import { createLostUsage } from "../../../src/gateway/lost-usage.ts";
import { GenerationResult } from "../../../src/output/generation-result.ts";
import { encodeEvent } from "../../../src/rpc/encode-event.ts";
import { outputText } from "../../../src/rpc/output-text.ts";
import { createFaultyStore } from "../../support/faulty-store.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { testModel, testSpec } from "../../support/provider-request.ts";
import { appendTo, newStream } from "../../support/stored-streams.ts";
import { testCounter } from "../../support/token-counter.ts";

const clock = createManualClock();
const counter = testCounter(clock, "character");
afterAll(() => counter.close());

const pricing = { currency: "USD", date: "2026", inputPicos: 10, outputPicos: 100, tiers: [] };
const model = testModel({ pricing });
const LOST: Attempt = {
  provider: model.provider,
  model: model.id,
  index: 2,
  trigger: "retry",
  outcome: "failed",
  errorKind: "owner-lost",
  startTimeMs: 0,
  durationMs: 0,
  delayMs: 0,
  delayFromProvider: false,
  outputDelivered: true,
};

type Written = readonly (readonly [attemptIndex: number, body: StreamEventBody])[];

const text = (value: string): StreamEventBody => {
  return { type: "text-delta", partIndex: 0, text: value };
};

/** A stream with these events behind its first. */
async function setUp(written: Written, lost: Attempt = LOST, isStream = true, at = model) {
  const { store, faults } = createFaultyStore(clock);
  const first = encodeEvent({ sequence: 1, attemptIndex: 0, body: text("the first event") }, 1);
  const stream = newStream({ start: first });
  const writer = stream.token.nonce;
  await store.create(stream);
  for (const [index, [attemptIndex, body]] of written.entries()) {
    const sequence = index + 2;
    const events = [encodeEvent({ sequence, attemptIndex, body }, writer)];
    const batch = { first: sequence, last: sequence, writer, events };
    await store.append(appendTo(stream, sequence, sequence, { batch }));
  }
  const spec = testSpec();
  const target = { model: at, spec, effort: undefined, options: {}, warnings: [] };
  const deployment = () => {
    return { route: () => ({ targets: [target] as const, skipped: [], unfit: [] }) };
  };
  const lostUsage = createLostUsage({ clock, counter, outputText, deployment });
  const { streamId } = stream;
  return { faults, used: () => lostUsage({ store, streamId, spec, isStream }, lost) };
}

describe("what a lost replica's attempt has used", () => {
  it("is its request and what the log has of its own output, reasoning and tool calls included", async () => {
    const { used } = await setUp([
      [1, text("void ".repeat(100))],
      [2, { type: "reasoning-delta", partIndex: 0, text: "12345678" }],
      [2, text("1234567890123456")],
      [2, { type: "tool-call-delta", partIndex: 2, id: "c", name: "f", argumentsFragment: "1234" }],
    ]);
    // "user: Hi" is 2 and 4 for its message; 28 characters are 7. 6 × 10 + 7 × 100.
    expect(await used()).toMatchObject({
      usage: { inputTokens: 6, outputTokens: 7, source: "estimated", estimator: "chars/4" },
      cost: { totalPicos: 760 },
    });
  });

  it("field:M9 is a token at least for each event that has some output", async () => {
    const { used } = await setUp(Array.from("abcdefgh", (each) => [2, text(each)] as const));
    expect((await used()).usage?.outputTokens).toBe(8);
  });

  it("field:M11 is the known input of a whole answer, whose output no log has", async () => {
    const { used } = await setUp([], LOST, false);
    expect(await used()).toMatchObject({
      usage: { inputTokens: 6, outputTokens: 0, confidence: 0 },
      cost: { totalPicos: 60 },
    });
  });

  it("has no cost where its model has no price", async () => {
    const { used } = await setUp([[2, text("four")]], LOST, true, testModel());
    const known = await used();
    expect(known.usage).toMatchObject({ inputTokens: 6, outputTokens: 1 });
    expect("cost" in known).toBe(false);
  });

  it("is read to the end of the log", async () => {
    const { used } = await setUp(Array.from({ length: 600 }, () => [2, text("four")] as const));
    expect((await used()).usage?.outputTokens).toBe(600);
  });

  it("is unknown where the target or the log is away", async () => {
    const elsewhere = await setUp([], { ...LOST, model: "another" });
    expect(await elsewhere.used()).toEqual({});
    const { faults, used } = await setUp([]);
    faults.isDown = true;
    expect(await used()).toEqual({});
  });

  it("is named in the result as what it is", async () => {
    const { used } = await setUp([[2, text("four")]]);
    const known: Attempt = { ...LOST, ...(await used()) };
    const warnings = [[known], [known, LOST]].map((attempts) => {
      const result = new GenerationResult({
        generationId: "g",
        requestedModel: "m",
        target: { provider: "p", model: "m", providerModel: "" },
        clock,
        before: { attempts, createTimeMs: 0 },
      });
      result.succeed();
      const outcome = result.outcome();
      return outcome.state === "succeeded" ? outcome.generation.warnings : [];
    });
    expect(warnings).toMatchObject([
      [{ reason: "USAGE_INCOMPLETE", message: expect.stringContaining("at least that") }],
      [{ reason: "USAGE_INCOMPLETE", message: expect.stringContaining("unknown") }],
    ]);
  });
});
