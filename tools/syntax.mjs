// The syntax of the repository's TypeScript, for the gates that look at more than text.
import { readFileSync } from "node:fs";
import { parseSync, Visitor } from "oxc-parser";
import { filesBelow } from "./generated.mjs";

/** All files of TypeScript below `folders`, in order. */
export function typeScriptBelow(...folders) {
  return folders.flatMap(filesBelow).filter((file) => file.endsWith(".ts") && isOwn(file));
}

const isOwn = (file) => !file.split("/").includes("node_modules");

const cache = new Map();

/** A file's text, program and module record. A file is read once. */
export function parsed(file) {
  let result = cache.get(file);
  if (result === undefined) {
    const text = readFileSync(file, "utf8");
    const { program, module } = parseSync(file, text);
    result = { text, program, module };
    cache.set(file, result);
  }
  return result;
}

/** The line of an offset, from 1. */
export const lineAt = (text, offset) => text.slice(0, offset).split("\n").length;

/** A worker's file is named by an address beside the module: `new URL("./a.ts", import.meta.url)`. */
const ADDRESS = /new URL\(\s*"([^"]+)",\s*import\.meta\.url/g;

/**
 * Every module that a file names, types included, as `{ name, offset }`; `name` is undefined if the file puts it together. A
 * name in a variable is that of another file, which names it.
 */
export function modulesOf(file) {
  const { text, program, module } = parsed(file);
  const found = [];
  const add = (name, offset) => found.push({ name, offset });
  for (const { moduleRequest } of module.staticImports)
    add(moduleRequest.value, moduleRequest.start);
  for (const { entries } of module.staticExports) {
    for (const { moduleRequest } of entries) {
      if (moduleRequest) add(moduleRequest.value, moduleRequest.start);
    }
  }
  new Visitor({
    ImportExpression: ({ source: { type, value, start } }) => {
      if (type !== "Identifier" && type !== "MemberExpression") add(value, start);
    },
    TSImportType: ({ source }) => add(source.value, source.start),
  }).visit(program);
  for (const match of text.matchAll(ADDRESS)) add(match[1], match.index);
  return found;
}
