// `npm run test:console [-- --only WORDS] [-- --screenshots]`: the console of real gateways, with callers and load, in
// Debian's Chromium. `--screenshots` writes the pictures of docs/images in place of the checks.
import { parseArgs } from "node:util";
import type { Browser } from "playwright-core";
import { beginTestRun, leftLines } from "../support/test-run.ts";
import { addressChecks } from "./address-checks.ts";
import { callersChecks, loginChecks } from "./callers-checks.ts";
import type { Check } from "./check.ts";
import { launchChromium, missingPackages } from "./chromium.ts";
import { hostileChecks } from "./hostile-checks.ts";
import { playgroundChecks } from "./playground-checks.ts";
import { takeScreenshots } from "./screenshots.ts";
import { streamsChecks } from "./streams-checks.ts";
import { viewsChecks } from "./views-checks.ts";
import { Visitor } from "./visitor.ts";
import { startWorld, type World } from "./world.ts";

const CHECKS: readonly Check[] = [
  ...loginChecks,
  ...viewsChecks,
  ...streamsChecks,
  ...callersChecks,
  ...playgroundChecks,
  ...hostileChecks,
  ...addressChecks,
];

/** Lines of a failure that are printed. */
const MAX_LINES = 8;

/** Returns what is wrong; undefined: nothing. */
async function look(check: Check, world: World, browser: Browser): Promise<string | undefined> {
  const visitor = new Visitor(browser);
  const started = performance.now();
  try {
    await check.run(world, visitor);
    await visitor.end();
    console.error(`ok      ${check.name} (${Math.round(performance.now() - started)} ms)`);
    return undefined;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return `FAILED  ${check.name}: ${why.split("\n").slice(0, MAX_LINES).join("\n        ")}`;
  } finally {
    await visitor.close();
  }
}

interface Result {
  readonly passed: number;
  readonly failures: readonly string[];
}

async function runChecks(only: string): Promise<Result> {
  await using world = await startWorld();
  const browser = await launchChromium();
  const failures: string[] = [];
  const chosen = CHECKS.filter(({ name }) => name.includes(only));
  try {
    for (const check of chosen) {
      const failure = await look(check, world, browser);
      if (failure === undefined) continue;
      failures.push(failure);
      console.error(failure);
    }
  } finally {
    await browser.close();
  }
  return { passed: chosen.length - failures.length, failures };
}

const { values } = parseArgs({
  options: { only: { type: "string", default: "" }, screenshots: { type: "boolean" } },
});
const missing = missingPackages();
if (missing.length > 0) {
  console.error(`test:console needs packages: apt-get install ${missing.join(" ")}`);
  process.exit(1);
}
async function runScreenshots(): Promise<Result> {
  const browser = await launchChromium();
  try {
    return { passed: await takeScreenshots(browser), failures: [] };
  } finally {
    await browser.close();
  }
}

const testRun = beginTestRun();
const running = values.screenshots ? runScreenshots() : runChecks(values.only);
const { passed, failures } = await running.catch((error: unknown) => ({
  passed: 0,
  failures: [`FAILED  ${error instanceof Error ? error.message : String(error)}`],
}));
const left = await testRun.end();
for (const line of failures) console.log(line);
process.stdout.write(leftLines(left));
console.log(`${passed} passed, ${failures.length + left.length} failed`);
process.exitCode = failures.length + left.length === 0 ? 0 : 1;
