// `npm run test:doors`: the doors of a real gateway under clients that nobody here has written, as they are published, and
// before providers that nobody here has written.
import { type Stack, startStack } from "../support/stack.ts";
import { beginTestRun, leftLines } from "../support/test-run.ts";
import { agentReferees } from "./agent-referees.ts";
import { browserReferees, PAGE } from "./browser-referees.ts";
import {
  type Asked,
  nodeProgram,
  type Program,
  prepared,
  pythonProgram,
  run,
  type Verdict,
} from "./clients.ts";
import { curlReferees } from "./curl-referees.ts";
import { startPublishedProviders } from "./published-providers.ts";
import type { Referee } from "./referee.ts";

const CONFIG = `http: {cors_origins: ["${PAGE}"]}\n`;
const MODELS = ["m-chat", "m-responses", "m-claude"];

async function judge({ name, check }: Referee): Promise<Verdict> {
  try {
    await check();
    console.error(`ok      ${name}`);
    return { passed: 1, failures: [] };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { passed: 0, failures: [`FAILED  ${name}: ${why}`] };
  }
}

/** Looks of this process at the doors, one after the other. */
async function runReferees({ service, upstream }: Stack): Promise<Verdict[]> {
  const base = service.http;
  const all = [...curlReferees(base), ...browserReferees(base), ...agentReferees(base, upstream)];
  const verdicts: Verdict[] = [];
  for (const referee of all) verdicts.push(await judge(referee));
  return verdicts;
}

/** What fails to start is one failure, and takes nothing from the others. */
function startFailed(error: unknown): Verdict[] {
  const why = error instanceof Error ? error.message : String(error);
  return [{ passed: 0, failures: [`FAILED  ${why}`] }];
}

/** A program at the gateway of this process, then at the one with published providers. */
async function runProgram(
  program: Program,
  scripted: Asked,
  published: Promise<Asked | undefined>,
): Promise<Verdict[]> {
  await prepared(program.name, program.prepare);
  const verdicts = [await run(program, scripted)];
  const asked = await published;
  return asked === undefined ? verdicts : [...verdicts, await run(program, asked)];
}

async function runAll(): Promise<Verdict[]> {
  await using stack = await startStack({ config: CONFIG });
  const least = { node: 100, python: 120 };
  const scripted: Asked = { base: stack.service.http, models: MODELS, least };
  const starting = startPublishedProviders();
  const published = starting.then(
    ({ asked }) => asked,
    () => undefined,
  );
  const judged = await Promise.all([
    runReferees(stack),
    ...[nodeProgram(), pythonProgram()].map((program) =>
      runProgram(program, scripted, published).catch(startFailed),
    ),
    starting.then(() => [], startFailed),
  ]);
  await starting.then(
    (providers) => providers[Symbol.asyncDispose](),
    () => {},
  );
  return judged.flat();
}

const testRun = beginTestRun();
const verdicts = await runAll().catch(startFailed);
const left = await testRun.end();
for (const line of verdicts.flatMap(({ failures }) => failures)) console.log(line);
process.stdout.write(leftLines(left));
const failed = verdicts.reduce((sum, { failures }) => sum + failures.length, 0) + left.length;
const passed = verdicts.reduce((sum, each) => sum + each.passed, 0);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
