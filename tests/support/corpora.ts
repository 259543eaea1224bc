// Texts by which estimators of tokens are judged.
import { readFileSync } from "node:fs";
import { join } from "node:path";

export const CORPORA = ["prose", "code", "json", "cjk", "emoji", "mixed"] as const;
/** Pieces that are learned from; the further ones are unseen. */
export const SAMPLES = 50;
const UNSEEN = 20;

/** Pieces of a corpus, each somewhere else and of another length. */
export function piecesOf(corpus: (typeof CORPORA)[number]): readonly string[] {
  const path = join(import.meta.dirname, "../fixtures/corpora", `${corpus}.txt`);
  const points = Array.from(readFileSync(path, "utf8"));
  return Array.from({ length: SAMPLES + UNSEEN }, (_, index) => {
    const length = 60 + ((index * 53) % 240);
    const start = (index * 97) % Math.max(1, points.length - length);
    return points.slice(start, start + length).join("");
  });
}
