// Follows a page of docs/clients as a newcomer does: by copying, in an empty folder for each way
// to install that the page knows, and with something else installed behind it.
import { mkdirSync, mkdtempDisposableSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { check } from "./expectation.ts";
import type { Page } from "./language.ts";
import { failureOf, ROOT, runCommand } from "./run-command.ts";
import { described, type Failure, judged } from "./suite.ts";
import { KNOWN_TEXT, type World } from "./world.ts";

const BLOCK_LIMIT_MS = 600_000;
const PACK_LIMIT_MS = 600_000;
/** The way that takes what `npm run pack` has made, and nothing else of the repository. */
const ARTIFACTS = "artifacts";

interface Block {
  /** A file to write, lines for the shell, or the lines of one way to install. */
  readonly kind: "file" | "run" | "install";
  /** Of the file or the way. */
  readonly name: string;
  readonly text: string;
}

/** The fenced blocks whose first line names a file, or says `sh run` or `sh install WAY`. */
function blocksOf(page: string): readonly Block[] {
  const fences = page.matchAll(/^```(\w+) (\S+)(?: (\S+))?\n(.*?)^```$/gms);
  return [...fences].map(([, word, first = "", second = "", text = ""]) => {
    if (word !== "sh") return { kind: "file", name: first, text };
    return { kind: first === "install" ? "install" : "run", name: second, text };
  });
}

type Run = (text: string) => ReturnType<typeof runCommand>;

/** The program's lines, which print what the model says. */
async function runProgram({ text }: Block, run: Run): Promise<Failure> {
  const result = await run(text);
  const { stdout } = result;
  const failure = await judged(result, () => [
    check("the text", stdout.includes(KNOWN_TEXT), stdout),
  ]);
  return failure === "" ? "" : `${text}${failure}`;
}

/** Writes, installs and runs, in the page's order; something else is installed before the first program. */
async function runBlocks(
  blocks: readonly Block[],
  { another }: Page,
  folder: string,
  run: Run,
): Promise<Failure> {
  const first = blocks.find(({ kind }) => kind === "run");
  for (const block of blocks) {
    const { kind, name, text } = block;
    if (kind === "file") {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
      continue;
    }
    const installs = [...(kind === "install" ? [text] : []), ...(block === first ? [another] : [])];
    for (const lines of installs) {
      const result = await run(lines);
      const why = failureOf(result);
      if (why !== undefined) return described(result, `${why} of\n${lines}`);
    }
    const failure = kind === "run" ? await runProgram(block, run) : "";
    if (failure !== "") return failure;
  }
  return first === undefined ? "the page has no block that is run" : "";
}

async function followWay(
  page: Page,
  way: string,
  env: Readonly<Record<string, string>>,
): Promise<Failure> {
  const all = blocksOf(readFileSync(join(ROOT, page.file), "utf8"));
  const blocks = all.filter(({ kind, name }) => kind !== "install" || name === way);
  using place = mkdtempDisposableSync(join(tmpdir(), "steer-page-"));
  const folder = join(place.path, "folder");
  const shared = join(place.path, "shared");
  mkdirSync(folder);
  mkdirSync(shared);
  const environment = { ...page.env(shared), ...env };
  const run: Run = (text) =>
    runCommand(
      { command: "sh", args: ["-euc", `cd '${folder}'\n${text}`], cwd: "." },
      environment,
      BLOCK_LIMIT_MS,
    );
  const failure = await runBlocks(blocks, page, folder, run);
  return failure === "" ? "" : `${page.file}, installed by "${way}": ${failure}`;
}

/** Each way of the page that takes what it installs from a clone. */
export async function followPage(page: Page, { open }: World): Promise<Failure> {
  const ways = blocksOf(readFileSync(join(ROOT, page.file), "utf8"))
    .filter(({ kind, name }) => kind === "install" && name !== ARTIFACTS)
    .map(({ name }) => name);
  if (ways.length === 0) return `${page.file} installs nothing from a clone`;
  for (const way of ways) {
    const env = { STEER_REPO: ROOT, STEER_ADDRESS: open.grpc };
    const failure = await followWay(page, way, env);
    if (failure !== "") return failure;
  }
  return "";
}

/** Packs a language, and follows its page by nothing but what was made. */
export async function installArtifacts(
  language: string,
  page: Page,
  { open }: World,
): Promise<Failure> {
  using made = mkdtempDisposableSync(join(tmpdir(), "steer-artifacts-"));
  const pack = ["tools/pack.mjs", "--out", made.path, "--only", language];
  const result = await runCommand({ command: "node", args: pack, cwd: "." }, {}, PACK_LIMIT_MS);
  const why = failureOf(result);
  if (why !== undefined) return described(result, `${why} of ${pack.join(" ")}`);
  return await followWay(page, ARTIFACTS, { STEER_ARTIFACTS: made.path, STEER_ADDRESS: open.grpc });
}
