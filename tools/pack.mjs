// `npm run pack [-- --out FOLDER] [--only LANGUAGE…]`: builds the packages for callers in all languages, and the service.
import { createHash } from "node:crypto";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, join, resolve, sep } from "node:path";
import { parseArgs } from "node:util";
import { ownFilesBelow } from "./generated.mjs";
import { go } from "./pack/go.mjs";
import { java } from "./pack/java.mjs";
import { problemsOf } from "./pack/problems.mjs";
import { python } from "./pack/python.mjs";
import { rust } from "./pack/rust.mjs";
import { service } from "./pack/service.mjs";
import { typescript } from "./pack/typescript.mjs";
import { isOnPath, runOrThrow } from "./run.mjs";
import { versionOfAll, wrongVersions } from "./versions.mjs";

const LANGUAGES = [go, java, python, rust, service, typescript];
const KNOWN = LANGUAGES.map(({ name }) => name);
const SUMS = "SHA256SUMS";
const DEFAULT_OUT = join("dist", "artifacts");
/** The packages, and the rest of the Rust workspace. */
const SOURCES = ["gen", "clients", "examples/rust", "tests/interop/rust", "tools/generate/rust"];

/**
 * Makes a copy without built or installed files for the duration of `use`. Archives keep file modes, so the copy
 * sets them independently of the clone's.
 */
function withCopy(use) {
  process.umask(0o022);
  const copy = mkdtempSync(join(tmpdir(), "steer-pack-"));
  try {
    for (const file of SOURCES.flatMap(ownFilesBelow)) {
      mkdirSync(join(copy, dirname(file)), { recursive: true });
      cpSync(file, join(copy, file));
      chmodSync(join(copy, file), 0o644);
    }
    symlinkSync(resolve("node_modules"), join(copy, "node_modules"), "junction");
    return use(copy);
  } finally {
    rmSync(copy, { recursive: true });
  }
}

/** Removes the files of an earlier run; other files in the folder stay. */
function removeEarlier(out) {
  const sums = join(out, SUMS);
  if (!existsSync(sums)) return;
  for (const line of readFileSync(sums, "utf8").trimEnd().split("\n")) {
    const file = resolve(out, line.slice(line.indexOf("  ") + 2));
    if (file.startsWith(resolve(out) + sep)) rmSync(file, { force: true });
  }
  rmSync(sums);
}

/** In the format of `sha256sum -c`. */
function writeSums(out, files) {
  const lines = files.toSorted().map((file) => {
    const sum = createHash("sha256").update(readFileSync(join(out, file)));
    return `${sum.digest("hex")}  ${file}\n`;
  });
  writeFileSync(join(out, SUMS), lines.join(""));
}

const descriptors = {
  name: "descriptors",
  make({ out, version }) {
    const file = `steer-${version}.binpb`;
    cpSync("gen/steer.binpb", join(out, file));
    return [{ file }];
  },
};

/** Makes the artifacts of one language: all of them, or none if one has a problem. */
function makeAll({ name, make }, work, out) {
  mkdirSync(join(work.out, name), { recursive: true });
  const artifacts = make(work);
  const problems = artifacts.flatMap((artifact) => problemsOf(artifact, work));
  if (problems.length > 0) throw new Error(problems.join("\n"));
  return artifacts.map(({ file }) => {
    cpSync(join(work.out, file), join(out, file));
    console.log(`made      ${file} (${statSync(join(out, file)).size} bytes)`);
    return file;
  });
}

/** Why a language cannot be packed here; undefined: it can be. */
function lackOf({ needs, help }) {
  const missing = needs.filter((command) => !isOnPath(command));
  if (missing.length === 0) return undefined;
  return `${missing.join(" and ")} not found. ${help}. Or name the other languages by --only.`;
}

/** Packs into `out`. Returns the number of languages that are missing. */
function packAll(languages, out) {
  mkdirSync(out, { recursive: true });
  removeEarlier(out);
  return withCopy((copy) => {
    const places = [process.cwd(), copy, join(homedir(), sep)];
    const work = { copy, out: join(copy, "out"), version: versionOfAll(), places, run: runOrThrow };
    const made = makeAll(descriptors, work, out);
    let red = 0;
    for (const language of languages) {
      const { name } = language;
      try {
        const lack = lackOf(language);
        if (lack !== undefined) throw new Error(lack);
        made.push(...makeAll(language, work, out));
      } catch (error) {
        console.log(`NOT MADE  ${name}: ${error.message}`);
        red++;
      }
    }
    writeSums(out, made);
    console.log(`made      ${SUMS}, of ${made.length} files in ${out}`);
    return red;
  });
}

const USAGE = `usage: npm run pack [-- --out FOLDER] [--only LANGUAGE ...]

Makes the packages that callers install, in all languages, and the service, with the descriptor set and ${SUMS}.

  --out FOLDER    where they go; default: ${DEFAULT_OUT}. What an earlier run has made there is replaced
  --only LANGUAGE these languages alone: ${KNOWN.join(", ")}

Exits with 1 if a language cannot be made here, and says which tools it needs.
`;

/** Undefined: invalid arguments. */
function parse() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        out: { type: "string", default: DEFAULT_OUT },
        only: { type: "string", multiple: true, default: [] },
        help: { type: "boolean", default: false },
      },
    });
  } catch {
    return undefined;
  }
}

const parsed = parse();
if (parsed?.values.help) {
  process.stdout.write(USAGE);
  process.exit(0);
}
const only = [...(parsed?.values.only ?? []), ...(parsed?.positionals ?? [])];
const isLoose =
  parsed !== undefined && parsed.positionals.length > 0 && parsed.values.only.length === 0;
if (parsed === undefined || isLoose || only.some((name) => !KNOWN.includes(name))) {
  process.stderr.write(USAGE);
  process.exit(2);
}
const { values } = parsed;
const wrong = wrongVersions();
if (wrong.length > 0) {
  console.error(wrong.join("\n"));
  process.exit(1);
}
const chosen = LANGUAGES.filter(({ name }) => only.length === 0 || only.includes(name));
process.exitCode = packAll(chosen, values.out) === 0 ? 0 : 1;
