// `npm run test:conformance`: the suite against both listeners, figures into docs and README.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { badgeOf, documentOf, type Row } from "./document.ts";
import { type Protocol, runProtocol } from "./run.ts";
import { installSuite } from "./suite.ts";

const ROOT = join(import.meta.dirname, "../..");
const DOCUMENT = join(ROOT, "docs/conformance.md");
const README = join(ROOT, "README.md");
const BADGE = /^Conformance \(connectrpc .*$/m;

const PROTOCOLS: readonly Protocol[] = [
  { name: "gRPC", listener: "grpc", file: "grpc" },
  { name: "gRPC-Web", listener: "http", file: "grpc-web" },
  { name: "Connect", listener: "http", file: "connect" },
];

const { values } = parseArgs({ options: { check: { type: "boolean", default: false } } });
const suite = installSuite();
const rows: Row[] = [];
// One after the other: each uses both cores.
for (const protocol of PROTOCOLS) {
  const started = performance.now();
  const figures = await runProtocol(suite, protocol);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const { passed, failed, known, notApplicable, output } = figures;
  if (failed > 0) console.log(output);
  console.log(
    `${protocol.name.padEnd(8)}  ${passed} passed, ${failed} failed, ${known} known to fail, ` +
      `${notApplicable} not applicable (${seconds} s)`,
  );
  rows.push({ protocol, figures });
}

let failed = rows.reduce((sum, { figures }) => sum + figures.failed, 0);
const readme = readFileSync(README, "utf8");
const files = [
  { path: DOCUMENT, text: documentOf(rows) },
  { path: README, text: readme.replace(BADGE, badgeOf(rows)) },
];
for (const { path, text } of files) {
  if (!values.check) writeFileSync(path, text);
  else if (readFileSync(path, "utf8") !== text) {
    console.log(`${path} has other figures; \`npm run test:conformance\` mends it`);
    failed++;
  }
}
if (!BADGE.test(readme)) {
  console.log("README.md has no line with the figures");
  failed++;
}
const passed = rows.reduce((sum, { figures }) => sum + figures.passed, 0);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
