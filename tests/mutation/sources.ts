import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, globSync, readFileSync } from "node:fs";
import { join, sep } from "node:path";

/** Where mutants are made. */
export const FOLDERS = [
  "reliability",
  "store",
  "streams",
  "usage",
  "calls",
  "rpc",
  "gateway",
  "doors",
  "callers",
  "ledger",
  "limits",
] as const;

/** Test files that mutants do not run, each with its reason. */
const LEFT_OUT: readonly [pattern: RegExp, reason: string][] = [
  [/^tests\/(scenarios|faults|simulation)\//, "minutes each, with commands of their own"],
  [/^tests\/system\/reliability\/first-token\.test/, "minutes"],
  [/^tests\/system\/(robustness|soak|left-streams)\.test/, "they take the machine to its limits"],
  [/^tests\/system\/dockerfile\.test/, "it copies node_modules, which is a link here"],
  [/mutations\.test/, "they run tests of mutants themselves"],
  [/^tests\/unit\/(mutation\/|check-gate)/, "they test this command, and `npm run check`"],
  [
    /^tests\/unit\/(links|named-things|page-blocks|reference-pages)\./,
    "they read pages, of which git has the list",
  ],
];

/** Decide what a test executes, beside the test file itself. */
const BASE = /^(src|gen|proto|tests|clients|package-lock\.json)/;
/** Decides nothing of what a test executes, but for the probes. */
const OWN = /^tests\/(unit\/)?mutation\/(?!probes\.ts)/;

/** `contract`: with real stores; `system`: with real processes too. Both have real time, and are slow. */
export type TestKind = "unit" | "contract" | "system";

export function kindOf(testFile: string): TestKind {
  if (testFile.startsWith("tests/unit/")) return "unit";
  return testFile.startsWith("tests/system/") ? "system" : "contract";
}

export interface Repository {
  readonly root: string;
  /** All files that belong to the repository, or would after a commit. */
  readonly files: readonly string[];
  /** Text by file, of those where mutants are made. */
  readonly sources: ReadonlyMap<string, string>;
  readonly tests: readonly string[];
  /** Changes with everything that a test executes, but its own file. */
  readonly key: string;
}

export function hashOf(text: string | Buffer): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}

export function readRepository(root: string): Repository {
  const listed = execFileSync("git", ["ls-files", "-coz", "--exclude-standard", "--deduplicate"], {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 1 << 26,
  });
  // Git lists what was deleted until the deletion is committed.
  // Files that are not tracked stand behind the others: in order, the key of the map stays when one is committed.
  const files = listed
    .split("\0")
    .filter((file) => file !== "" && existsSync(join(root, file)))
    .toSorted();
  const found = (pattern: string): string[] =>
    globSync(pattern, { cwd: root })
      .map((file) => file.split(sep).join("/"))
      .toSorted();
  const sources = new Map(
    found(`src/{${FOLDERS.join(",")}}/**/*.ts`).map((file) => [
      file,
      readFileSync(join(root, file), "utf8"),
    ]),
  );
  const tests = found("tests/**/*.test.ts").filter(
    (file) => !LEFT_OUT.some(([pattern]) => pattern.test(file)),
  );
  const base = files.filter(
    (file) => BASE.test(file) && !OWN.test(file) && !file.endsWith(".test.ts"),
  );
  const hashes = base.map((file) => `${file} ${hashOf(readFileSync(join(root, file)))}`);
  // The map numbers the places of all these folders through.
  const key = hashOf([...FOLDERS, ...hashes].join("\n"));
  return { root, files, sources, tests, key };
}
