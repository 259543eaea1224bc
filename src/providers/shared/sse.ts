import { createParser } from "eventsource-parser";
import { GatewayError } from "../../domain/gateway-error.ts";
import type { FrameReader, StreamEvent } from "./frame-reader.ts";

/** Longest line, and longest event, in UTF-16 units. */
export const MAX_SSE_EVENT_LENGTH = 16 * 1024 * 1024;

/** Longest line with a failure, in UTF-16 units. Such a line is examined again with each piece. */
const MAX_FAILURE_LENGTH = 16 * 1024;

/** Beginnings of lines outside the format that report a failure. */
const FAILURES = ["error:", '{"error"'];

/**
 * The event for such a line; undefined: it is none. llama.cpp has its own field `error`, and some servers write the
 * JSON of an error without a field.
 */
function failureIn(line: string): StreamEvent | undefined {
  if (line.startsWith("error:")) return { name: "error", data: line.slice("error:".length).trim() };
  return line.startsWith('{"error"') ? { name: "error", data: line } : undefined;
}

/** Whether the line at `start` begins, or may begin, with such a text. */
function mayTellFailure(text: string, start: number): boolean {
  return FAILURES.some(
    (failure) =>
      text.startsWith(failure, start) ||
      (text.length - start < failure.length && failure.startsWith(text.slice(start))),
  );
}

function endsLine(text: string): boolean {
  const last = text.charCodeAt(text.length - 1);
  return last === 0x0a || last === 0x0d;
}

/** Holds back the beginnings of lines that may report a failure, because the parser drops incomplete lines. */
function createHold(): (piece: string) => string {
  let held = "";
  let isLineStart = true;
  return (piece) => {
    const text = held === "" ? piece : held + piece;
    held = "";
    if (text === "") return text;
    if (endsLine(text)) {
      isLineStart = true;
      return text;
    }
    const start = Math.max(text.lastIndexOf("\n"), text.lastIndexOf("\r")) + 1;
    const isStart = start > 0 || isLineStart;
    if (isStart && text.length - start <= MAX_FAILURE_LENGTH && mayTellFailure(text, start)) {
      held = text.slice(start);
      isLineStart = true;
      return text.slice(0, start);
    }
    isLineStart = false;
    return text;
  };
}

/**
 * SSE framing: LF, CRLF and CR in any split, incremental UTF-8, one byte order mark. Comments and unknown fields are
 * ignored, except those that report a failure. Events without data are skipped. A last event without its blank line
 * is delivered at the end. `push` and `end` throw what `onEvent` throws, and `GatewayError` of kind `protocol` if a
 * line or an event exceeds its bound.
 */
export function createSseReader(onEvent: (event: StreamEvent) => void): FrameReader {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const hold = createHold();
  let tooLong = false;
  const parser = createParser({
    maxBufferSize: MAX_SSE_EVENT_LENGTH,
    onEvent({ event, data }) {
      if (data !== "") onEvent({ name: event, data });
    },
    onError(error) {
      if (error.type === "max-buffer-size-exceeded") tooLong = true;
      const failure = error.type === "unknown-field" ? failureIn(error.line ?? "") : undefined;
      if (failure !== undefined) onEvent(failure);
    },
  });

  function feed(text: string): void {
    parser.feed(hold(text));
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
