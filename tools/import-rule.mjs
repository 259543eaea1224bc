// What a folder may import: what is shared, and what tools/import-table.json lists for it.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { toPattern } from "./path-pattern.mjs";
import { lineAt, modulesOf, parsed, typeScriptBelow } from "./syntax.mjs";

/**
 * `shared`: what every folder of src/ imports. `rows`: what a folder or a file imports beside its own files; a path with `../`
 * begins at the folder. Of the rows that a file is in, the last holds. What is shared imports nothing but what its row lists.
 */
const { shared, rows } = JSON.parse(readFileSync("tools/import-table.json", "utf8"));

const importsShared = (place) => place.startsWith("src/") && !shared.includes(place);

const places = Object.entries(rows).map(([place, row]) => ({
  place,
  pattern: toPattern(place),
  imports: [...row.imports, ...(importsShared(place) ? shared : [])],
  why: row.why,
  withoutNode: row.withoutNode === true,
}));

/** Why a file may not name this module; undefined if it may. */
function objection(file, name) {
  const row = places.findLast(({ pattern }) => pattern.test(file));
  const refused = `${row.place} does not import it: ${row.why}`;
  if (name === undefined) return "a path that is put together tells nobody what it imports";
  if (!name.startsWith("."))
    return row.withoutNode && name.startsWith("node:") ? refused : undefined;
  const path = join(dirname(file), name);
  const own = row.pattern.exec(file)[0];
  const lists = (listed) =>
    toPattern(listed.startsWith("../") ? join(own, listed) : listed).test(path);
  const isAllowed = path.startsWith(own) || row.imports.some(lists);
  return isAllowed ? undefined : refused;
}

/** The gate of `npm run check`. */
export function importRule() {
  const lines = typeScriptBelow("src", "clients/typescript").flatMap((file) =>
    modulesOf(file).flatMap(({ name, offset }) => {
      const problem = objection(file, name);
      if (problem === undefined) return [];
      return `${file}:${lineAt(parsed(file).text, offset)}: ${name ?? "import()"}: ${problem}\n`;
    }),
  );
  return { ok: lines.length === 0, output: lines.join("") };
}
