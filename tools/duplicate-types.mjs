// One type for one thing: no two object types have the same members, and a large one is extended, not written again.
import { readFileSync } from "node:fs";
import { typeScriptBelow } from "./syntax.mjs";
import { TypeShapes, textOf } from "./type-shapes.mjs";

/** Members of the smallest type that is compared. */
const MIN_MEMBERS = 3;
/** Members of the smallest type that may not stand in another as a whole. */
const MIN_HELD = 6;
/** Of members of the same names, the share that has the same types too, from which types are copies. */
const SAME_SHARE = 0.75;

/** Copies all the same: `file name = file name`, each with its reason. The list gets shorter and never longer. */
const EXCEPTIONS = JSON.parse(readFileSync("tools/duplicate-types.json", "utf8"));

const isTag = (type) => /^"[^"]*"$/.test(type);

/** Two variants of a union say by a tag which of them an object is: they are no copies. */
function areVariants(one, other) {
  return [...one.members].some(([name, type]) => {
    const second = other.members.get(name);
    return isTag(type) && isTag(second) && type !== second;
  });
}

/** The same names, with the same types but for few. */
function areAlike(one, other) {
  if (areVariants(one, other)) return false;
  const same = [...one.members].filter(([name, type]) => other.members.get(name) === type);
  return same.length >= MIN_MEMBERS && same.length >= SAME_SHARE * one.members.size;
}

/** A type stands as a whole in another, which does not extend it. */
function isHeld(small, large) {
  if (small.members.size < MIN_HELD || small.members.size >= large.members.size) return false;
  if (large.parents.includes(`${small.file}#${small.name}`)) return false;
  return [...small.members].every(([name, type]) => large.members.get(name) === type);
}

const placeOf = ({ file, name }) => `${file} ${name}`;

function withTexts(type) {
  const names = [...type.members.keys()].sort().join(" ");
  return { ...type, names, text: textOf(type.members) };
}

/** How the first type is a copy of the second; undefined if it is none. */
function relationOf(one, other) {
  if (one.text === other.text) return "is";
  if (one.names === other.names) return areAlike(one, other) ? "is nearly" : undefined;
  return isHeld(one, other) ? "stands in" : undefined;
}

function copiesOf(types) {
  return types.flatMap((one, index) =>
    types.flatMap((other, second) => {
      const relation = relationOf(one, other);
      // A type that stands in another is the first of the two, wherever it is; others are each in one pair.
      const isFirst = relation === "stands in" || index < second;
      return relation !== undefined && isFirst ? [{ one, other, relation }] : [];
    }),
  );
}

const lineOf = ({ one, other, relation }) =>
  `${one.file}:${one.line}: ${one.name} ${relation} ${other.name} of ${other.file}:${other.line}\n`;

const keyOf = ({ one, other }) => `${placeOf(one)} = ${placeOf(other)}`;

/** The gate of `npm run check`. */
export function duplicateTypes() {
  const all = new TypeShapes(typeScriptBelow("src", "clients/typescript")).all();
  const copies = copiesOf(all.filter(({ members }) => members.size >= MIN_MEMBERS).map(withTexts));
  const found = new Set(copies.map(keyOf));
  const lines = copies.filter((copy) => !Object.hasOwn(EXCEPTIONS, keyOf(copy))).map(lineOf);
  for (const key of Object.keys(EXCEPTIONS)) {
    if (!found.has(key)) lines.push(`tools/duplicate-types.json: ${key} are no copies any more\n`);
  }
  return { ok: lines.length === 0, output: lines.join("") };
}
