// Defects are errors that the gateway's own code did not intend to throw.
import { GatewayError } from "./gateway-error.ts";
import type { LineFields } from "./log-line.ts";

/** Identifiers of the work that a defect ended; never content. */
export interface DefectPlace {
  readonly generation_id?: string;
  readonly stream_id?: string;
  readonly method?: string;
}

/** Called with a defect after its consequences are handled. Never throws. */
export type OnDefect = (error: unknown, place?: DefectPlace) => void;

const MAX_CAUSES = 4;
/** V8 keeps this many frames. The innermost ones can all belong to a library. */
const MAX_FRAMES = 10;
const MAX_FRAME_UNITS = 200;

/** A stack frame as V8 writes it. A similar line of a message has no position. */
const FRAME = /^ {4}at .*(?:file:\/\/|node:|\/|<anonymous>).*?(?::\d+:\d+)?\)?$/;

/** An error that no rule of the gateway has thrown. */
export function isDefect(error: unknown): boolean {
  return !(error instanceof GatewayError) || error.kind === "internal";
}

/** The error that callers get for a defect: INTERNAL, with the defect as its cause. */
export function internalError(defect: unknown): GatewayError {
  if (defect instanceof GatewayError && defect.kind === "internal") return defect;
  return new GatewayError("internal", "internal error", { cause: defect });
}

function rootOf(error: unknown): unknown {
  let root = error;
  for (let depth = 0; depth < MAX_CAUSES; depth++) {
    if (!(root instanceof Error) || root.cause === undefined) return root;
    root = root.cause;
  }
  return root;
}

/** Stack lines after the message. The message can contain content, and lines that look like frames. */
function framesOf({ stack = "", message }: Error): string[] {
  const end = message === "" ? 0 : stack.indexOf(message) + message.length;
  const lines = stack.slice(Math.max(0, end)).split("\n");
  const frames = lines.filter((line) => FRAME.test(line)).slice(0, MAX_FRAMES);
  return frames.map((frame) => frame.trim().slice(0, MAX_FRAME_UNITS));
}

/**
 * The log fields of a defect: `error` is the class of the root cause, `stack` its frames. The message is left out
 * because it can contain a prompt, an answer or a key.
 */
export function describeDefect(error: unknown): Pick<LineFields<"defect">, "error" | "stack"> {
  const root = rootOf(error);
  if (!(root instanceof Error)) return { error: typeof root };
  const name = root.constructor.name === "" ? root.name : root.constructor.name;
  return { error: name, stack: framesOf(root) };
}
