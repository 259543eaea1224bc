// Encodes a whole generation as a response. Uses the encoder of streams, so that both forms agree.
import type { Generation, StreamEventBody } from "../../domain/generation.ts";
import type { Part } from "../../domain/generation-spec.ts";
import type { JsonObject } from "../../domain/json.ts";
import { ResponsesStreamEncoder } from "./responses-stream-encoder.ts";

function* bodiesOfPart(part: Part, partIndex: number): Generator<StreamEventBody> {
  if (part.type === "text") yield { type: "text-delta", partIndex, text: part.text };
  else if (part.type === "reasoning" && part.text !== "") {
    yield { type: "reasoning-delta", partIndex, text: part.text };
  } else if (part.type === "tool-call") {
    const { id, name, argumentsJson } = part;
    yield { type: "tool-call-delta", partIndex, id, name, argumentsFragment: argumentsJson };
  }
  yield { type: "part-end", partIndex, part };
}

function* bodiesOf(generation: Generation): Generator<StreamEventBody> {
  const { generationId, requestedModel, createTimeMs, provider, model } = generation;
  yield {
    type: "start",
    streamId: generationId,
    generationId,
    requestedModel,
    target: { provider, model },
    createTimeMs,
    durability: "none",
  };
  for (const [index, part] of (generation.message?.parts ?? []).entries()) {
    yield* bodiesOfPart(part, index);
  }
  yield { type: "complete", generation, message: "whole", firstOutputSequence: 1 };
}

/** The response of a generation that cannot be retrieved later. */
export function encodeAnswer(generation: Generation): JsonObject {
  const encoder = new ResponsesStreamEncoder();
  for (const body of bodiesOf(generation)) {
    encoder.encode({ sequence: 0, writer: 0, attemptIndex: 0, body });
  }
  return encoder.response;
}
