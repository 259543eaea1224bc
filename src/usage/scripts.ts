import { SCRIPTS, type Script, type ScriptNumbers } from "../domain/token-rules.ts";

/** Weight of a blank that follows another blank: a run of blanks is few tokens. */
const REPEATED_BLANK = 0.06;

/** Longer texts are sampled in pieces of this many UTF-16 units, spread evenly. */
const PIECE_UNITS = 512;

/** Blocks after ASCII, each up to its last code point. Later code points are CJK, then symbols. */
const BLOCKS: readonly (readonly [last: number, script: Script])[] = [
  [0x24f, "latin"],
  [0x2ff, "other"],
  [0x36f, "latin"],
  [0x10ff, "other"],
  [0x11ff, "cjk"],
  [0x1dff, "other"],
  [0x1eff, "latin"],
  [0x1fff, "other"],
  [0x200c, "code"],
  [0x200d, "symbols"],
  [0x206f, "code"],
  [0x2e7f, "symbols"],
  [0xa4cf, "cjk"],
  [0xabff, "other"],
  [0xd7ff, "cjk"],
  [0xf8ff, "symbols"],
  [0xfaff, "cjk"],
  [0xfdff, "other"],
  [0xfe0f, "symbols"],
  [0xfe6f, "cjk"],
  [0xfeff, "other"],
  [0xffef, "cjk"],
  [0x1efff, "other"],
  [0x1ffff, "symbols"],
];

/** Index in `SCRIPTS` by code point, precomputed because long texts need one look-up per character. */
const TABLE = new Uint8Array(0x2_0000);
let from = 0;
for (const [last, script] of BLOCKS) {
  TABLE.fill(SCRIPTS.indexOf(script), from, last + 1);
  from = last + 1;
}
for (let code = 0; code < 128; code++) {
  const isLatin = /[A-Za-z ]/.test(String.fromCharCode(code));
  TABLE[code] = SCRIPTS.indexOf(isLatin ? "latin" : "code");
}
const CODE = SCRIPTS.indexOf("code");
const CJK = SCRIPTS.indexOf("cjk");
const SYMBOLS = SCRIPTS.indexOf("symbols");

function positionOf(codePoint: number): number {
  return TABLE[codePoint] ?? (codePoint <= 0x3ffff ? CJK : SYMBOLS);
}

function isBlank(codePoint: number): boolean {
  return codePoint === 0x20 || (codePoint >= 0x09 && codePoint <= 0x0d) || codePoint === 0x3000;
}

/** Adds to `counts`, which has an entry for each of `SCRIPTS`. */
function tally(text: string, start: number, end: number, counts: Float64Array): void {
  let wasBlank = false;
  for (let index = start; index < end; index++) {
    const codePoint = text.codePointAt(index) as number;
    if (codePoint > 0xffff) index++;
    const blank = isBlank(codePoint);
    const position = blank && wasBlank ? CODE : positionOf(codePoint);
    counts[position] = (counts[position] as number) + (blank && wasBlank ? REPEATED_BLANK : 1);
    wasBlank = blank;
  }
}

function numbersOf(counts: Float64Array, scale: number): ScriptNumbers {
  const of = (script: Script): number => (counts[SCRIPTS.indexOf(script)] as number) * scale;
  return {
    latin: of("latin"),
    code: of("code"),
    cjk: of("cjk"),
    other: of("other"),
    symbols: of("symbols"),
  };
}

/** Code points of a text by script. At most about `maxUnits` UTF-16 units are examined, so the time is bounded. */
export function countScripts(text: string, maxUnits: number): ScriptNumbers {
  const counts = new Float64Array(SCRIPTS.length);
  if (text.length <= maxUnits) {
    tally(text, 0, text.length, counts);
    return numbersOf(counts, 1);
  }
  const pieces = Math.max(1, Math.floor(maxUnits / PIECE_UNITS));
  const stride = (text.length - PIECE_UNITS) / pieces;
  for (let piece = 0; piece < pieces; piece++) {
    const start = Math.floor(piece * stride);
    tally(text, start, start + PIECE_UNITS, counts);
  }
  return numbersOf(counts, text.length / (pieces * PIECE_UNITS));
}
