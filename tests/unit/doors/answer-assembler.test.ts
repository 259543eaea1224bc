// The answer that a conversation goes on from, by the events of its stream.
import { describe, expect, it } from "vitest";
import type { StoredEvent, StreamEventBody } from "../../../src/domain/generation.ts";
import type { Part } from "../../../src/domain/generation-spec.ts";
import { AnswerAssembler } from "../../../src/doors/shared/answer-assembler.ts";

const signature = Buffer.from("sig");
const reasoning = (text: string): Part => ({
  type: "reasoning",
  text,
  signature,
  redacted: false,
  provider: "openai",
});
const call = (argumentsJson: string): Part => ({
  type: "tool-call",
  id: "c",
  name: "f",
  argumentsJson,
});

/** The deltas of a thought, a text and a call, whose parts are told without their texts. */
const OUTPUT = [
  { type: "reasoning-delta", partIndex: 0, text: "let me " },
  { type: "reasoning-delta", partIndex: 0, text: "think" },
  { type: "part-end", partIndex: 0, part: reasoning(""), isShort: true },
  { type: "text-delta", partIndex: 1, text: "hello " },
  { type: "text-delta", partIndex: 1, text: "you" },
  { type: "part-end", partIndex: 1 },
  { type: "tool-call-delta", partIndex: 2, id: "c", name: "f", argumentsFragment: '{"a"' },
  { type: "tool-call-delta", partIndex: 2, argumentsFragment: ":1}" },
  { type: "part-end", partIndex: 2, part: call(""), isShort: true },
  { type: "text-delta", partIndex: 3, text: "" },
  { type: "part-end", partIndex: 3 },
] as const satisfies readonly StreamEventBody[];
const PARTS = [reasoning("let me think"), { type: "text", text: "hello you" }, call('{"a":1}')];

function end(message: object | undefined, kept: "omitted" | "whole"): StreamEventBody {
  const generation = { message };
  return { type: "complete", generation, message: kept, firstOutputSequence: 1 } as never;
}

function messageOf(bodies: readonly StreamEventBody[]): unknown {
  const assembler = new AnswerAssembler();
  for (const body of bodies) assembler.observe({ body } as StoredEvent);
  return assembler.message();
}

describe("the message of an answer", () => {
  it("is the one that is kept, without token probabilities and empty texts", () => {
    const parts = [
      { type: "text", text: "hi", logprobs: [] },
      { type: "text", text: "" },
    ];
    const message = messageOf([...OUTPUT, end({ role: "assistant", parts }, "whole")]);
    expect(message).toEqual({ role: "assistant", parts: [{ type: "text", text: "hi" }] });
  });

  it("is put together where it was too long to be kept", () => {
    expect(messageOf([...OUTPUT, end(undefined, "omitted")])).toEqual({
      role: "assistant",
      parts: PARTS,
    });
    const data = { providerType: "openai", api: "chat", json: "{}" };
    const kept = { role: "assistant", parts: [], providerData: data };
    expect(messageOf([...OUTPUT, end(kept, "omitted")])).toMatchObject({
      parts: PARTS,
      providerData: data,
    });
  });

  it("has nothing of an attempt whose output is void", () => {
    const notice = { type: "attempt-notice", notice: { discardOutput: true } } as never;
    const one = { type: "text-delta", partIndex: 0, text: "yes" } as const;
    const bodies = [...OUTPUT, notice, one, { type: "part-end", partIndex: 0 } as const];
    expect(messageOf([...bodies, end(undefined, "omitted")])).toMatchObject({
      parts: [{ type: "text", text: "yes" }],
    });
  });

  it("is none of an answer that is empty, or has no end", () => {
    expect(messageOf(OUTPUT)).toBeUndefined();
    expect(messageOf([end({ role: "assistant", parts: [] }, "whole")])).toBeUndefined();
  });
});
