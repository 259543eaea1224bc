// Defects: errors that our own code did not mean to throw, and what is told of them.
import { GatewayError } from "./gateway-error.ts";
import type { LineFields } from "./log-line.ts";

/** Identifiers of what a defect has ended; never content. */
export interface DefectPlace {
  readonly generation_id?: string;
  readonly stream_id?: string;
  readonly method?: string;
}

/** Is told of a defect, whose consequences are dealt with already. Never throws. */
export type OnDefect = (error: unknown, place?: DefectPlace) => void;

const MAX_CAUSES = 4;
/** As many as V8 keeps: the uppermost may all be a library's. */
const MAX_FRAMES = 10;
const MAX_FRAME_UNITS = 200;

/** A place in a file, as V8 writes it: a line of a message that looks alike has no position. */
const FRAME = /^ {4}at .*(?:file:\/\/|node:|\/|<anonymous>).*?(?::\d+:\d+)?\)?$/;

/** An error that no rule of the gateway has thrown. */
export function isDefect(error: unknown): boolean {
  return !(error instanceof GatewayError) || error.kind === "internal";
}

/** What callers are told of a defect: INTERNAL, with the defect as its cause. */
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

/** The lines behind the message: a message can hold content, and lines that look like frames. */
function framesOf({ stack = "", message }: Error): string[] {
  const end = message === "" ? 0 : stack.indexOf(message) + message.length;
  const lines = stack.slice(Math.max(0, end)).split("\n");
  const frames = lines.filter((line) => FRAME.test(line)).slice(0, MAX_FRAMES);
  return frames.map((frame) => frame.trim().slice(0, MAX_FRAME_UNITS));
}

/**
 * What the log line of a defect says: `error`, the class of the first cause, and `stack`, its
 * frames. The message stays out, since it can hold a prompt, an answer or a key.
 */
export function describeDefect(error: unknown): Pick<LineFields<"defect">, "error" | "stack"> {
  const root = rootOf(error);
  if (!(root instanceof Error)) return { error: typeof root };
  const name = root.constructor.name === "" ? root.name : root.constructor.name;
  return { error: name, stack: framesOf(root) };
}
