// `npm run check`: every gate that a change must pass. `--only NAME` runs one.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { duplicateTypes } from "./duplicate-types.mjs";
import { fileNames } from "./file-names.mjs";
import { functionLengths } from "./function-lengths.mjs";
import { generateService, generateStubs } from "./generated.mjs";
import { importRule } from "./import-rule.mjs";
import { keptGarbage } from "./kept-garbage.mjs";
import { startsAround } from "./own-settings.mjs";
import { run } from "./run.mjs";
import { typeScriptBelow } from "./syntax.mjs";
import { wrongVersions } from "./versions.mjs";

const BASELINE = "proto/baseline.binpb";

/** Generates into a copy and compares, because `gen/` is never edited by hand. */
async function generated() {
  const vendored = run("node", ["tools/vendor-protos.mjs", "third_party", "--check"]);
  if (!vendored.ok) return vendored;
  try {
    const service = await generateService((files) => files);
    const stubs = await generateStubs("es", (files) => files);
    const lines = [...service, ...stubs].map(
      (file) => `${file} is not what \`npm run generate\` makes\n`,
    );
    const page = run("node", ["tools/api-docs.mjs", "--check"]);
    return { ok: lines.length === 0 && page.ok, output: lines.join("") + page.output };
  } catch (error) {
    return { ok: false, output: error.message };
  }
}

/** The service and its tools, and the console, which runs in browsers. */
function types() {
  const results = [[], ["-p", "console"]].map((args) => run("tsc", ["--noEmit", ...args]));
  return {
    ok: results.every(({ ok }) => ok),
    output: results.map(({ output }) => output).join(""),
  };
}

/** Packages of all languages have the service's version. */
function versions() {
  const wrong = wrongVersions();
  return { ok: wrong.length === 0, output: wrong.join("\n") };
}

/** Time and randomness come from the clock, so that tests can replace both. */
function clock() {
  const forbidden = /\bMath\.random\b|\bDate\.now\b|\bnew Date\(\)|\bperformance\.now\b|\bhrtime\b/;
  const found = typeScriptBelow("src")
    .filter((file) => file !== join("src", "clock.ts"))
    .flatMap((file) =>
      readFileSync(file, "utf8")
        .split("\n")
        .map((line, index) => ({ place: `${file}:${index + 1}`, line }))
        .filter(({ line }) => forbidden.test(line)),
    );
  const output = found.map(({ place }) => `${place}: take a Clock (src/clock.ts)\n`).join("");
  return { ok: found.length === 0, output };
}

/** Tests start the service with the shipped defaults, or give a reason. */
function settings() {
  const output = startsAround()
    .map((file) => `${file} starts the service with settings at which nobody looks\n`)
    .join("");
  return { ok: output === "", output };
}

const GATES = {
  biome: {
    run: () => run("biome", ["ci", "--error-on-warnings", "--colors=off"]),
    help: "format and lint; `npm run format` mends what it can",
  },
  types: {
    run: types,
    help: "the compiler's own words say what is wrong",
  },
  "dead-code": {
    run: () => run("knip", ["--no-progress"]),
    help: "take out what nothing uses, or export less of it",
  },
  imports: {
    run: importRule,
    help: "what folders share is in domain/ or ports/, or comes as a parameter; tools/import-table.json lists the rest",
  },
  "duplicate-types": {
    run: duplicateTypes,
    help: "declare the type once: in domain/ or ports/ if folders share it",
  },
  "file-names": {
    run: fileNames,
    help: "the name of a file is that of its main export; of several, it has a word of one",
  },
  functions: {
    run: functionLengths,
    help: "take a thought of its own out into a function, or several parameters into an object",
  },
  "kept-garbage": {
    run: keptGarbage,
    help: "give the function a name of its own first, and write generators and classes at the top of the file",
  },
  clock: { run: clock, help: "time and randomness come as a parameter" },
  settings: {
    run: settings,
    help: "start by tests/support, or call requireReasons of explained-settings.ts; `npm run settings` lists them",
  },
  "proto-lint": {
    run: () => run("buf", ["lint"]),
    help: "the contract's style; buf.yaml holds its rules",
  },
  "proto-format": {
    run: () => run("buf", ["format", "-d", "--exit-code", "proto"]),
    help: "`npx buf format -w proto` mends it",
  },
  "proto-breaking": {
    run: () => run("buf", ["breaking", "proto", "--against", BASELINE]),
    help: "callers of the last release would break; add instead of changing",
  },
  generated: { run: generated, help: "`npm run generate` mends it" },
  versions: { run: versions, help: "package.json says the version of all packages" },
};

const [option, only] = process.argv.slice(2);
if (option !== undefined && (option !== "--only" || !(only in GATES))) {
  console.error(`usage: npm run check [-- --only ${Object.keys(GATES).join("|")}]`);
  process.exit(2);
}
let red = 0;
for (const [name, gate] of Object.entries(GATES)) {
  if (only !== undefined && name !== only) continue;
  const started = performance.now();
  const { ok, output } = await gate.run();
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${ok ? "green" : "RED  "}  ${name} (${seconds} s)`);
  if (ok) continue;
  red++;
  console.log(`${output.trimEnd()}\n       ${name}: ${gate.help}`);
}
process.exitCode = red === 0 ? 0 : 1;
