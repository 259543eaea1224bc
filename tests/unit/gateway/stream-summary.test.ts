import { describe, expect, it } from "vitest";
import { CREDENTIALS_REVOKED, GatewayError } from "../../../src/domain/gateway-error.ts";
import type { Attempt } from "../../../src/domain/generation.ts";
import type { GenerationRun } from "../../../src/gateway/generation-run.ts";
import {
  endingOf,
  factsOf,
  progressOf,
  readSummary,
  type StreamFacts,
  safeProgressOf,
} from "../../../src/gateway/stream-summary.ts";
import { GenerationResult, type Outcome } from "../../../src/output/generation-result.ts";
import { createManualClock } from "../../support/manual-clock.ts";

const FACTS: StreamFacts = { kind: "stream", labels: { team: "x" }, heartbeatMs: 5 };
const ATTEMPT: Attempt = {
  provider: "b",
  model: "n",
  index: 1,
  trigger: "initial",
  outcome: "failed",
  startTimeMs: 0,
  durationMs: 0,
  delayMs: 0,
  delayFromProvider: false,
  outputDelivered: false,
  usage: { inputTokens: 3, outputTokens: 4, source: "provider" },
};
const encode = (details: string) => ({
  provider: "a",
  details: new TextEncoder().encode(details),
});

/** A run that goes to `a/m`, with the attempts of a replica before this one. */
function setUp(attempts: readonly Attempt[] = []) {
  const target = { provider: "a", model: "m" };
  const result = new GenerationResult({
    generationId: "g.1",
    requestedModel: "alias",
    target: { ...target, providerModel: "" },
    clock: createManualClock(0),
    before: { attempts, createTimeMs: 2_000 },
  });
  return { run: { result, target } as unknown as GenerationRun, result };
}

const failed = (error: GatewayError) => {
  const { result } = setUp();
  result.fail(error);
  return result.outcome() as Extract<Outcome, { state: "failed" }>;
};

describe("what is kept of a generation beside its events", () => {
  it("is what is known while it runs", () => {
    const progress = progressOf(setUp().run, FACTS, undefined, undefined);
    expect(progress.provider).toBe("a");
    expect(readSummary(progress)).toEqual({
      ...FACTS,
      generationId: "g.1",
      requestedModel: "alias",
      model: "m",
      createTimeMs: 2_000,
      attempts: [],
    });
  });

  it("is where the last attempt went, or where the next one goes", () => {
    const { run } = setUp([ATTEMPT]);
    const last = progressOf(run, FACTS, undefined, undefined);
    expect([last.provider, readSummary(last).model]).toEqual(["b", "n"]);
    expect(readSummary(last).attempts).toMatchObject([{ index: 1, provider: "b" }]);
    const next = progressOf(run, FACTS, undefined, { provider: "c", model: "o" });
    expect([next.provider, readSummary(next).model]).toEqual(["c", "o"]);
  });

  it("has its counts and its error at the end", () => {
    const { run, result } = setUp([ATTEMPT]);
    result.succeed();
    const well = readSummary(progressOf(run, FACTS, result.outcome(), undefined));
    expect(well).toMatchObject({ usage: { inputTokens: 3, outputTokens: 4 } });
    expect(well).not.toHaveProperty("error");
    const plain = failed(new GatewayError("network", "it broke"));
    expect(readSummary(progressOf(run, FACTS, plain, undefined)).error).toEqual({
      kind: "network",
      message: "it broke",
    });
    const reason = failed(new GatewayError("cancelled", "x", { reason: "CANCELLED_BY_CALLER" }));
    expect(readSummary(progressOf(run, FACTS, reason, undefined)).error).toEqual({
      kind: "cancelled",
      message: "x",
      reason: "CANCELLED_BY_CALLER",
    });
  });

  it("is less where a defect is in what would be told", () => {
    const { run, result } = setUp([ATTEMPT]);
    const outcome = failed(new GatewayError("internal", "internal error"));
    expect(safeProgressOf(run, FACTS, outcome)).toEqual(progressOf(run, FACTS, outcome, undefined));
    result.attempts = () => {
      throw new TypeError("defect");
    };
    const progress = safeProgressOf(run, FACTS, outcome);
    expect(progress.provider).toBe("a");
    expect(readSummary(progress)).toEqual({
      ...FACTS,
      generationId: "g.1",
      requestedModel: "alias",
      model: "m",
      createTimeMs: 2_000,
      attempts: [],
      error: { kind: "internal", message: "internal error" },
    });
  });

  it("has what does not change while it runs", () => {
    const summary = readSummary(progressOf(setUp().run, FACTS, undefined, undefined));
    expect(factsOf(summary)).toEqual(FACTS);
    for (const endsAtDiscard of [true, false]) {
      expect(factsOf({ ...summary, endsAtDiscard })).toEqual({ ...FACTS, endsAtDiscard });
    }
  });

  it("of another version is unknown, and its readers end at a discard", () => {
    const known = {
      ...FACTS,
      generationId: "g.1",
      requestedModel: "alias",
      model: "m",
      createTimeMs: 2_000,
      attempts: [],
    };
    expect(readSummary(encode(JSON.stringify(known)))).toEqual(known);
    const unknown = {
      kind: "stream",
      generationId: "",
      requestedModel: "",
      model: "",
      createTimeMs: 0,
      labels: {},
      heartbeatMs: 0,
      attempts: [],
      endsAtDiscard: true,
    };
    for (const details of [
      "",
      "no JSON",
      "[]",
      "null",
      "{}",
      ...Object.keys(known).map((name) => JSON.stringify({ ...known, [name]: undefined })),
      JSON.stringify({ ...known, attempts: {} }),
      JSON.stringify({ ...known, labels: [] }),
      JSON.stringify({ ...known, createTimeMs: "2000" }),
    ]) {
      expect(readSummary(encode(details))).toEqual(unknown);
    }
  });
});

describe("the end of a stream", () => {
  it.each<[GatewayError | undefined, object]>([
    [undefined, { phase: "completed", freesKey: false }],
    [new GatewayError("network", "x"), { phase: "failed", freesKey: true }],
    [new GatewayError("internal", "x"), { phase: "failed", freesKey: true }],
    [
      new GatewayError("cancelled", "x", { reason: "CANCELLED_BY_CALLER" }),
      { phase: "cancelled", freesKey: false },
    ],
    [
      new GatewayError("cancelled", "x", { reason: "CANCELLED_BY_OPERATOR" }),
      { phase: "cancelled", freesKey: false },
    ],
    [
      new GatewayError("cancelled", "x", { reason: "CANCELLED_BY_DISCONNECT" }),
      { phase: "cancelled", freesKey: true },
    ],
    [
      new GatewayError("unauthenticated", "x", { reason: CREDENTIALS_REVOKED }),
      { phase: "cancelled", freesKey: true },
    ],
  ])("keeps its key for a success, and for a cancel that was asked for: %o", (error, ending) => {
    const { result } = setUp();
    result.succeed();
    expect(endingOf(error === undefined ? result.outcome() : failed(error))).toEqual(ending);
  });
});
