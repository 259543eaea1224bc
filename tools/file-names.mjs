// A file is named after what it exports.
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { toPattern } from "./path-pattern.mjs";
import { parsed, typeScriptBelow } from "./syntax.mjs";

/** Files with a name of their own, each with the reason. The list gets shorter and never longer. */
const EXCEPTIONS = JSON.parse(readFileSync("tools/file-names.json", "utf8"));

const WORDS = /[-_]|(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/;

/** The words of a name, whatever its case, in the singular. */
const wordsOf = (name) =>
  name.split(WORDS).map((word) => word.toLowerCase().replace(/ies$/, "y").replace(/s$/, ""));

/** The names that a file exports: of values, and of types. */
function exportsOf(file) {
  const values = [];
  const types = [];
  for (const { type, declaration, specifiers } of parsed(file).program.body) {
    if (type !== "ExportNamedDeclaration") continue;
    values.push(...specifiers.map(({ exported }) => exported.name));
    if (declaration === null) continue;
    const declared = declaration.declarations ?? [declaration];
    const names = declared.map(({ id }) => id.name);
    (declaration.type.startsWith("TS") ? types : values).push(...names);
  }
  return { values, types };
}

/** A name has words in common with an export: all its words if the file has one main export, else one of them. */
function isNamedAfter(file, { values, types }) {
  const words = wordsOf(basename(file, ".ts"));
  const hasMain = values.length === 1 || (values.length === 0 && types.length === 1);
  return [...values, ...types].some((name) => {
    const said = wordsOf(name);
    if (said.join("").includes(words.join(""))) return true;
    return hasMain
      ? words.every((word) => said.includes(word))
      : words.some((word) => said.includes(word));
  });
}

function isMisnamed(file) {
  const exported = exportsOf(file);
  const isEmpty = exported.values.length + exported.types.length === 0;
  return !isEmpty && !isNamedAfter(file, exported);
}

function lineOf(file) {
  const { values, types } = exportsOf(file);
  return `${file} is not named after what it exports: ${[...values, ...types].join(", ")}\n`;
}

/** The gate of `npm run check`. */
export function fileNames() {
  const found = typeScriptBelow("src", "clients/typescript").filter(isMisnamed);
  const exceptions = Object.keys(EXCEPTIONS).map((path) => ({ path, pattern: toPattern(path) }));
  const isException = (file) => exceptions.some(({ pattern }) => pattern.test(file));
  const lines = found.filter((file) => !isException(file)).map(lineOf);
  for (const { path, pattern } of exceptions) {
    const isUsed = found.some((file) => pattern.test(file));
    if (!isUsed) lines.push(`tools/file-names.json: ${path} is no exception any more\n`);
  }
  return { ok: lines.length === 0, output: lines.join("") };
}
