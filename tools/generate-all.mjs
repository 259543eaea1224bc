// `npm run generate:all [-- [--check] LANGUAGE…]`: the stubs of all languages, as
// tools/generate/<language>.{mjs,yaml} define them.
import { cpSync, existsSync, mkdirSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { filesBelow, generateStubs } from "./generated.mjs";

const known = filesBelow(join("tools", "generate"))
  .filter((file) => file.endsWith(".mjs"))
  .map((file) => basename(file, ".mjs"));

function renew(stale, copy) {
  for (const file of stale) {
    rmSync(file, { force: true });
    if (!existsSync(join(copy, file))) continue;
    mkdirSync(dirname(file), { recursive: true });
    cpSync(join(copy, file), file);
  }
  return stale;
}

const args = process.argv.slice(2);
const isCheck = args.includes("--check");
const names = args.filter((argument) => argument !== "--check");
if (names.some((name) => !known.includes(name))) {
  console.error(`usage: npm run generate:all [-- [--check] ${known.join("|")} …]`);
  process.exit(2);
}
let red = 0;
for (const name of names.length === 0 ? known : names) {
  const started = performance.now();
  let stale = [];
  let failure = "";
  try {
    stale = await generateStubs(name, isCheck ? (files) => files : renew);
  } catch (error) {
    failure = error.message;
  }
  const isRed = failure !== "" || (isCheck && stale.length > 0);
  if (isRed) red++;
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.error(`${isRed ? "RED  " : "green"}  ${name} (${seconds} s)`);
  if (failure !== "") console.error(failure);
  for (const file of stale) {
    console.log(isCheck ? `${file} is not what \`npm run generate:all\` makes` : `renewed ${file}`);
  }
}
process.exitCode = red === 0 ? 0 : 1;
