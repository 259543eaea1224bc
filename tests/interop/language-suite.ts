// The cells of a language: vectors, scenarios, examples, page.
import { EXAMPLES } from "./examples.ts";
import { check } from "./expectation.ts";
import type { ExampleName, Language } from "./language.ts";
import { followPage } from "./page.ts";
import { failureOf, runCommand } from "./run-command.ts";
import { type Answer, SCENARIOS, type Scenario, startProxy } from "./scenarios.ts";
import { watchLog } from "./service-log.ts";
import { described, type Failure, judged, type Suite } from "./suite.ts";
import type { World } from "./world.ts";

const VECTORS_LIMIT_MS = 300_000;
const PROGRAM_LIMIT_MS = 60_000;

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
  await using proxy = await startProxy(world, scenario);
  const [first, second] = [watchLog(world.replicas[0]), watchLog(world.replicas[1])];
  const command = { ...program, args: [...program.args, name] };
  const env = { STEER_ADDRESS: proxy.address, ...scenario.env(world) };
  const result = await runCommand(command, env, PROGRAM_LIMIT_MS);
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
    .map(([name, scenario]) => [name, () => runScenario(language, name, scenario, world)] as const);
  const examples = Object.keys(EXAMPLES).map(
    (name) => [`example ${name}`, () => runExample(language, name as ExampleName, world)] as const,
  );
  return {
    name: language.name,
    needs: language.needs,
    prepare: language.prepare,
    cells: {
      vectors: () => runVectors(language),
      ...Object.fromEntries(scenarios),
      ...Object.fromEntries(examples),
      page: () => followPage(language.page, world),
    },
  };
}
