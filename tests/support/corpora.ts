// Texts for judging token estimators.
import { readFileSync } from "node:fs";
import { join } from "node:path";

export const CORPORA = ["prose", "code", "json", "cjk", "emoji", "mixed"] as const;
/** Pieces used for learning; further ones are unseen. */
export const SAMPLES = 50;
const UNSEEN = 20;
/** Every fourth block of this many code points is in no piece used for learning. */
const BLOCK = 100;
const UNSEEN_EVERY = 4;

/** Cuts this many pieces from a text, at different positions and with different lengths. */
function cut(points: readonly string[], count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => {
    const length = 60 + ((index * 53) % 240);
    const start = (index * 97) % Math.max(1, points.length - length);
    return points.slice(start, start + length).join("");
  });
}

export function piecesOf(corpus: (typeof CORPORA)[number]): readonly string[] {
  const path = join(import.meta.dirname, "../fixtures/corpora", `${corpus}.txt`);
  const points = Array.from(readFileSync(path, "utf8"));
  const isUnseen = (index: number): boolean =>
    Math.floor(index / BLOCK) % UNSEEN_EVERY === UNSEEN_EVERY - 1;
  const learned = points.filter((_, index) => !isUnseen(index));
  const unseen = points.filter((_, index) => isUnseen(index));
  return [...cut(learned, SAMPLES), ...cut(unseen, UNSEEN)];
}
