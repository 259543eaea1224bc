// `npm run check`: every gate that a change must pass. `--only NAME` runs one.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "./run.mjs";
import { filesBelow, staleFiles, withCopy } from "./stale-files.mjs";

/** What `npm run generate` makes; the rest of gen/ is `npm run generate:all`'s. */
const GENERATED = ["gen/es", "gen/steer.binpb"];
const BASELINE = "proto/baseline.binpb";

/** Generates into a copy and compares: `gen/` is never edited. */
function generated() {
  return withCopy(["buf.gen.yaml"], (copy) => {
    const steps = [
      run("buf", ["generate"], { cwd: copy }),
      run("buf", ["build", "--exclude-source-info", "-o", "gen/steer.binpb"], { cwd: copy }),
      run("node", ["tools/vendor-protos.mjs", "third_party", "--check"]),
    ];
    const failed = steps.find((step) => !step.ok);
    if (failed !== undefined) return failed;
    const stale = GENERATED.flatMap((folder) => staleFiles(copy, folder));
    const output = stale.map((file) => `${file} is not what \`npm run generate\` makes\n`).join("");
    return { ok: stale.length === 0, output };
  });
}

/** Time and randomness come from the clock, so that tests can hold both. */
function clock() {
  const forbidden = /\bMath\.random\b|\bDate\.now\b|\bnew Date\(\)|\bperformance\.now\b|\bhrtime\b/;
  const found = filesBelow("src")
    .filter((file) => file.endsWith(".ts") && file !== join("src", "clock.ts"))
    .flatMap((file) =>
      readFileSync(file, "utf8")
        .split("\n")
        .map((line, index) => ({ place: `${file}:${index + 1}`, line }))
        .filter(({ line }) => forbidden.test(line)),
    );
  const output = found.map(({ place }) => `${place}: take a Clock (src/clock.ts)\n`).join("");
  return { ok: found.length === 0, output };
}

const GATES = {
  biome: {
    run: () => run("biome", ["ci", "--error-on-warnings", "--colors=off"]),
    help: "format, lint and layering; `npm run format` mends what it can",
  },
  types: {
    run: () => run("tsc", ["--noEmit"]),
    help: "the compiler's own words say what is wrong",
  },
  "dead-code": {
    run: () => run("knip", ["--no-progress"]),
    help: "take out what nothing uses, or export less of it",
  },
  clock: { run: clock, help: "time and randomness come as a parameter" },
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
