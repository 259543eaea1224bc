// The end of a CI run: every failure's message, then all their names, then one line for machines.
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
const failures = files.flatMap(({ name, status: outcome, message, assertionResults }) => {
  const red = assertionResults.filter((test) => test.status === "failed");
  // A file that cannot be loaded fails too, though it has no tests that could.
  if (outcome === "failed" && red.length === 0) return [{ name, message }];
  return red.map(({ fullName, failureMessages: [first] }) => ({
    name: `${name} ${fullName}`,
    message: first,
  }));
});
for (const { name, message = "" } of failures) console.log(`${name}\n${indented(message)}`);
// The names stand together: what shows the end of an output alone shows all of them.
for (const { name } of failures) console.log(`FAILED  ${name}`);

const counted = readFileSync(countedFile, "utf8");
for (const [line] of counted.matchAll(/^(?:FAILED|LATE) .*$/gm)) console.log(line);
for (const [, more, red] of counted.matchAll(/^(\d+) passed, (\d+) failed$/gm)) {
  passed += Number(more);
  failed += Number(red);
}
console.log(`${passed} passed, ${status === "0" ? 0 : Math.max(1, failed)} failed`);
