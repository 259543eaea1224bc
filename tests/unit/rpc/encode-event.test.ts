import { toJson } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { StreamEventSchema } from "../../../gen/service/steer/v1/stream_pb.ts";
import { GatewayError } from "../../../src/domain/gateway-error.ts";
import type { Attempt, Generation, StreamEventBody } from "../../../src/domain/generation.ts";
import {
  decodeEvent,
  encodeEvent,
  encodeInternalEnd,
  isTerminalEvent,
} from "../../../src/rpc/encode-event.ts";
import { MAX_CONTENT_BYTES } from "../../../src/rpc/encode-generation.ts";
import { generation } from "../../support/served-generations.ts";

const ATTEMPT: Attempt = {
  provider: "a",
  model: "m",
  index: 1,
  trigger: "initial",
  outcome: "failed",
  startTimeMs: 1_000,
  durationMs: 1,
  delayMs: 0,
  delayFromProvider: false,
  outputDelivered: false,
};
const GENERATION = generation();
const USAGE = { inputTokens: 3, outputTokens: 4, source: "provider" } as const;
const COST = {
  currency: "USD",
  totalPicos: 15,
  inputPicos: 15,
  cacheReadPicos: 0,
  cacheWritePicos: 0,
  outputPicos: 0,
  otherPicos: 0,
  source: "provider",
  priceTableVersion: "",
} as const;

const HEAD = { sequence: 5, attemptIndex: 2 };
const encode = (body: StreamEventBody, writer = 3) => encodeEvent({ ...HEAD, body }, writer);
const json = (body: StreamEventBody) =>
  toJson(StreamEventSchema, decodeEvent(encode(body))) as Record<string, unknown>;

const START = {
  type: "start",
  streamId: "s.1",
  generationId: "g.1",
  requestedModel: "alias",
  target: { provider: "a", model: "m" },
  createTimeMs: 1_000,
} as const;
const NOTICE = {
  failed: ATTEMPT,
  next: { provider: "b", model: "n" },
  delayMs: 0,
  discardOutput: false,
} as const;
const complete = (
  message: "omitted" | "within-limit" | "whole",
  generation: Partial<Generation> = {},
) =>
  ({
    type: "complete",
    generation: { ...GENERATION, ...generation },
    message,
    firstOutputSequence: 2,
  }) as const;
const ERROR: StreamEventBody = {
  type: "error",
  failure: {
    error: new GatewayError("network", "it broke"),
    partial: { ...GENERATION, attempts: [ATTEMPT] },
  },
};
describe("an event of a stream", () => {
  it.each<[StreamEventBody, object]>([
    [{ type: "text-delta", partIndex: 1, text: "Hi" }, { textDelta: { partIndex: 1, text: "Hi" } }],
    [
      {
        type: "text-delta",
        partIndex: 1,
        text: "Hi",
        logprobs: [{ token: "Hi", logprob: -1, top: [] }],
      },
      { textDelta: { partIndex: 1, text: "Hi", logprobs: [{ token: "Hi", logprob: -1 }] } },
    ],
    [
      { type: "reasoning-delta", partIndex: 1, text: "Hm" },
      { reasoningDelta: { partIndex: 1, text: "Hm" } },
    ],
    [
      { type: "tool-call-delta", partIndex: 1, argumentsFragment: "{" },
      { toolCallDelta: { partIndex: 1, argumentsFragment: "{" } },
    ],
    [
      { type: "tool-call-delta", partIndex: 1, id: "c", name: "f", argumentsFragment: "{" },
      { toolCallDelta: { partIndex: 1, id: "c", name: "f", argumentsFragment: "{" } },
    ],
    [
      { type: "json-delta", partIndex: 1, documentIndex: 2, pointer: "/a", final: true },
      { jsonDelta: { partIndex: 1, documentIndex: 2, pointer: "/a", final: true } },
    ],
    [
      { type: "json-delta", partIndex: 1, documentIndex: 2, pointer: "", append: "", final: false },
      { jsonDelta: { partIndex: 1, documentIndex: 2, append: "" } },
    ],
    [
      {
        type: "json-delta",
        partIndex: 1,
        documentIndex: 2,
        pointer: "",
        valueJson: "1",
        final: false,
      },
      { jsonDelta: { partIndex: 1, documentIndex: 2, valueJson: "1" } },
    ],
    [{ type: "part-end", partIndex: 1 }, { partEnd: { partIndex: 1 } }],
    [
      { type: "part-end", partIndex: 1, part: { type: "text", text: "Hi" } },
      { partEnd: { partIndex: 1, part: { text: { text: "Hi" } } } },
    ],
    [
      { type: "part-end", partIndex: 1, part: { type: "text", text: "Hi" }, isShort: true },
      { partEnd: { partIndex: 1, remainder: { text: {} } } },
    ],
    [
      { type: "usage", usage: USAGE, cost: undefined, final: false },
      {
        usage: {
          usage: {
            inputTokens: 3,
            outputTokens: 4,
            totalTokens: 7,
            source: "USAGE_SOURCE_PROVIDER",
          },
        },
      },
    ],
    [{ type: "heartbeat", isUndurable: true }, { heartbeat: { undurable: true } }],
    [{ type: "heartbeat", isUndurable: false }, { heartbeat: {} }],
  ])("%o", (body, expected) => {
    expect(json(body)).toEqual({ sequence: 5, attemptIndex: 2, writer: 3, ...expected });
  });

  it("has its time where the caller asked for it, deltas as well", () => {
    for (const body of [
      { type: "text-delta", partIndex: 1, text: "Hi" },
      { type: "reasoning-delta", partIndex: 1, text: "Hm" },
      { type: "part-end", partIndex: 1 },
    ] as const) {
      const timed = decodeEvent(encodeEvent({ ...HEAD, eventTimeMs: 1_500, body }, 3));
      const { eventTime, ...rest } = toJson(StreamEventSchema, timed) as { eventTime?: string };
      expect(eventTime).toBe("1970-01-01T00:00:01.500Z");
      expect(rest).toEqual(json(body));
    }
  });

  it("of usage has its cost, and says that it is the last", () => {
    expect(json({ type: "usage", usage: USAGE, cost: COST, final: true })).toMatchObject({
      usage: { final: true, cost: { totalPicos: "15" } },
    });
  });

  it.each(["none", "process", "host", "cluster"] as const)(
    "at its start says what the stream outlives: %s",
    (durability) => {
      const stored = durability !== "none";
      expect(json({ ...START, durability, ...(stored && { retentionMs: 60_000 }) })).toMatchObject({
        start: {
          streamId: "s.1",
          generationId: "g.1",
          requestedModel: "alias",
          target: { provider: "a", model: "m" },
          createTime: "1970-01-01T00:00:01Z",
          durability: `STREAM_DURABILITY_${durability.toUpperCase()}`,
          ...(stored && { resumable: true, retention: "60s" }),
        },
      });
    },
  );

  it("at its start is not resumable if nothing is stored", () => {
    const { start } = json({ ...START, durability: "none" });
    expect(start).not.toHaveProperty("resumable");
    expect(start).not.toHaveProperty("retention");
  });

  it.each(["retry", "failover", "continue", "takeover", "repair"] as const)(
    "tells of an attempt that has failed: %s",
    (action) => {
      const { attemptNotice } = json({ type: "attempt-notice", notice: { ...NOTICE, action } });
      expect(attemptNotice).toMatchObject({
        failed: { index: 1, outcome: "ATTEMPT_OUTCOME_FAILED" },
        action: `RECOVERY_ACTION_${action.toUpperCase()}`,
        next: { provider: "b", model: "n" },
      });
      expect(attemptNotice).not.toHaveProperty("delay");
      expect(attemptNotice).not.toHaveProperty("discardOutput");
    },
  );

  it("tells of the wait before the next attempt, and of output that is void", () => {
    const notice = { ...NOTICE, action: "retry", delayMs: 250, discardOutput: true } as const;
    expect(json({ type: "attempt-notice", notice })).toMatchObject({
      attemptNotice: { delay: "0.250s", discardOutput: true },
    });
  });

  it("of a failure has the error and what is known of the result", () => {
    expect(json(ERROR)).toMatchObject({
      error: {
        error: { message: "it broke", provider: "a", generationId: "g.1" },
        partial: { generationId: "g.1", attempts: [{ index: 1 }] },
      },
    });
    expect(json(ERROR)).not.toHaveProperty("error.partial.message");
  });
});

describe("the end of a stream that has succeeded", () => {
  const providerData = { providerType: "openai", json: "{}", api: "responses" };
  const long = (units: number): Partial<Generation> => {
    const text = "x".repeat(units);
    return {
      message: { role: "assistant", parts: [{ type: "text", text }], providerData },
      outputText: text,
    };
  };

  it("has the whole result", () => {
    for (const message of ["within-limit", "whole"] as const) {
      const { complete: end } = json(complete(message));
      expect(end).toMatchObject({
        firstOutputSequence: 2,
        generation: { outputText: "Hi", message: { parts: [{ text: { text: "Hi" } }] } },
      });
      expect(end).not.toHaveProperty("messageOmitted");
      expect(end).not.toHaveProperty("providerData");
    }
  });

  it("has no message if none is asked for, and what the provider keeps in it", () => {
    const message = { role: "assistant" as const, parts: [], providerData };
    expect(json(complete("omitted", { message }))).toMatchObject({
      complete: { firstOutputSequence: 2, messageOmitted: true, providerData },
    });
    const { complete: end } = json(complete("omitted"));
    expect(end).toMatchObject({ messageOmitted: true });
    expect(end).not.toHaveProperty("generation.message");
    expect(end).not.toHaveProperty("providerData");
    expect(json(complete("omitted", { message: undefined }))).toMatchObject({
      complete: { messageOmitted: true },
    });
  });

  it("leaves out what no client takes, unless the whole is asked for", () => {
    const copies = json(complete("within-limit", long(MAX_CONTENT_BYTES - 1_000)))["complete"];
    expect(copies).toMatchObject({ generation: { message: { role: "ROLE_ASSISTANT" } } });
    expect(copies).not.toHaveProperty("generation.outputText");
    expect(copies).not.toHaveProperty("messageOmitted");
    const none = json(complete("within-limit", long(MAX_CONTENT_BYTES + 1_000)))["complete"];
    expect(none).toMatchObject({ messageOmitted: true, firstOutputSequence: 2, providerData });
    expect(none).not.toHaveProperty("generation.message");
    const whole = json(complete("whole", long(MAX_CONTENT_BYTES + 1_000)))["complete"];
    expect(whole).toMatchObject({ firstOutputSequence: 2, generation: { message: {} } });
    expect(whole).not.toHaveProperty("messageOmitted");
    expect(whole).not.toHaveProperty("generation.outputText");
  });
});

it("the end of a stream whose own end cannot be encoded says nothing of it", () => {
  const bytes = encodeInternalEnd(7, 4);
  expect(toJson(StreamEventSchema, decodeEvent(bytes))).toEqual({
    sequence: 7,
    writer: 4,
    error: {
      error: {
        category: "ERROR_CATEGORY_INTERNAL",
        reason: "INTERNAL",
        message: "internal error",
        code: 13,
      },
    },
  });
  expect(isTerminalEvent(bytes)).toBe(true);
});
