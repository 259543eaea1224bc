// `npm run nightly`: runs CI's repeating checks for longer. Each part reports its duration; the last line is "N
// passed, N failed". `-- NAME…` runs some parts, `-- --list` lists them.
import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

const FUZZ_SEEDS = 10;
const { scripts } = JSON.parse(readFileSync("package.json", "utf8"));

const npm = (script, ...args) => ["npm", ["run", "--silent", script, "--", ...args]];

/** Tests that CI runs with fewer repetitions: they ask `tests/support/nightly.ts`. */
const LONG_TESTS = readdirSync("tests", { recursive: true })
  .map((name) => `tests/${name}`)
  .filter((file) => file.endsWith(".test.ts"))
  .filter((file) => readFileSync(file, "utf8").includes("/support/nightly.ts"))
  .sort();

const PARTS = {
  attack: npm("attack"),
  ...Object.fromEntries(
    Array.from({ length: FUZZ_SEEDS }, (_, index) => [
      `fuzz-${index + 1}`,
      npm("attack", "fuzz", "--seed", String(1 + index * 1_000_000), "--calls", "40000"),
    ]),
  ),
  simulate: npm("simulate"),
  explore: npm("explore"),
  "long-tests": ["npx", ["vitest", "run", ...LONG_TESTS]],
  faults: npm("faults", "5m"),
  ...("mutate" in scripts && { mutate: npm("mutate", "1", "60") }),
};

/** Runs a command and shows its output. Returns its last count, or whether it succeeded. */
function run([command, args]) {
  return new Promise((resolve) => {
    const env = { ...process.env, TEST_LENGTH: "nightly" };
    const child = spawn(command, args, { env, stdio: ["ignore", "pipe", "inherit"] });
    let output = "";
    child.stdout.on("data", (bytes) => {
      process.stdout.write(bytes);
      output += bytes.toString();
    });
    child.once("close", (code) => {
      const [, passed, failed] = output.match(/^(\d+) passed, (\d+) failed$/m) ?? [];
      if (passed !== undefined && (code === 0) === (failed === "0")) {
        resolve({ passed: Number(passed), failed: Number(failed) });
      } else resolve(code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 });
    });
  });
}

const names = process.argv.slice(2);
if (names.includes("--list")) {
  console.log(Object.keys(PARTS).join("\n"));
  process.exit(0);
}
const unknown = names.find((name) => !(name in PARTS));
if (unknown !== undefined) {
  console.error(`no part ${unknown}: ${Object.keys(PARTS).join(", ")}`);
  process.exit(2);
}
const lines = [];
let [passed, failed] = [0, 0];
for (const [name, part] of Object.entries(PARTS)) {
  if (names.length > 0 && !names.includes(name)) continue;
  const from = performance.now();
  const result = await run(part);
  const seconds = ((performance.now() - from) / 1000).toFixed(0);
  lines.push(`${result.failed === 0 ? "ok    " : "FAILED"}  ${name} (${seconds} s)`);
  console.log(lines.at(-1));
  passed += result.passed;
  failed += result.failed;
}
console.log(`\n${lines.join("\n")}\n${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
