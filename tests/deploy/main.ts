// `npm run test:deploy`: the files of `deploy/` by the programs that read them. A check whose program is missing is
// named; `-- --strict` fails then, and `-- --install` first builds or fetches helm and kubernetes-validate.
import { parseArgs } from "node:util";
import { ROOT } from "../interop/run-command.ts";
import { beginTestRun, leftLines } from "../support/test-run.ts";
import { CACHE, type Check, outputOf, programOf } from "./check.ts";
import { fileChecks } from "./file-checks.ts";
import { panelCheck } from "./panel-check.ts";

const HELM = "helm.sh/helm/v3/cmd/helm@v3.22.0";
const VALIDATOR = "kubernetes-validate==1.37.0";

const { values } = parseArgs({
  options: { strict: { type: "boolean" }, install: { type: "boolean" } },
});

async function install(): Promise<void> {
  if (programOf("helm") === undefined) {
    await outputOf("go", ["install", HELM], { env: { GOBIN: `${ROOT}/${CACHE}/bin` } });
  }
  if (programOf("kubernetes-validate") === undefined) {
    const python = `${CACHE}/python`;
    await outputOf("python3", ["-m", "venv", python]);
    await outputOf(`${python}/bin/python`, ["-m", "pip", "install", "--quiet", VALIDATOR]);
  }
}

/** True: the check has passed. */
async function passes({ name, run }: Check): Promise<boolean> {
  const started = performance.now();
  const problem = await run().catch((error: unknown) => String(error));
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  console.log(problem === "" ? `ok      ${name} (${seconds} s)` : `FAILED  ${name}: ${problem}`);
  return problem === "";
}

const testRun = beginTestRun();
if (values.install) await install();
const checks = [...fileChecks, panelCheck];
const missing = new Set<string>();
let passed = 0;
let failed = 0;
for (const check of checks) {
  const absent = check.needs.filter((program) => programOf(program) === undefined);
  for (const program of absent) missing.add(program);
  if (absent.length > 0) continue;
  if (await passes(check)) passed++;
  else failed++;
}
const left = await testRun.end();
process.stdout.write(leftLines(left));
const skipped = checks.length - passed - failed;
if (skipped > 0) console.log(`missing: ${[...missing].join(", ")}; ${skipped} checks did not run`);
failed += left.length + (values.strict ? skipped : 0);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
