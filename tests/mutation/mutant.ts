/** A change of one place of one source file, which the tests should notice. */
export interface Mutant {
  /** From the repository's root, with slashes. */
  readonly file: string;
  /** UTF-16 units from the start of the file; `end` is the first after the place. */
  readonly start: number;
  readonly end: number;
  readonly replacement: string;
  readonly kind: MutantKind;
  /** Both from 1. */
  readonly line: number;
  readonly column: number;
  /** The text that is replaced. */
  readonly original: string;
}

export type MutantKind =
  | "condition"
  | "comparison"
  | "arithmetic"
  | "logic"
  | "assignment"
  | "unary"
  | "literal"
  | "collection"
  | "statement"
  | "return"
  | "optional chain"
  | "await"
  | "default";

/** The same mutant has the same name for as long as its file is the same. */
export function nameOf({ file, start, end, replacement }: Mutant): string {
  return `${file}:${start}-${end}:${replacement}`;
}

export function mutatedText(text: string, { start, end, replacement }: Mutant): string {
  return text.slice(0, start) + replacement + text.slice(end);
}

const SHOWN_LENGTH = 70;

function shown(text: string): string {
  const line = text.replaceAll(/\s+/g, " ").trim();
  return line.length > SHOWN_LENGTH ? `${line.slice(0, SHOWN_LENGTH)}…` : line;
}

/** One line for people: the place, the kind and the change. */
export function mutantText({ file, line, column, kind, original, replacement }: Mutant): string {
  return `${file}:${line}:${column} ${kind}: ${shown(original)} → ${shown(replacement) || "(removed)"}`;
}
