import { describe, expect, it } from "vitest";
import type { StreamEventBody } from "../../../src/domain/generation.ts";
import {
  encodeEvent,
  isAttemptNotice,
  isOutputEvent,
  isTerminalEvent,
} from "../../../src/rpc/encode-event.ts";
import { failure, generation } from "../../support/served-generations.ts";

const DELTAS: StreamEventBody[] = [
  { type: "text-delta", partIndex: 1, text: "Hi" },
  { type: "reasoning-delta", partIndex: 1, text: "Hm" },
  { type: "tool-call-delta", partIndex: 1, argumentsFragment: "{" },
  { type: "json-delta", partIndex: 1, documentIndex: 2, pointer: "/a", final: false },
  { type: "part-end", partIndex: 1 },
];

const NOTICE = {
  failed: {
    provider: "a",
    model: "m",
    index: 1,
    trigger: "initial",
    outcome: "failed",
    startTimeMs: 0,
    durationMs: 0,
    delayMs: 0,
    delayFromProvider: false,
    outputDelivered: false,
  },
  action: "retry",
  next: { provider: "b", model: "n" },
  delayMs: 0,
  discardOutput: false,
} as const;

describe("what an encoded event is", () => {
  const others: StreamEventBody[] = [
    {
      type: "start",
      streamId: "s.1",
      generationId: "g.1",
      requestedModel: "alias",
      target: { provider: "a", model: "m" },
      createTimeMs: 1_000,
      durability: "none",
    },
    {
      type: "usage",
      usage: { inputTokens: 3, outputTokens: 4, source: "provider" },
      cost: undefined,
      final: false,
    },
    { type: "heartbeat", isUndurable: false },
  ];
  const ends: StreamEventBody[] = [
    {
      type: "complete",
      generation: generation(),
      message: "omitted",
      firstOutputSequence: 2,
    },
    { type: "error", failure },
  ];

  it.each([
    [0, 0, 0, undefined],
    [1, 1, 1, undefined],
    [127, 127, 127, 0],
    [128, 128, 128, 1_790_000_000_000],
    [2 ** 31 - 1, 2 ** 31 - 1, 2 ** 32 - 1, 1_790_000_000_123],
  ])("is seen behind any sequence, attempt, writer and time: %i", (...head) => {
    const [sequence, attemptIndex, writer, eventTimeMs] = head;
    const seen = (body: StreamEventBody): boolean[] => {
      const time = eventTimeMs === undefined ? {} : { eventTimeMs };
      const bytes = encodeEvent({ sequence, attemptIndex, ...time, body }, writer);
      return [isOutputEvent(bytes), isAttemptNotice(bytes), isTerminalEvent(bytes)];
    };
    for (const body of DELTAS) expect(seen(body)).toEqual([true, false, false]);
    for (const body of others) expect(seen(body)).toEqual([false, false, false]);
    for (const body of ends) expect(seen(body)).toEqual([false, false, true]);
    expect(seen({ type: "attempt-notice", notice: NOTICE })).toEqual([false, true, false]);
  });

  it("is nothing where there is nothing", () => {
    for (const bytes of [new Uint8Array(), Uint8Array.of(8, 1)]) {
      expect([isOutputEvent(bytes), isAttemptNotice(bytes), isTerminalEvent(bytes)]).toEqual(
        Array(3).fill(false),
      );
    }
  });
});
