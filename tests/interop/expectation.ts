import { isDeepStrictEqual } from "node:util";

/** One thing that was looked at. */
export interface Expectation {
  readonly what: string;
  readonly isMet: boolean;
  /** What was expected and what came, for a reader. */
  readonly found: string;
}

const MAX_SHOWN = 400;

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length <= MAX_SHOWN
    ? text
    : `${text.slice(0, MAX_SHOWN)}… (${text.length} characters)`;
}

/** `actual` equals `expected`, whole. */
export function is(what: string, actual: unknown, expected: unknown): Expectation {
  const isMet = isDeepStrictEqual(actual, expected);
  return { what, isMet, found: `expected ${shown(expected)}\n     got ${shown(actual)}` };
}

/** A condition, with what it was found on. */
export function check(what: string, isMet: boolean, evidence: unknown): Expectation {
  return { what, isMet, found: `got ${shown(evidence)}` };
}
