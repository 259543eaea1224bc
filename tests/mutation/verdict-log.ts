import { appendFileSync, existsSync, readFileSync } from "node:fs";
import type { Choice } from "./choose-tests.ts";
import { type Mutant, nameOf } from "./mutant.ts";
import { hashOf, type TestKind } from "./sources.ts";
import type { Verdict } from "./verdict.ts";

interface Entry {
  /** With the kind of the tests. */
  readonly mutant: string;
  /** The verdict holds while these test files are among those of the kind that would run. */
  readonly tests: readonly string[];
  readonly verdict: Verdict;
}

const idOf = ({ file, hash }: { file: string; hash: string }): string => `${file} ${hash}`;

const keyOf = (mutant: Mutant, kind: TestKind): string => `${kind} ${hashOf(nameOf(mutant))}`;

/** The verdicts on one state of the sources, in a file: an interrupted run goes on where it stopped. */
export class VerdictLog {
  readonly #file: string;
  readonly #entries = new Map<string, Entry>();

  constructor(file: string) {
    this.#file = file;
    if (!existsSync(file)) return;
    for (const line of readFileSync(file, "utf8").split("\n")) {
      if (line === "") continue;
      const entry = JSON.parse(line) as Entry;
      this.#entries.set(entry.mutant, entry);
    }
  }

  find(mutant: Mutant, kind: TestKind, { tests }: Choice): Verdict | undefined {
    const entry = this.#entries.get(keyOf(mutant, kind));
    if (entry === undefined) return undefined;
    const now = new Set(tests.map(idOf));
    const holds = entry.tests.every((test) => now.has(test));
    // A test that came later could notice what the others did not.
    const isWhole = entry.verdict.end === "killed" || entry.tests.length === now.size;
    return holds && isWhole ? entry.verdict : undefined;
  }

  add(mutant: Mutant, kind: TestKind, { tests: chosen }: Choice, verdict: Verdict): void {
    const killer =
      verdict.end === "killed"
        ? chosen.filter(({ file }) => verdict.by.startsWith(file))
        : undefined;
    const tests = (killer?.length === 1 ? killer : chosen).map(idOf);
    const entry: Entry = { mutant: keyOf(mutant, kind), tests, verdict };
    this.#entries.set(entry.mutant, entry);
    appendFileSync(this.#file, `${JSON.stringify(entry)}\n`);
  }
}
