// Generated answers as the log of their streams has them.
import fc from "fast-check";
import type { Generation, StoredEvent, StreamEventBody } from "../../src/domain/generation.ts";
import type { Part } from "../../src/domain/generation-spec.ts";

const text = fc.string({ minLength: 1, maxLength: 12 });

const part: fc.Arbitrary<Part> = fc.oneof(
  text.map((value): Part => ({ type: "text", text: value })),
  text.map((value): Part => ({ type: "refusal", text: value })),
  fc.record({ said: text, signature: fc.constantFrom("", "sig") }).map(
    ({ said, signature }): Part => ({
      type: "reasoning",
      text: said,
      signature: Buffer.from(signature),
      redacted: false,
      provider: "anthropic",
    }),
  ),
  fc.record({ id: text, name: text, value: text }).map(
    ({ id, name, value }): Part => ({
      type: "tool-call",
      id,
      name,
      argumentsJson: JSON.stringify({ value }),
    }),
  ),
);

/** Answers with their parts, their end and the size of their deltas. */
export const answer = fc.record({
  parts: fc.array(part, { maxLength: 5 }),
  finishReason: fc.constantFrom("stop", "max-tokens", "tool-calls", "content-filter"),
  /** Units of each delta. */
  step: fc.integer({ min: 1, max: 5 }),
});

export function generationOf(parts: readonly Part[], finishReason: string): Generation {
  return {
    generationId: "gen1",
    requestedModel: "m",
    createTimeMs: 1_800_000_000_000,
    message: { role: "assistant", parts },
    finishReason,
    usage: { inputTokens: 7, outputTokens: 5, cacheReadTokens: 2, source: "provider" },
  } as unknown as Generation;
}

function pieces(value: string, step: number): string[] {
  return value.match(new RegExp(`[^]{1,${step}}`, "g")) ?? [];
}

function bodiesOf(one: Part, partIndex: number, step: number): StreamEventBody[] {
  switch (one.type) {
    case "text":
      return [
        ...pieces(one.text, step).map(
          (each) => ({ type: "text-delta", partIndex, text: each }) as const,
        ),
        { type: "part-end", partIndex },
      ];
    case "reasoning":
      return [
        ...pieces(one.text, step).map(
          (each) => ({ type: "reasoning-delta", partIndex, text: each }) as const,
        ),
        { type: "part-end", partIndex, part: one },
      ];
    case "tool-call":
      return [
        { type: "tool-call-delta", partIndex, id: one.id, name: one.name, argumentsFragment: "" },
        ...pieces(one.argumentsJson, step).map(
          (each) => ({ type: "tool-call-delta", partIndex, argumentsFragment: each }) as const,
        ),
        { type: "part-end", partIndex },
      ];
    default:
      return [{ type: "part-end", partIndex, part: one }];
  }
}

/** The events of the log that have this answer. */
export function eventsOf(generation: Generation, step: number): StoredEvent[] {
  const start = {
    type: "start",
    streamId: "gen1",
    generationId: "gen1",
    requestedModel: "m",
    target: { provider: "p", model: "m" },
    createTimeMs: generation.createTimeMs,
    durability: "none",
  } as const;
  const complete = {
    type: "complete",
    generation,
    message: "whole",
    firstOutputSequence: 2,
  } as const;
  const parts = generation.message?.parts ?? [];
  const bodies = [start, ...parts.flatMap((one, index) => bodiesOf(one, index, step)), complete];
  return bodies.map((body, index) => ({ sequence: index + 1, writer: 3, attemptIndex: 1, body }));
}
