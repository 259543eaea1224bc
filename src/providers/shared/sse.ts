import { createParser } from "eventsource-parser";
import { GatewayError } from "../../domain/gateway-error.ts";

/** One event of a server-sent event stream. `name` is undefined where the server gives none. */
export interface SseEvent {
  readonly name: string | undefined;
  readonly data: string;
}

/** Turns the bytes of an event stream into events. */
export interface SseReader {
  /** Calls `onEvent` for every event that `bytes` completes. */
  push(bytes: Uint8Array): void;
  /** The input has ended: a last event without its blank line is delivered too. */
  end(): void;
}

/** Longest line, and longest event, in UTF-16 units. */
export const MAX_SSE_EVENT_LENGTH = 16 * 1024 * 1024;

/**
 * SSE framing: LF, CRLF and CR in any split, incremental UTF-8, one byte order
 * mark, comments and unknown fields ignored. Events without data are skipped.
 * `push` and `end` throw what `onEvent` throws, and `GatewayError` of kind
 * `protocol` when a line or an event exceeds its bound.
 */
export function createSseReader(onEvent: (event: SseEvent) => void): SseReader {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  let tooLong = false;
  const parser = createParser({
    maxBufferSize: MAX_SSE_EVENT_LENGTH,
    onEvent({ event, data }) {
      if (data !== "") onEvent({ name: event, data });
    },
    onError(error) {
      if (error.type === "max-buffer-size-exceeded") tooLong = true;
    },
  });

  function feed(text: string): void {
    parser.feed(text);
    if (tooLong) {
      throw new GatewayError(
        "protocol",
        `an event of the provider's answer is longer than ${MAX_SSE_EVENT_LENGTH} characters`,
      );
    }
  }

  return {
    push(bytes) {
      feed(decoder.decode(bytes, { stream: true }));
    },
    end() {
      feed(`${decoder.decode()}\n\n`);
    },
  };
}
