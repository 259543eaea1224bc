import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { StreamEventSchema } from "../../../gen/service/steer/v1/stream_pb.ts";
import { GatewayError } from "../../../src/domain/gateway-error.ts";
import type { Attempt, Generation, StreamEventBody } from "../../../src/domain/generation.ts";
import type { Part } from "../../../src/domain/generation-spec.ts";
import { decodeStreamEvent } from "../../../src/rpc/decode-event.ts";
import { encodeEvent, encodeInternalEnd } from "../../../src/rpc/encode-event.ts";
import { MAX_CONTENT_BYTES } from "../../../src/rpc/encode-generation.ts";
import { eventBodies, eventWith } from "../../support/arbitrary-events.ts";
import { generation } from "../../support/served-generations.ts";

const writer = fc.oneof(fc.nat(200), fc.constantFrom(0, 2 ** 31, 2 ** 32 - 1));

function withoutOutput(of: Generation): Generation {
  return { ...of, message: undefined, outputText: "", outputJson: undefined };
}

/** What is told of a body: `decodeStreamEvent` names what is left out. */
function told(body: StreamEventBody): StreamEventBody {
  if (body.type === "complete" && body.message === "omitted") {
    const providerData = body.generation.message?.providerData;
    const message =
      providerData === undefined
        ? undefined
        : { role: "assistant" as const, parts: [], providerData };
    return { ...body, generation: { ...withoutOutput(body.generation), message } };
  }
  if (body.type !== "error") return body;
  const { error, partial } = body.failure;
  return { ...body, failure: { error, partial: withoutOutput(partial) } };
}

/** An error without what the last attempt tells of it: that has tests of its own. */
function bare(body: StreamEventBody): unknown {
  if (body.type !== "error") return body;
  const { error, partial } = body.failure;
  const { kind, reason, message, retryAfterMs } = error;
  return { type: body.type, partial, error: { kind, reason, message, retryAfterMs } };
}

const again = (bytes: Uint8Array): Uint8Array => {
  const decoded = decodeStreamEvent(bytes);
  return encodeEvent(decoded, decoded.writer);
};
const same = (bytes: Uint8Array): boolean => Buffer.from(bytes).equals(again(bytes));

describe("a stored event", () => {
  it.each(Object.entries(eventBodies))("is what was encoded: %s", (_type, body) => {
    fc.assert(
      fc.property(eventWith(body as fc.Arbitrary<StreamEventBody>), writer, (event, life) => {
        const encoded = encodeEvent(event, life);
        // The log hands out buffers and views alike.
        for (const bytes of [encoded, new Uint8Array(encoded)]) {
          const { body: decoded, ...head } = decodeStreamEvent(bytes);
          const { body: original, ...expected } = event;
          expect(head).toStrictEqual({ ...expected, writer: life });
          expect(bare(decoded)).toStrictEqual(bare(told(original)));
        }
        expect(same(encoded)).toBe(true);
      }),
      { numRuns: 100 },
    );
  });
});

const HEAD = { sequence: 5, attemptIndex: 2 };
const encode = (body: StreamEventBody): Uint8Array => encodeEvent({ ...HEAD, body }, 3);
const decode = (body: StreamEventBody): StreamEventBody => decodeStreamEvent(encode(body)).body;

describe("what a stored event leaves out", () => {
  const partEnd = (part: Part, isShort: boolean): StreamEventBody => ({
    type: "part-end",
    partIndex: 1,
    part,
    ...(isShort && { isShort }),
  });
  const signature = new Uint8Array([7]);
  const data = { providerType: "openai", json: "{}", api: "" };
  const reasoning = { type: "reasoning", signature, redacted: true, provider: "p" } as const;

  it.each<[Part, Part]>([
    [
      { type: "text", text: "Hi", annotations: [{ uri: "u" }], providerData: data },
      { type: "text", text: "", annotations: [{ uri: "u" }], providerData: data },
    ],
    [
      { type: "refusal", text: "No" },
      { type: "refusal", text: "" },
    ],
    [
      { ...reasoning, text: "Hm" },
      { ...reasoning, text: "" },
    ],
    [
      { type: "tool-call", id: "c", name: "f", argumentsJson: "{}", providerData: data },
      { type: "tool-call", id: "c", name: "f", argumentsJson: "", providerData: data },
    ],
    [
      { type: "provider", ...data },
      { type: "provider", ...data },
    ],
  ])("is the text of a part that is short: %#", (part, left) => {
    const bytes = encode(partEnd(part, true));
    expect(decodeStreamEvent(bytes).body).toStrictEqual(partEnd(left, true));
    expect(same(bytes)).toBe(true);
  });

  it("is the text, or the signature, of a part that no client takes", () => {
    const long = "x".repeat(MAX_CONTENT_BYTES + 1);
    const text = encode(partEnd({ type: "text", text: long }, false));
    expect(decodeStreamEvent(text).body).toStrictEqual(partEnd({ type: "text", text: "" }, true));
    expect(same(text)).toBe(true);
    const signed = { ...reasoning, text: "Hm", signature: new Uint8Array(long.length) };
    const unsigned = { ...reasoning, text: "", signature: new Uint8Array() };
    expect(decode(partEnd(signed, false))).toStrictEqual(partEnd(unsigned, true));
  });

  it.each([
    ["nothing", 10, "Hi", "whole"],
    ["the copies of the message", MAX_CONTENT_BYTES - 1_000, "", "whole"],
    ["the message", MAX_CONTENT_BYTES + 1_000, "", "omitted"],
  ])("is %s of a result", (_what, units, text, message) => {
    const long = "x".repeat(units);
    const parts = [{ type: "text" as const, text: long }];
    const whole: Generation = {
      ...generation(),
      message: { role: "assistant", parts },
      outputText: units === 10 ? "Hi" : long,
    };
    const bytes = encode({
      type: "complete",
      generation: whole,
      message: "within-limit",
      firstOutputSequence: 2,
    });
    const { body } = decodeStreamEvent(bytes);
    if (body.type !== "complete") throw new Error("not the end");
    expect(body.message).toBe(message);
    expect(body.generation.outputText).toBe(text);
    expect(body.generation.message?.parts).toStrictEqual(message === "whole" ? parts : undefined);
    expect(same(bytes)).toBe(true);
  });

  it("is all of a stream's end that could not be encoded, but that it is internal", () => {
    const { body, ...head } = decodeStreamEvent(encodeInternalEnd(7, 4));
    expect(head).toStrictEqual({ sequence: 7, writer: 4, attemptIndex: 0 });
    expect(body).toMatchObject({
      type: "error",
      failure: {
        error: { kind: "internal", reason: undefined, message: "internal error" },
        partial: { generationId: "", message: undefined, attempts: [], timing: { totalMs: 0 } },
      },
    });
  });
});

describe("the error of a stored stream", () => {
  const attempt = (more: Partial<Attempt>): Attempt => ({
    index: 1,
    provider: "a",
    model: "m",
    trigger: "initial",
    outcome: "failed",
    startTimeMs: 0,
    durationMs: 1,
    delayMs: 0,
    delayFromProvider: false,
    outputDelivered: false,
    ...more,
  });
  const failed = (error: GatewayError, ...attempts: Attempt[]): GatewayError => {
    const body = decode({
      type: "error",
      failure: { error, partial: { ...generation(), attempts } },
    });
    if (body.type !== "error") throw new Error("not an error");
    return body.failure.error;
  };
  const providerFailure = { httpStatus: 503, code: "busy", requestId: "up-1" };
  const answered = attempt({ errorKind: "server-error", providerFailure });
  const skipped = attempt({ outcome: "skipped", errorKind: "circuit-open" });

  it("has what the provider has said in the last attempt that was sent", () => {
    const error = new GatewayError("server-error", "it broke", {
      providerFailure: { ...providerFailure, shouldRetry: true, about: "model" },
      violations: [{ field: "f", description: "d" }],
    });
    expect(failed(error, attempt({ errorKind: "network" }), answered, skipped)).toMatchObject({
      kind: "server-error",
      message: "it broke",
      reason: undefined,
      violations: [],
      metadata: { http_status: "503", provider_code: "busy" },
      providerFailure,
    });
  });

  it("has nothing of a provider that it is not about, and no code of a connection as the provider's", () => {
    const late = failed(new GatewayError("total-timeout", "late"), answered);
    expect([late.metadata, late.providerFailure]).toEqual([{}, undefined]);
    const code = { code: "ECONNRESET" };
    const cut = attempt({ errorKind: "network", providerFailure: code });
    const { metadata, providerFailure: said } = failed(new GatewayError("network", "cut"), cut);
    expect([metadata, said]).toEqual([{}, code]);
  });

  it("has its wait in whole milliseconds, and the beginning of a long message", () => {
    const error = new GatewayError("rate-limit", "x".repeat(400), { retryAfterMs: 10.2 });
    const { retryAfterMs, message } = failed(error);
    expect(retryAfterMs).toBe(11);
    expect(message).toBe(`${"x".repeat(300)}…`);
  });
});

describe("an event of another version", () => {
  const stored = (event: MessageInitShape<typeof StreamEventSchema>["event"]): Uint8Array =>
    toBinary(
      StreamEventSchema,
      create(StreamEventSchema, { sequence: 1, ...(event && { event }) }),
    );

  it("has, in place of a word that this version does not know, the one that promises least", () => {
    const UNKNOWN = 99 as never;
    const { body: end } = decodeStreamEvent(
      stored({ case: "complete", value: { generation: { finishReason: UNKNOWN } } }),
    );
    expect(end).toMatchObject({ generation: { finishReason: "other" } });
    const { body: start } = decodeStreamEvent(
      stored({ case: "start", value: { target: {}, durability: UNKNOWN } }),
    );
    expect(start).toMatchObject({ durability: "none" });
    const failed = { trigger: UNKNOWN, outcome: UNKNOWN, errorCategory: UNKNOWN };
    const { body: notice } = decodeStreamEvent(
      stored({ case: "attemptNotice", value: { failed, next: {}, action: UNKNOWN } }),
    );
    expect(notice).toMatchObject({
      notice: { action: "retry", failed: { trigger: "retry", outcome: "failed" } },
    });
    const { body: usage } = decodeStreamEvent(
      stored({ case: "usage", value: { usage: { source: UNKNOWN }, cost: { source: UNKNOWN } } }),
    );
    expect(usage).toMatchObject({ usage: { source: "estimated" }, cost: { source: "mixed" } });
    const { body: error } = decodeStreamEvent(
      stored({ case: "error", value: { error: { category: UNKNOWN, reason: "NEW_ONE" } } }),
    );
    expect(error).toMatchObject({ failure: { error: { kind: "unknown", reason: "NEW_ONE" } } });
  });

  it("ends a part of a kind that this version does not know without the part", () => {
    const { body } = decodeStreamEvent(stored({ case: "partEnd", value: { part: {} } }));
    expect(body).toStrictEqual({ type: "part-end", partIndex: 0 });
  });

  it.each([
    ["of a kind that this version does not know", stored({ case: undefined })],
    ["whose fields are not there", stored({ case: "usage", value: {} })],
  ])("is refused %s", (_why, bytes) => {
    expect(() => decodeStreamEvent(bytes)).toThrow(expect.objectContaining({ kind: "internal" }));
  });
});
