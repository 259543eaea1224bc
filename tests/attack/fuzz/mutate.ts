// What is done to a request that was whole: to its bytes, and to its JSON.

import type { Dice } from "../../simulation/scheduler.ts";
import { delimited } from "../../support/wire-floods.ts";
import { jsonValue } from "./random-message.ts";

type Mutation<Of> = (of: Of, dice: Dice) => Of;

function splice(bytes: Buffer, at: number, remove: number, add: Buffer): Buffer {
  return Buffer.concat([bytes.subarray(0, at), add, bytes.subarray(at + remove)]);
}

const place = (bytes: { readonly length: number }, dice: Dice): number =>
  dice.whole(0, bytes.length);

/** Pieces that no writer would write. */
const PIECES: readonly Buffer[] = [
  // Tags: of no field, of wire types that do not exist, of groups, longer than a number can be.
  Buffer.of(0x00),
  Buffer.of(0x07),
  Buffer.of(0x0e, 0x01),
  Buffer.of(0x0b),
  Buffer.of(0x0c),
  Buffer.of(0x8a, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00),
  // Values: a length beyond the end, the longest number and one more, fixed ones that are cut.
  Buffer.of(0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f),
  Buffer.of(0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01),
  Buffer.of(0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f),
  Buffer.of(0x09, 1, 2),
  Buffer.of(0x0d, 1),
  // A number that says the same with more bytes than it needs.
  Buffer.of(0x12, 0x80, 0x00),
  // Texts that are not UTF-8.
  Buffer.of(0x0a, 0x02, 0xc3, 0x28),
  Buffer.of(0x0a, 0x03, 0xed, 0xa0, 0x80),
  Buffer.from(delimited(536_870_911, Buffer.from("unknown"))),
];

const OF_BYTES: readonly Mutation<Buffer>[] = [
  (bytes, dice) => bytes.subarray(0, place(bytes, dice)),
  (bytes, dice) => splice(bytes, place(bytes, dice), 1, Buffer.of(dice.whole(0, 255))),
  (bytes, dice) => splice(bytes, place(bytes, dice), dice.whole(1, 8), Buffer.alloc(0)),
  (bytes, dice) => splice(bytes, place(bytes, dice), 0, piece(dice)),
  (bytes, dice) => Buffer.concat([bytes, piece(dice)]),
  // Everything twice: lists grow, messages merge, the later arm of a oneof takes its place.
  (bytes) => Buffer.concat([bytes, bytes]),
  (bytes, dice) => {
    const from = place(bytes, dice);
    const part = bytes.subarray(from, from + dice.whole(1, 40));
    return splice(bytes, place(bytes, dice), 0, part);
  },
  // The wire type of a tag.
  (bytes, dice) => {
    const at = place(bytes, dice);
    return splice(bytes, at, 1, Buffer.of(((bytes[at] ?? 0) & 0xf8) | dice.whole(0, 7)));
  },
  // The whole as a field of itself.
  (bytes, dice) => Buffer.from(delimited(dice.whole(1, 20), bytes)),
];

function piece(dice: Dice): Buffer {
  return PIECES[dice.whole(0, PIECES.length - 1)] ?? Buffer.alloc(0);
}

const VALUES = [
  "null",
  "1e999",
  "-0",
  "0.1",
  "9007199254740993",
  '"9007199254740993"',
  '"NaN"',
  "NaN",
  "01",
  '"\\ud83d"',
  '"\\u0000"',
  "[[]]",
  "{}",
  '{"a":{}}',
  '"2026-13-01T00:00:00Z"',
  '"1.5s"',
  "true",
  "'a'",
] as const;

/** Replaces the value behind a colon. */
function replaceValue(text: string, dice: Dice, value: string): string {
  const colons = [...text.matchAll(/:("(?:[^"\\]|\\.)*"|[\w.+-]+)/g)];
  const one = colons[dice.whole(0, Math.max(0, colons.length - 1))];
  if (one === undefined) return value;
  return `${text.slice(0, one.index + 1)}${value}${text.slice(one.index + one[0].length)}`;
}

const snake = (text: string): string =>
  text.replaceAll(/"([a-zA-Z]+)":/g, (_, name: string) => {
    return `"${name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}":`;
  });

const OF_TEXT: readonly Mutation<string>[] = [
  (text, dice) => text.slice(0, place(text, dice)),
  (text, dice) => replaceValue(text, dice, dice.pick([...VALUES])),
  (text, dice) => replaceValue(text, dice, JSON.stringify(jsonValue(dice))),
  (text, dice) => {
    const at = place(text, dice);
    return `${text.slice(0, at)}${dice.pick(["{", "}", "[", "]", ",", '"', "\\", " ", "\u2028", "/*"])}${text.slice(at)}`;
  },
  // A member twice, one that nothing has, and one that every object has.
  (text) => text.replace(/^\{/, '{"spec":{},'),
  (text, dice) => text.replace(/\{/, `{"${dice.pick(["x", "__proto__", "constructor", ""])}":{},`),
  snake,
  (text) => `\ufeff${text}`,
  (text) => `${text}${text}`,
  (text, dice) => `${"[".repeat(dice.whole(1, 200))}${text}`,
];

function mutated<Of>(of: Of, mutations: readonly Mutation<Of>[], dice: Dice): Of {
  let result = of;
  const rounds = dice.pick([0, 0, 1, 1, 2, 4]);
  for (let round = 0; round < rounds; round++) {
    const mutation = mutations[dice.whole(0, mutations.length - 1)];
    result = mutation?.(result, dice) ?? result;
  }
  return result;
}

export function mutateBytes(bytes: Uint8Array, dice: Dice): Buffer {
  return mutated(Buffer.from(bytes), OF_BYTES, dice);
}

export function mutateJson(text: string, dice: Dice): Buffer {
  const bytes = Buffer.from(mutated(text, OF_TEXT, dice));
  // A byte that is not of UTF-8.
  return dice.chance(0.05) ? splice(bytes, place(bytes, dice), 0, Buffer.of(0xff)) : bytes;
}
