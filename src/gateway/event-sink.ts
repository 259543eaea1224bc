// Destinations of a run's events: the writer of a stored stream, or the single reader of an ephemeral one.
import type { StreamEvent } from "../domain/generation.ts";
import type { LiveStream } from "../streams/live-stream.ts";
import type { OwnedStream } from "../streams/owned-stream.ts";
import type { EventFacts } from "../streams/stream-writer-options.ts";

/** Accepts the events of one stream in order. */
export interface EventSink {
  /** Sequence of the last accepted event. */
  tail(): number;
  /** Whether the last event of the stream was accepted. */
  hasEnd(): boolean;
  /** A returned promise makes the provider wait. Throws if the event cannot be encoded. */
  add(event: StreamEvent, facts: EventFacts): Promise<void> | undefined;
  /** Ends the stream with an INTERNAL error without details. Never throws. */
  addInternal(facts: EventFacts): void;
}

/** Encodes events as they are sent and stored. `writer` is 0 if they are not stored. */
export interface EventEncoder {
  readonly encodeEvent: (event: StreamEvent, writer: number) => Uint8Array;
  /** The last event of a stream whose real last event cannot be encoded: INTERNAL. Never throws. */
  readonly encodeInternalEnd: (sequence: number, writer: number) => Uint8Array;
}

/** `encode` throws if the event cannot be encoded. */
export function storedSink(
  owned: OwnedStream,
  writer: number,
  encode: (event: StreamEvent, writer: number) => Uint8Array,
  { encodeInternalEnd }: EventEncoder,
): EventSink {
  return {
    tail: () => owned.tail,
    hasEnd: () => owned.hasEnd,
    add: (event, facts) => owned.add(encode(event, writer), facts),
    addInternal: (facts) => void owned.add(encodeInternalEnd(owned.tail + 1, writer), facts),
  };
}

export function liveSink(
  stream: LiveStream,
  { encodeEvent, encodeInternalEnd }: EventEncoder,
): EventSink {
  let hasEnd = false;
  return {
    tail: () => stream.tail,
    hasEnd: () => hasEnd,
    add(event) {
      const wait = stream.add(encodeEvent(event, 0));
      hasEnd = event.body.type === "complete" || event.body.type === "error";
      return wait;
    },
    addInternal: () => void stream.add(encodeInternalEnd(stream.tail + 1, 0)),
  };
}
