// Follows a page of docs/clients as a newcomer does: by copying.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { check } from "./expectation.ts";
import { failureOf, ROOT, runCommand } from "./run-command.ts";
import { described, type Failure, judged } from "./suite.ts";
import { KNOWN_TEXT, type World } from "./world.ts";

const BLOCK_LIMIT_MS = 600_000;

interface Block {
  /** File to write; undefined: lines for the shell. */
  readonly file: string | undefined;
  readonly text: string;
}

/** The fenced blocks whose first line names a file, or says `sh run`. */
function blocksOf(page: string): readonly Block[] {
  return [...page.matchAll(/^```(\w+) (\S+)\n(.*?)^```$/gms)].map(([, word, name, text = ""]) => ({
    file: word === "sh" && name === "run" ? undefined : name,
    text,
  }));
}

export async function followPage(file: string, { open }: World): Promise<Failure> {
  const page = join(ROOT, file);
  if (!existsSync(page)) return `${file} does not exist`;
  const blocks = blocksOf(readFileSync(page, "utf8"));
  const last = blocks.findLastIndex((block) => block.file === undefined);
  if (last < 0) return `${file} has no block that is run`;
  const folder = mkdtempSync(join(tmpdir(), "steer-page-"));
  try {
    for (const [index, { file: name, text }] of blocks.entries()) {
      if (name !== undefined) {
        mkdirSync(dirname(join(folder, name)), { recursive: true });
        writeFileSync(join(folder, name), text);
        continue;
      }
      const command = { command: "sh", args: ["-euc", `cd '${folder}'\n${text}`], cwd: "." };
      const env = { STEER_REPO: ROOT, STEER_ADDRESS: open.grpc };
      const result = await runCommand(command, env, BLOCK_LIMIT_MS);
      const why = failureOf(result);
      if (why !== undefined) return described(result, `${why} of\n${text}`);
      if (index < last) continue;
      const { stdout } = result;
      return await judged(result, () => [check("the text", stdout.includes(KNOWN_TEXT), stdout)]);
    }
    return "";
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
