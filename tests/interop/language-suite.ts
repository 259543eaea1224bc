// The cells of a language: vectors, scenarios, examples, page.
import { mkdtempDisposable, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EXAMPLES } from "./examples.ts";
import { check } from "./expectation.ts";
import type { ExampleName, Language } from "./language.ts";
import { followPage, installArtifacts } from "./page.ts";
import { failureOf, runCommand } from "./run-command.ts";
import { type Answer, SCENARIOS, type Scenario, startProxy } from "./scenarios.ts";
import { watchLog } from "./service-log.ts";
import { described, type Failure, judged, type Suite } from "./suite.ts";
import type { World } from "./world.ts";

const VECTORS_LIMIT_MS = 300_000;
const PROGRAM_LIMIT_MS = 60_000;
const TROUBLED_LIMIT_MS = 300_000;

async function runVectors({ vectors }: Language): Promise<Failure> {
  const result = await runCommand(vectors, {}, VECTORS_LIMIT_MS);
  const why = failureOf(result);
  return why === undefined ? "" : described(result, why);
}

/** The one line of JSON that a program may print. */
function answerOf(stdout: string): Answer | undefined {
  try {
    const lines = stdout.trim().split("\n");
    return lines.length === 1 ? (JSON.parse(lines[0] ?? "") as Answer) : undefined;
  } catch {
    return undefined;
  }
}

async function runScenario(
  { program }: Language,
  name: string,
  scenario: Scenario,
  world: World,
): Promise<Failure> {
  const { trouble } = scenario;
  const replicas = trouble === undefined ? world.replicas : await world.startReplicas();
  await using proxy = await startProxy({ replicas }, scenario);
  const [first, second] = [watchLog(replicas[0]), watchLog(replicas[1])];
  const command = { ...program, args: [...program.args, name] };
  await using folder = await mkdtempDisposable(join(tmpdir(), "steer-interop-"));
  const endFile = join(folder.path, "end");
  const env = { STEER_ADDRESS: proxy.address, STEER_END_FILE: endFile, ...scenario.env(world) };
  const ended = new AbortController();
  const { signal } = ended;
  const stage = { replicas, proxy, restart: world.restart, signal };
  const troubles = trouble?.(stage)
    .then(
      () => "",
      (error: Error) => error.message,
    )
    .finally(() => writeFile(endFile, ""));
  const limitMs = trouble === undefined ? PROGRAM_LIMIT_MS : TROUBLED_LIMIT_MS;
  const result = await runCommand(command, env, limitMs);
  ended.abort();
  const missed = await troubles;
  if (missed) return described(result, missed);
  const { seconds } = result;
  return judged(result, () => {
    const answer = answerOf(result.stdout);
    if (answer === undefined) return [check("one line of JSON", false, result.stdout)];
    return scenario.judge(answer, { seconds, proxy, world, calls: [first(), second()] });
  });
}

async function runExample(
  { examples }: Language,
  name: ExampleName,
  world: World,
): Promise<Failure> {
  const example = EXAMPLES[name];
  await using proxy = await startProxy(world, example);
  const before = world.replicas.map(({ log }) => log.length);
  const env = { STEER_ADDRESS: proxy.address, ...example.env() };
  const result = await runCommand(examples[name], env, PROGRAM_LIMIT_MS);
  const log = () => world.replicas.flatMap((service, index) => service.log.slice(before[index]));
  return judged(result, () => example.judge({ ...result, proxy, log: log() }));
}

export function suiteOf(language: Language, world: World): Suite {
  const scenarios = Object.entries(SCENARIOS)
    .filter(([name]) => name !== "connect" || language.connect === true)
    .map(([name, scenario]) => {
      const run = () => runScenario(language, name, scenario, world);
      return { hasTrouble: scenario.trouble !== undefined, cell: [name, run] as const };
    });
  const cellsOf = (hasTrouble: boolean) =>
    scenarios.filter((scenario) => scenario.hasTrouble === hasTrouble).map(({ cell }) => cell);
  const examples = Object.keys(EXAMPLES).map(
    (name) => [`example ${name}`, () => runExample(language, name as ExampleName, world)] as const,
  );
  return {
    name: language.name,
    needs: language.needs,
    prepare: language.prepare,
    cells: { ...Object.fromEntries(cellsOf(false)), ...Object.fromEntries(examples) },
    lanes: [
      {
        vectors: () => runVectors(language),
        page: () => followPage(language.page, world),
        artifacts: () => installArtifacts(language.name, language.page, world),
      },
      // Each one waits more than it computes, at replicas of its own.
      ...cellsOf(true).map((cell) => Object.fromEntries([cell])),
    ],
  };
}
