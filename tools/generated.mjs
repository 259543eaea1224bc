// Generates gen/ in a copy and compares it with the files on disk.
import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve, sep } from "node:path";
import { isOnPath, runOrThrow } from "./run.mjs";

/** All files below a folder; for a file, the file itself. */
export function filesBelow(folder) {
  if (!existsSync(folder)) return [];
  if (statSync(folder).isFile()) return [folder];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

/** The same without files that git ignores, such as build folders. */
export function ownFilesBelow(folder) {
  const args = ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", folder];
  const { status, stdout } = spawnSync("git", args, { encoding: "utf8" });
  if (status !== 0) return filesBelow(folder);
  return stdout.split("\0").filter((file) => file !== "" && existsSync(file));
}

/** Makes a copy of the generator's input for the duration of `use`. */
async function withCopy(templates, use) {
  const copy = mkdtempSync(join(tmpdir(), "steer-generated-"));
  try {
    for (const name of ["proto", "third_party", "buf.yaml", ...templates]) {
      cpSync(name, join(copy, name), { recursive: true });
    }
    symlinkSync(join(process.cwd(), "node_modules"), join(copy, "node_modules"), "junction");
    return await use(copy);
  } finally {
    rmSync(copy, { recursive: true });
  }
}

/**
 * The files of `folder`, on disk or in the copy, that differ. `keep` names files and folders that are written by
 * hand.
 */
function staleFiles(copy, folder, keep = []) {
  const kept = keep.map((name) => join(folder, name));
  const isKept = (file) => kept.some((name) => file === name || file.startsWith(name + sep));
  const fresh = filesBelow(join(copy, folder)).map((file) => file.slice(copy.length + 1));
  return [...new Set([...fresh, ...ownFilesBelow(folder)])].filter((file) => {
    if (isKept(file)) return false;
    const copied = join(copy, file);
    if (!existsSync(file) || !existsSync(copied)) return true;
    return !readFileSync(file).equals(readFileSync(copied));
  });
}

/** Calls `use` with the stale files of the service's own code and the copy. */
export function generateService(use) {
  return withCopy(["buf.gen.yaml"], (copy) => {
    runOrThrow("buf", ["generate"], { cwd: copy });
    runOrThrow("buf", ["build", "--exclude-source-info", "-o", "gen/steer.binpb"], { cwd: copy });
    runOrThrow("node", ["tools/message-codecs.mjs", join(copy, "gen")]);
    const folders = ["gen/service", "gen/steer.binpb"];
    return use(
      folders.flatMap((folder) => staleFiles(copy, folder)),
      copy,
    );
  });
}

/** The same for the stubs of a language, as tools/generate/<name>.{mjs,yaml} define them. */
export async function generateStubs(name, use) {
  const { language } = await import(`./generate/${name}.mjs`);
  const missing = language.needs.filter((command) => !isOnPath(command));
  if (missing.length > 0) throw new Error(`${missing.join(", ")} not found: install it first`);
  const cache = resolve("node_modules", ".cache", "steer", name);
  mkdirSync(cache, { recursive: true });
  const path = await language.install({ folder: cache, run: runOrThrow });
  const template = `tools/generate/${name}.yaml`;
  return await withCopy([template], (copy) => {
    runOrThrow("buf", ["generate", "--template", template], { cwd: copy, path });
    return use(staleFiles(copy, join("gen", name), language.keep), copy);
  });
}
