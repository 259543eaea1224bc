// `npm run generate:all [-- [--check] LANGUAGE…]`: the stubs of the other
// languages, each as tools/generate/<language>.{mjs,yaml} say. TypeScript is
// `npm run generate`, which needs Node alone.
import { cpSync, existsSync, mkdirSync, rmSync } from "node:fs";
import { basename, delimiter, dirname, join, resolve } from "node:path";
import { pathWith, run } from "./run.mjs";
import { filesBelow, staleFiles, withCopy } from "./stale-files.mjs";

const known = filesBelow(join("tools", "generate"))
  .filter((file) => file.endsWith(".mjs"))
  .map((file) => basename(file, ".mjs"));

const isOnPath = (command) =>
  pathWith()
    .split(delimiter)
    .some((folder) => existsSync(join(folder, command)));

/** Throws with what the command has printed. */
function runOrThrow(command, args, options) {
  const { ok, output } = run(command, args, options);
  if (!ok) throw new Error(`${command} ${args.join(" ")}\n${output}`);
  return output;
}

/** The files that are not what the contract makes; unless `isCheck`, they are made so. */
async function generate(name, isCheck) {
  const { language } = await import(`./generate/${name}.mjs`);
  const missing = language.needs.filter((command) => !isOnPath(command));
  if (missing.length > 0) throw new Error(`${missing.join(", ")} not found: install it first`);
  const cache = resolve("node_modules", ".cache", "steer", name);
  mkdirSync(cache, { recursive: true });
  const path = await language.install({ folder: cache, run: runOrThrow });
  const template = join("tools", "generate", `${name}.yaml`);
  return await withCopy([template], (copy) => {
    runOrThrow("buf", ["generate", "--template", template], { cwd: copy, path });
    const stale = staleFiles(copy, join("gen", name), language.keep);
    if (isCheck) return stale;
    for (const file of stale) {
      rmSync(file, { force: true });
      if (!existsSync(join(copy, file))) continue;
      mkdirSync(dirname(file), { recursive: true });
      cpSync(join(copy, file), file);
    }
    return stale;
  });
}

const args = process.argv.slice(2);
const isCheck = args.includes("--check");
const names = args.filter((argument) => argument !== "--check");
const unknown = names.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  console.error(`usage: npm run generate:all [-- [--check] ${known.join("|")} …]`);
  process.exit(2);
}
let red = 0;
for (const name of names.length === 0 ? known : names) {
  const started = performance.now();
  const report = (word) => {
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    console.error(`${word}  ${name} (${seconds} s)`);
  };
  try {
    const stale = await generate(name, isCheck);
    const isRed = isCheck && stale.length > 0;
    if (isRed) red++;
    report(isRed ? "RED  " : "green");
    for (const file of stale) {
      console.log(isCheck ? `${file} is not what \`npm run generate:all\` makes` : `wrote ${file}`);
    }
  } catch (error) {
    red++;
    report("RED  ");
    console.error(error.message);
  }
}
process.exitCode = red === 0 ? 0 : 1;
