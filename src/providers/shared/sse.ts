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

/** How lines outside the format begin that tell of a failure. */
const FAILURES = ["error:", '{"error"'];

/**
 * Puts lines that tell of a failure outside the format into events named `error`: llama.cpp has a
 * field `error` of its own, and some servers write the JSON of an error without a field.
 */
function createFailureLines(): (text: string) => string {
  let isLineStart = true;
  /** The beginning of a line that may become such a line. */
  let held = "";

  function withoutUndecided(text: string): string {
    const start = Math.max(text.lastIndexOf("\n"), text.lastIndexOf("\r")) + 1;
    if (text.length - start > 7 || (start === 0 && !isLineStart)) return text;
    const line = text.slice(start);
    if (!FAILURES.some((failure) => failure !== line && failure.startsWith(line))) return text;
    held = line;
    return text.slice(0, start);
  }

  return (piece) => {
    // Whole events without the word: nearly all pieces.
    if (held === "" && piece.endsWith("\n") && !piece.includes("error")) {
      isLineStart = true;
      return piece;
    }
    const text = withoutUndecided(held === "" ? piece : takeHeld() + piece);
    if (text === "") return "";
    const isFirst = isLineStart;
    isLineStart = text.endsWith("\n") || text.endsWith("\r");
    if (!text.includes("error")) return text;
    return text.replace(/(^|[\r\n])(error:|(?=\{"error"))/g, (all, before: string) =>
      before === "" && !isFirst ? all : `${before}event: error\ndata:`,
    );
  };

  function takeHeld(): string {
    const text = held;
    held = "";
    return text;
  }
}

/**
 * SSE framing: LF, CRLF and CR in any split, incremental UTF-8, one byte order
 * mark, comments and unknown fields ignored, but for those that tell of a failure. Events without
 * data are skipped.
 * `push` and `end` throw what `onEvent` throws, and `GatewayError` of kind
 * `protocol` when a line or an event exceeds its bound.
 */
export function createSseReader(onEvent: (event: SseEvent) => void): SseReader {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const withFailures = createFailureLines();
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
    parser.feed(withFailures(text));
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
