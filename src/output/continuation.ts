// Continues after output that a failed attempt delivered: builds the next request, and joins the two texts.
import { GatewayError } from "../domain/gateway-error.ts";
import type { GenerationSpec, Message } from "../domain/generation-spec.ts";
import type { ProviderEvent } from "../domain/provider-event.ts";

/** A repetition of at least this many characters is an echo, not a coincidence. */
const MIN_ECHO = 24;
/** A repetition of more characters ends the attempt, unless it is the whole output. */
const SEAM_LENGTH = 200;

/**
 * The delivered text, if the output can be continued: text that ended inside its only part. Tool calls, reasoning
 * and JSON are never continued.
 */
export function continuableText(spec: GenerationSpec, output: Message): string | undefined {
  const [part, ...others] = output.parts;
  if (spec.outputFormat.type !== "text" || others.length > 0) return undefined;
  return part?.type === "text" && part.text.trim() !== "" ? part.text : undefined;
}

/**
 * The request that continues after `text`; undefined if its output limit leaves no token. Providers refuse a last
 * message that ends with white space.
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

/** Length of the longest prefix of `text` that repeats the end of `before`. */
function overlap(before: string, text: string, longest: number): number {
  for (let length = Math.min(longest, before.length, text.length); length > 0; length--) {
    if (before.endsWith(text.slice(0, length))) return length;
  }
  return 0;
}

/**
 * The new part of `text`, which follows `before`: without an echo and without doubled white space. Throws if too
 * much of `before` is repeated.
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
  // The request omitted trailing white space, so the answer can begin with it.
  return rest.slice(overlap(before.slice(sent.length), rest, before.length));
}

/** For stop sequences whose beginning is the end of `before`: the rest of each. */
function openStops(before: string, stops: readonly string[]): string[] {
  return stops.flatMap((stop) =>
    Array.from(stop, (_, inside) => inside)
      .filter((inside) => inside > 0 && before.endsWith(stop.slice(0, inside)))
      .map((inside) => stop.slice(inside)),
  );
}

/**
 * The events of an attempt that continues after `before`, as parts of the same message: its first text belongs to
 * part 0, echoes are removed, and nothing is shown twice. The beginning is held back while it may be an echo.
 */
export async function* joinAtSeam(
  events: AsyncIterable<ProviderEvent>,
  before: string,
  stops: readonly string[],
): AsyncGenerator<ProviderEvent> {
  const sent = before.trimEnd();
  const open = openStops(before, stops);
  /** The beginning of the answer, held back; undefined after the seam. */
  let held: string | undefined = "";
  let shift = 0;

  function isUncertain(text: string): boolean {
    if (sent.startsWith(text) || open.some((stop) => stop.startsWith(text))) return true;
    return text.length <= SEAM_LENGTH && before.includes(text);
  }

  /** Releases the held text. False: a stop sequence spans the seam. */
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
        // Output that does not begin with text starts the next part.
        yield { type: "part-end", partIndex: 0 };
        shift = 1;
      }
    }
    yield shift > 0 && "partIndex" in event
      ? { ...event, partIndex: event.partIndex + shift }
      : event;
  }
}
