import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isOnPath, runCommand } from "../interop/run-command.ts";

/** One check of the files in `deploy/`. */
export interface Check {
  readonly name: string;
  /** Programs without which the check cannot run. */
  readonly needs: readonly string[];
  /** Why the check fails; "": it does not. */
  run(): Promise<string>;
}

/** Where `npm run test:deploy -- --install` puts programs that no package manager has. */
export const CACHE = ".cache/deploy";

/** A program of the cache, or else one of the machine; undefined: neither is there. */
export function programOf(name: string): string | undefined {
  const cached = [`../../${CACHE}/bin/${name}`, `../../${CACHE}/python/bin/${name}`];
  // The search path begins with `node_modules/.bin`.
  const found = cached.find((path) => isOnPath(path));
  if (found !== undefined) return found.replace("../../", "");
  return isOnPath(name) ? name : undefined;
}

const LIMIT_MS = 300_000;

/** Runs a program at the root of the repository. Its output; throws if it fails. */
export async function outputOf(
  name: string,
  args: readonly string[],
  {
    cwd = ".",
    env = {},
  }: { readonly cwd?: string; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<string> {
  const command = programOf(name) ?? name;
  const result = await runCommand({ command, args, cwd }, env, LIMIT_MS);
  if (result.code === 0) return result.stdout;
  throw new Error(`${name} ${args.join(" ")}: ${result.stderr || result.stdout}`);
}

/** A check that is a list of commands. */
export const commandCheck = (
  name: string,
  program: string,
  commands: readonly (readonly string[])[],
): Check => ({
  name,
  needs: [program],
  async run() {
    for (const args of commands) await outputOf(program, args);
    return "";
  },
});

/** Gives a folder to `use` that is removed afterwards. */
export async function inFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "steer-deploy-"));
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
