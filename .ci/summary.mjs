// The end of a CI run: every failure by its name, then one line for machines.
// Usage: node summary.mjs VITEST_REPORT COUNTED_OUTPUT STATUS
import { readFileSync } from "node:fs";
import { relative } from "node:path";

const [reportFile, countedFile, status] = process.argv.slice(2);
/** Lines of one failure's message. */
const MESSAGE_LINES = 12;
const SLOWEST_FILES = 10;

const indented = (text) =>
  text
    .split("\n")
    .slice(0, MESSAGE_LINES)
    .map((line) => `    ${line}`)
    .join("\n");

const text = readFileSync(reportFile, "utf8");
// Without a report a gate of `npm run check` was red and no test ran.
const report = text === "" ? { testResults: [] } : JSON.parse(text);
let { numPassedTests: passed = 0, numFailedTests: failed = 0 } = report;
const files = report.testResults.map((file) => ({
  ...file,
  name: relative(process.cwd(), file.name),
  seconds: (file.endTime - file.startTime) / 1000,
}));

const slowest = files.toSorted((a, b) => b.seconds - a.seconds).slice(0, SLOWEST_FILES);
console.log(
  `slowest files: ${slowest.map(({ name, seconds }) => `${name} ${seconds.toFixed(0)} s`).join(", ")}`,
);
for (const { name, status: outcome, message, assertionResults } of files) {
  const red = assertionResults.filter((test) => test.status === "failed");
  for (const { fullName, failureMessages } of red) {
    console.log(`FAILED  ${name} ${fullName}\n${indented(failureMessages[0] ?? "")}`);
  }
  // A file that cannot be loaded fails too, though it has no tests that could.
  if (outcome === "failed" && red.length === 0) {
    console.log(`FAILED  ${name}\n${indented(message ?? "")}`);
  }
}

const counted = readFileSync(countedFile, "utf8");
for (const [line] of counted.matchAll(/^(?:FAILED|LATE) .*$/gm)) console.log(line);
for (const [, more, red] of counted.matchAll(/^(\d+) passed, (\d+) failed$/gm)) {
  passed += Number(more);
  failed += Number(red);
}
console.log(`${passed} passed, ${status === "0" ? 0 : Math.max(1, failed)} failed`);
