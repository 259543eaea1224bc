import { describe, expect, it } from "vitest";
import type { Attempt } from "../../../src/domain/generation.ts";
import { WHOLE_ANSWER } from "../../../src/domain/stream-options.ts";
import { keepsOutput, lostAttempt, obstacle, ownerLost } from "../../../src/gateway/owner-lost.ts";
import type { StreamSummary } from "../../../src/gateway/stream-summary.ts";
import type { StreamRecord } from "../../../src/streams/stream-record.ts";
import { MAX_HAND_OVERS } from "../../../src/streams/stream-settings.ts";
import { createFaultyStore } from "../../support/faulty-store.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { testRouting, testSpec } from "../../support/provider-request.ts";
import { newStream } from "../../support/stored-streams.ts";

const SUMMARY: StreamSummary = {
  kind: "stream",
  generationId: "g.1",
  requestedModel: "alias",
  model: "m",
  createTimeMs: 1_000,
  labels: {},
  heartbeatMs: 0,
  attempts: [],
};

/** A stream whose owner is gone, as the store has it. */
async function record(changes: Partial<StreamRecord> = {}): Promise<StreamRecord> {
  const { store } = createFaultyStore(createManualClock());
  const stream = newStream();
  await store.create(stream);
  const [head] = await store.heads([stream.streamId]);
  if (head === undefined) throw new Error("no stream");
  return { ...head, deadlineAt: 10_000, ...changes };
}

describe("the attempt that ended with its owner", () => {
  it("has what is known of it", async () => {
    const lost = lostAttempt(await record(), SUMMARY, 3_500);
    expect(lost).toEqual({
      provider: "provider-a",
      model: "m",
      index: 1,
      trigger: "initial",
      outcome: "failed",
      errorKind: "owner-lost",
      errorMessage: "the replica that made the attempt was lost",
      startTimeMs: 1_000,
      durationMs: 2_500,
      delayMs: 0,
      delayFromProvider: false,
      outputDelivered: false,
    });
  });

  it("follows those before it, and never took less than no time", async () => {
    const before = [{ index: 1 }, { index: 2 }] as unknown as readonly Attempt[];
    const after = await record({ firstContent: 1 });
    expect(lostAttempt(after, { ...SUMMARY, attempts: before }, 500)).toMatchObject({
      index: 3,
      trigger: "retry",
      durationMs: 0,
      outputDelivered: true,
    });
  });
});

describe("a stream that has lost its owner", () => {
  const request = { spec: testSpec(), options: WHOLE_ANSWER };
  const restarts = {
    ...request,
    spec: testSpec({ routing: testRouting({ midStreamRecovery: "restart" }) }),
  };
  const continues = {
    ...request,
    spec: testSpec({ routing: testRouting({ midStreamRecovery: "continue" }) }),
  };
  const lost = "the replica that produced the stream was lost";

  it.each<[string, Partial<StreamRecord>, number, typeof request | undefined, object | undefined]>([
    ["goes on", {}, 0, request, undefined],
    ["goes on up to its deadline", {}, 9_999, request, undefined],
    [
      "ends at its deadline",
      {},
      10_000,
      request,
      { kind: "total-timeout", message: "the generation's time was over" },
    ],
    [
      "ends where it was cancelled",
      { cancel: "operator" },
      10_000,
      request,
      { kind: "cancelled", reason: "CANCELLED_BY_OPERATOR" },
    ],
    ["ends without its request", {}, 0, undefined, { kind: "owner-lost", message: lost }],
    ["goes on after as many takeovers as it may", { takeovers: 2 }, 0, request, undefined],
    [
      "ends after one more",
      { takeovers: 3 },
      0,
      request,
      { kind: "owner-lost", message: `${lost}, after 2 takeovers` },
    ],
    ["goes on after hand-overs", { handOvers: MAX_HAND_OVERS }, 0, request, undefined],
    [
      "ends after too many of them",
      { handOvers: MAX_HAND_OVERS + 1 },
      0,
      request,
      { kind: "owner-lost", message: "the stream was handed over 8 times and still ran" },
    ],
  ])("%s", async (_name, changes, now, stored, expected) => {
    const error = obstacle(await record(changes), now, stored, 2);
    if (expected === undefined) expect(error).toBeUndefined();
    else expect(error).toMatchObject(expected);
  });

  it.each([
    ["has no output to keep", {}, request, false],
    ["keeps its output", { firstContent: 1 }, request, true],
    ["keeps output that is gone on with", { firstContent: 1 }, continues, true],
    ["begins its output anew", { firstContent: 1 }, restarts, false],
  ])("%s", async (_name, changes, stored, expected) => {
    expect(keepsOutput(await record(changes), stored)).toBe(expected);
  });

  it("is told of with a text", () => {
    expect(ownerLost()).toMatchObject({ kind: "owner-lost", message: lost });
    expect(ownerLost("other")).toMatchObject({ kind: "owner-lost", message: "other" });
  });
});
