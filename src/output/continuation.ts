// Going on after output that a failed attempt had delivered: what is asked for,
// and how the two texts are joined.
import { GatewayError } from "../domain/gateway-error.ts";
import type { GenerationSpec, Message } from "../domain/generation-spec.ts";
import type { ProviderEvent } from "../domain/provider-event.ts";

/** Repeated text of this many characters or more is an echo and no chance. */
const MIN_ECHO = 24;
/** A longer repetition ends the attempt, unless it is the whole output. */
const SEAM_LENGTH = 200;

/**
 * The text to go on after, where that is possible: text output that ended inside
 * its only part. Never inside a tool call, reasoning or JSON.
 */
export function continuableText(spec: GenerationSpec, output: Message): string | undefined {
  const [part, ...others] = output.parts;
  if (spec.outputFormat.type !== "text" || others.length > 0) return undefined;
  return part?.type === "text" && part.text.trim() !== "" ? part.text : undefined;
}

/**
 * The request that goes on after `text`; undefined where its limit leaves no
 * token. Providers refuse a last message that ends with white space.
 */
export function continuationSpec(
  spec: GenerationSpec,
  text: string,
  outputTokens: number,
): GenerationSpec | undefined {
  const { maxOutputTokens } = spec.sampling;
  const left = maxOutputTokens === undefined ? undefined : maxOutputTokens - outputTokens;
  if (left !== undefined && left < 1) return undefined;
  return {
    ...spec,
    messages: [
      ...spec.messages,
      { role: "assistant", parts: [{ type: "text", text: text.trimEnd() }] },
    ],
    ...(left !== undefined && { sampling: { ...spec.sampling, maxOutputTokens: left } }),
  };
}

/** Length of the longest beginning of `text` that repeats the end of `before`. */
function overlap(before: string, text: string, longest: number): number {
  for (let length = Math.min(longest, before.length, text.length); length > 0; length--) {
    if (before.endsWith(text.slice(0, length))) return length;
  }
  return 0;
}

/**
 * The new part of `text`, which was written after `before`: without an echo, and
 * without white space twice. Throws where too much of it was written before.
 */
function withoutOverlap(before: string, text: string): string {
  if (before.length >= MIN_ECHO && text.startsWith(before)) return text.slice(before.length);
  const sent = before.trimEnd();
  const isEcho = sent.length >= MIN_ECHO && text.startsWith(sent);
  const rest = isEcho ? text.slice(sent.length) : text;
  if (rest.length > SEAM_LENGTH && before.includes(rest.slice(0, SEAM_LENGTH + 1))) {
    throw new GatewayError("protocol", "the provider repeats its output");
  }
  const echo = overlap(before, rest, SEAM_LENGTH);
  if (echo >= MIN_ECHO) return rest.slice(echo);
  // What was sent lacks the white space at the end, and the answer may begin with it.
  return rest.slice(overlap(before.slice(sent.length), rest, before.length));
}

/** The ends of stop sequences whose beginnings are the end of `before`. */
function openStops(before: string, stops: readonly string[]): string[] {
  return stops.flatMap((stop) =>
    Array.from(stop, (_, inside) => inside)
      .filter((inside) => inside > 0 && before.endsWith(stop.slice(0, inside)))
      .map((inside) => stop.slice(inside)),
  );
}

/**
 * The events of an attempt that goes on after `before`, as parts of the same
 * message: its first text belongs to part 0, echoes are trimmed, and nothing
 * is shown twice. Holds back the beginning for as long as it may be an echo.
 */
export async function* joinAtSeam(
  events: AsyncIterable<ProviderEvent>,
  before: string,
  stops: readonly string[],
): AsyncGenerator<ProviderEvent> {
  const sent = before.trimEnd();
  const open = openStops(before, stops);
  /** The beginning of the answer; undefined once the seam is behind. */
  let held: string | undefined = "";
  let shift = 0;

  function isUncertain(text: string): boolean {
    if (sent.startsWith(text) || open.some((stop) => stop.startsWith(text))) return true;
    return text.length <= SEAM_LENGTH && before.includes(text);
  }

  /** Ends the wait; false where a stop sequence spans the seam. */
  function* settle(text: string): Generator<ProviderEvent, boolean> {
    held = undefined;
    const own = withoutOverlap(before, text);
    if (open.some((stop) => own.startsWith(stop))) {
      yield { type: "part-end", partIndex: 0 };
      yield { type: "finish", reason: "stop-sequence", rawReason: "" };
      return false;
    }
    if (own !== "") yield { type: "text-delta", partIndex: 0, text: own };
    return true;
  }

  for await (const event of events) {
    if (held !== undefined && event.type !== "response" && event.type !== "usage") {
      const isText = event.type === "text-delta" && event.partIndex === 0;
      const text: string = isText ? held + event.text : held;
      if (isText && isUncertain(text)) {
        held = text;
        continue;
      }
      if (!(yield* settle(text))) return;
      if (isText) continue;
      if ("partIndex" in event && event.partIndex === 0 && event.type !== "part-end") {
        // Output that does not begin with text opens the part behind the one that broke off.
        yield { type: "part-end", partIndex: 0 };
        shift = 1;
      }
    }
    yield shift > 0 && "partIndex" in event
      ? { ...event, partIndex: event.partIndex + shift }
      : event;
  }
}
