import type { Clock } from "../clock.ts";
import type { StreamEvent, StreamEventBody } from "../domain/generation.ts";
import type { ProviderEvent } from "../domain/provider-event.ts";
import type { StreamOptions } from "../domain/stream-options.ts";
import type { GenerationResult, Outcome } from "./generation-result.ts";

/** Longest text of one delta in UTF-16 units: at most 3 bytes each, so below 256 KiB on the wire. */
const MAX_DELTA_UNITS = 80_000;

/** Cuts a text into pieces that never split a surrogate pair. */
function* pieces(text: string): Generator<string> {
  for (let start = 0; start < text.length; ) {
    let end = Math.min(start + MAX_DELTA_UNITS, text.length);
    const last = text.charCodeAt(end - 1);
    if (end < text.length && last >= 0xd800 && last <= 0xdbff) end--;
    yield text.slice(start, end);
    start = end;
  }
}

export interface StreamEventsOptions {
  readonly options: StreamOptions;
  readonly clock: Clock;
  readonly streamId: string;
  readonly result: GenerationResult;
}

/** Turns what a provider says into the numbered events of one stream. */
export interface StreamEvents {
  start(): StreamEvent;
  /** None, one, or several where a delta is too long for one message. */
  of(event: ProviderEvent): readonly StreamEvent[];
  /** The final usage where it was asked for, and the terminal event. */
  ending(outcome: Outcome): readonly StreamEvent[];
  heartbeat(): StreamEvent;
}

export function createStreamEvents({
  options,
  clock,
  streamId,
  result,
}: StreamEventsOptions): StreamEvents {
  let sequence = 0;

  function next(body: StreamEventBody, attemptIndex = result.attemptIndex): StreamEvent {
    sequence++;
    return options.includeEventTime
      ? { sequence, attemptIndex, eventTimeMs: clock.wallTime(), body }
      : { sequence, attemptIndex, body };
  }

  function delta(type: "text-delta" | "reasoning-delta", partIndex: number, text: string) {
    if (text === "") return [];
    if (text.length <= MAX_DELTA_UNITS) return [next({ type, partIndex, text })];
    return Array.from(pieces(text), (piece) => next({ type, partIndex, text: piece }));
  }

  function toolCallDelta(event: Extract<ProviderEvent, { type: "tool-call-delta" }>) {
    if (event.argumentsFragment.length <= MAX_DELTA_UNITS) return [next(event)];
    const { type, partIndex } = event;
    return Array.from(pieces(event.argumentsFragment), (argumentsFragment, position) =>
      next(
        position === 0 ? { ...event, argumentsFragment } : { type, partIndex, argumentsFragment },
      ),
    );
  }

  function partEnd(partIndex: number): StreamEvent {
    const part = result.part(partIndex);
    return next(
      part === undefined || part.type === "text"
        ? { type: "part-end", partIndex }
        : { type: "part-end", partIndex, part },
    );
  }

  return {
    start: () =>
      next(
        {
          type: "start",
          streamId,
          generationId: result.generationId,
          requestedModel: result.requestedModel,
          target: result.target,
          createTimeMs: result.createTimeMs,
        },
        0,
      ),
    of(event) {
      switch (event.type) {
        case "text-delta":
          return delta(event.type, event.partIndex, event.text);
        case "reasoning-delta":
          return options.omitReasoning ? [] : delta(event.type, event.partIndex, event.text);
        case "tool-call-delta":
          return toolCallDelta(event);
        case "part-end":
          return [partEnd(event.partIndex)];
        // A refusal has no deltas in the contract: it comes whole with its `part-end`.
        case "refusal-delta":
        case "response":
        case "usage":
        case "finish":
          return [];
      }
    },
    ending(outcome) {
      const { usage } =
        outcome.state === "succeeded" ? outcome.generation : outcome.failure.partial;
      const last: StreamEventBody =
        outcome.state === "succeeded"
          ? {
              type: "complete",
              generation: outcome.generation,
              omitMessage: options.omitFinalMessage,
            }
          : { type: "error", failure: outcome.failure };
      return options.includeUsage && usage !== undefined
        ? [next({ type: "usage", usage, final: true }), next(last)]
        : [next(last)];
    },
    heartbeat: () => ({
      sequence,
      attemptIndex: 0,
      body: { type: "heartbeat" },
    }),
  };
}
