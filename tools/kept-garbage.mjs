// Finds code that makes V8 keep the garbage of calls until a full collection: docs/decisions/0024 has the figures.
import { readFileSync } from "node:fs";
import { Visitor } from "oxc-parser";
import { lineAt, parsed, typeScriptBelow } from "./syntax.mjs";

/** Places that run once for a process, a connection or a rare call, as `file what`. The list may only shrink. */
const EXCEPTIONS = new Set(JSON.parse(readFileSync("tools/kept-garbage.json", "utf8")));

const isFunction = (node) =>
  node.type === "FunctionExpression" || node.type === "ArrowFunctionExpression";

/** The places of a file, as `{ file, line, what }`. */
function placesIn(file) {
  const { text, program } = parsed(file);
  const found = [];
  /** Number of functions around the current node. */
  let depth = 0;
  const add = ({ start }, what) => {
    if (depth > 0) found.push({ file, line: lineAt(text, start), what });
  };
  function enter(node) {
    if (node.generator) add(node, "a generator within a function");
    depth++;
  }
  const leave = () => void depth--;
  new Visitor({
    FunctionDeclaration: enter,
    "FunctionDeclaration:exit": leave,
    FunctionExpression: enter,
    "FunctionExpression:exit": leave,
    ArrowFunctionExpression: enter,
    "ArrowFunctionExpression:exit": leave,
    ClassDeclaration: (node) => add(node, "a class within a function"),
    ClassExpression: (node) => add(node, "a class within a function"),
    Property(node) {
      if (node.kind !== "init") add(node, "an accessor in an object literal");
    },
    AssignmentExpression(node) {
      if (node.left.type !== "MemberExpression" || !isFunction(node.right)) return;
      add(node, "a function that is assigned to a property");
    },
  }).visit(program);
  return found;
}

/** A gate of `npm run check`. */
export function keptGarbage() {
  const found = typeScriptBelow("src").flatMap(placesIn);
  const keyOf = ({ file, what }) => `${file}: ${what}`;
  const keys = new Set(found.map(keyOf));
  const lines = found
    .filter((place) => !EXCEPTIONS.has(keyOf(place)))
    .map(({ file, line, what }) => `${file}:${line}: ${what}\n`);
  for (const key of EXCEPTIONS) {
    if (!keys.has(key)) lines.push(`tools/kept-garbage.json: ${key} is not there any more\n`);
  }
  return { ok: lines.length === 0, output: lines.join("") };
}
