import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseSync } from "oxc-parser";

/** What starts code that no import names. */
const STARTS = /^node:(?:child_process|cluster|worker_threads)$/;

/** Which files of a repository import which. */
export class ImportGraph {
  readonly #root: string;
  readonly #imports = new Map<string, readonly string[]>();

  constructor(root: string) {
    this.#root = root;
  }

  /** Whether a file can execute one of these: by its imports and theirs, or in a process or thread that one of them starts. */
  canReach(file: string, goals: ReadonlySet<string> | ReadonlyMap<string, unknown>): boolean {
    const seen = new Set([file]);
    for (const each of seen) {
      if (goals.has(each)) return true;
      for (const imported of this.#importsOf(each)) {
        if (STARTS.test(imported)) return true;
        if (imported.startsWith(".")) seen.add(join(dirname(each), imported));
      }
    }
    return false;
  }

  #importsOf(file: string): readonly string[] {
    const known = this.#imports.get(file);
    if (known !== undefined) return known;
    const text = file.endsWith(".ts") ? readFileSync(join(this.#root, file), "utf8") : "";
    const { staticImports, staticExports, dynamicImports } = parseSync(file, text).module;
    const imports = [
      ...staticImports
        .filter(({ entries }) => entries.length === 0 || entries.some(({ isType }) => !isType))
        .map(({ moduleRequest }) => moduleRequest.value),
      ...staticExports.flatMap(({ entries }) =>
        entries.flatMap(({ moduleRequest }) => moduleRequest?.value ?? []),
      ),
      ...dynamicImports.map(({ moduleRequest: { start, end } }) => text.slice(start + 1, end - 1)),
    ];
    this.#imports.set(file, imports);
    return imports;
  }
}
