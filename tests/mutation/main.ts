// `npm run mutate`: changes of the sources that the tests should notice.
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { needRedis } from "../support/need-redis.ts";
import { USUAL_EFFORT, WHOLE_EFFORT } from "./choose-tests.ts";
import { draw } from "./draw.ts";
import { findMutants } from "./find-mutants.ts";
import { type Mutant, mutantText } from "./mutant.ts";
import { type Judged, MutationRun } from "./mutation-run.ts";
import { FOLDERS, readRepository } from "./sources.ts";

const DEFAULT_COUNT = 400;
/** Percent of the mutants that the tests have to notice. */
const LEAST_PERCENT = 85;

const HELP = `npm run mutate -- SEED [N] [--only PATH] [--all | --unit] [--list] [--json] [--jobs N]

Draws N mutants (${DEFAULT_COUNT}) by SEED from all of ${FOLDERS.map((folder) => `src/${folder}`).join(", ")},
runs the tests that execute each, and lists those that no test notices. Works in copies of the
repository below the system's folder for temporary files, which it removes.

The first run maps which test file executes which line: a minute or two for unit tests, and up to half an hour
for the others, which are mapped when a mutant is left for them. The map and the verdicts
are kept in .cache/mutation for as long as the sources stay the same, so that a run which was
interrupted goes on where it stopped.

Unit tests run first: the file's own, its folder's, then the quickest, ${USUAL_EFFORT.unit} files at most, up to the
first that fails. The mutants that none notices are left to the ${USUAL_EFFORT.contract} quickest contract tests that execute
the line, and what is left then to the ${USUAL_EFFORT.system} quickest system tests; what either says counts if they say
it twice. A mutant that hangs is noticed.

  --only PATH   only mutants of files whose path begins with it
  --list        prints the mutants that are drawn, and runs nothing
  --all         runs every test that executes the line before a mutant counts as a survivor: slow
  --unit        maps and runs no system test: quick, and what they alone notice counts as a survivor
  --json        prints an object with all verdicts
  --jobs N      copies that work at the same time; unset: one for each processor

Progress goes to standard error. The last line is "K of N killed". Exits with 1 below ${LEAST_PERCENT} percent.
`;

function fail(message: string): never {
  process.stderr.write(`${message}\n\n${HELP}`);
  process.exit(2);
}

function wholeNumber(text: string, name: string): number {
  return /^\d+$/.test(text) ? Number(text) : fail(`${name} is no whole number: ${text}`);
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    help: { type: "boolean", default: false },
    list: { type: "boolean", default: false },
    all: { type: "boolean", default: false },
    unit: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    only: { type: "string", default: "src/" },
    jobs: { type: "string", default: String(availableParallelism()) },
  },
});
if (values.help) {
  process.stdout.write(HELP);
  process.exit(0);
}
const [seedText, countText = String(DEFAULT_COUNT)] = positionals;
if (seedText === undefined) fail("SEED is missing");
const seed = wholeNumber(seedText, "SEED");
const count = wholeNumber(countText, "N");
const jobs = Math.max(1, wholeNumber(values.jobs, "--jobs"));

const root = join(import.meta.dirname, "../..");
const repository = readRepository(root);
const all = [...repository.sources].flatMap(([file, text]) =>
  file.startsWith(values.only) ? findMutants(file, text) : [],
);
if (all.length === 0) fail(`no mutant below ${values.only}`);
const mutants = draw(all, count, seed);

function print(lines: readonly string[]): void {
  process.stdout.write(lines.map((line) => `${line}\n`).join(""));
}

function survivorText({ mutant, verdict }: Judged): string {
  const why =
    verdict.end === "unreached"
      ? "no test runs this line"
      : verdict.end === "survived"
        ? `${verdict.ran} test files pass${verdict.leftOut > 0 ? `, ${verdict.leftOut} more were not run` : ""}`
        : "";
  return `${mutantText(mutant)} (${why})`;
}

function plain({ file, line, column, kind, original, replacement }: Mutant): object {
  return { file, line, column, kind, original, replacement };
}

if (values.list) {
  print(
    values.json
      ? [JSON.stringify(mutants.map(plain), undefined, 2)]
      : [...mutants.map(mutantText), `${mutants.length} of ${all.length} mutants`],
  );
  process.exit(0);
}

needRedis("npm run mutate");

const run = new MutationRun({
  repository,
  cache: join(root, ".cache/mutation"),
  jobs,
  effort: values.all ? WHOLE_EFFORT : USUAL_EFFORT,
  kinds: values.unit ? ["unit", "contract"] : ["unit", "contract", "system"],
  say: (line) => process.stderr.write(`${line}\n`),
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  // A second one must not end the removal.
  process.on(signal, () => {
    run[Symbol.dispose]();
    process.exit(130);
  });
}
let judged: Judged[];
try {
  judged = await run.judgeAll(mutants);
} finally {
  run[Symbol.dispose]();
}
const survivors = judged.filter(({ verdict }) => verdict.end !== "killed");
const killed = judged.length - survivors.length;
print(
  values.json
    ? [
        JSON.stringify(
          {
            seed,
            killed,
            count: judged.length,
            mutants: judged.map(({ mutant, verdict }) => ({ ...plain(mutant), verdict })),
          },
          undefined,
          2,
        ),
      ]
    : [...survivors.map(survivorText), `${killed} of ${judged.length} killed`],
);
process.exit(killed * 100 >= judged.length * LEAST_PERCENT ? 0 : 1);
