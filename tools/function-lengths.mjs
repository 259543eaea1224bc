// Limits the length of functions: two screens with their inner functions, one screen without.
import { readFileSync } from "node:fs";
import { Visitor } from "oxc-parser";
import { lineAt, parsed, typeScriptBelow } from "./syntax.mjs";

/** Most lines of a function without its inner functions. */
const MAX_OWN_LINES = 60;
/** Most lines of a function with its inner functions. */
const MAX_LINES = 120;
const MAX_PARAMETERS = 4;

/** Exceptions as `file name`. The list may only shrink. */
const EXCEPTIONS = new Set(JSON.parse(readFileSync("tools/long-functions.json", "utf8")));

/** Functions of a file with their sizes, by name; methods also by their class. */
function functionsIn(file) {
  const { text, program } = parsed(file);
  const found = [];
  /** Functions around the current node. */
  const around = [];
  /** Names for functions at the current node: of a variable, a property, a method or a class. */
  const names = [];
  function enter(node) {
    if (node.body === null || node.body === undefined) return;
    const line = lineAt(text, node.start);
    const lines = lineAt(text, node.end) - line + 1;
    const parent = around.at(-1);
    if (parent !== undefined) parent.own -= lines;
    const name = node.id?.name ?? names.at(-1) ?? "anonymous";
    const one = { file, name, line, lines, own: lines, parameters: node.params.length };
    around.push(one);
    found.push(one);
  }
  function leave(node) {
    if (node.body !== null && node.body !== undefined) around.pop();
  }
  const named = (nameOf) => (node) => void names.push(nameOf(node));
  const unnamed = () => void names.pop();
  const keyName = ({ key }) => key.name ?? "computed";
  new Visitor({
    VariableDeclarator: named(({ id }) => id.name),
    "VariableDeclarator:exit": unnamed,
    Property: named(keyName),
    "Property:exit": unnamed,
    MethodDefinition: named(keyName),
    "MethodDefinition:exit": unnamed,
    FunctionDeclaration: enter,
    "FunctionDeclaration:exit": leave,
    FunctionExpression: enter,
    "FunctionExpression:exit": leave,
    ArrowFunctionExpression: enter,
    "ArrowFunctionExpression:exit": leave,
  }).visit(program);
  return found;
}

function isTooLong({ own, lines, parameters }) {
  return own > MAX_OWN_LINES || lines > MAX_LINES || parameters > MAX_PARAMETERS;
}

function tooLong({ file, line, name, own, lines, parameters }) {
  return (
    `${file}:${line}: ${name} has ${own} lines of its own, ${lines} in all, and ${parameters} parameters; ` +
    `${MAX_OWN_LINES}, ${MAX_LINES} and ${MAX_PARAMETERS} are allowed\n`
  );
}

/** A gate of `npm run check`. */
export function functionLengths() {
  const found = typeScriptBelow("src").flatMap(functionsIn).filter(isTooLong);
  const keyOf = ({ file, name }) => `${file} ${name}`;
  const long = new Set(found.map(keyOf));
  const lines = found.filter((one) => !EXCEPTIONS.has(keyOf(one))).map(tooLong);
  for (const key of EXCEPTIONS) {
    if (!long.has(key)) lines.push(`tools/long-functions.json: ${key} is not too long any more\n`);
  }
  return { ok: lines.length === 0, output: lines.join("") };
}
