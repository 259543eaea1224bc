/**
 * Longest run without a blank, in UTF-16 units: the tokenizer's time grows with the square of the length of a run.
 */
const MAX_RUN_UNITS = 200;

const BLANK = /\s/;

function isBlank(unit: number): boolean {
  // Most units are ASCII, which needs no regular expression.
  if (unit > 0x20 && unit < 0x80) return false;
  return BLANK.test(String.fromCharCode(unit));
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}

/**
 * Splits a text so that no run of non-blanks, or of blanks, has more than 200 characters. Ordinary text is one
 * piece. Surrogate pairs are not split.
 */
export function* cutRuns(text: string): Generator<string> {
  let pieceStart = 0;
  let runStart = 0;
  let wasBlank = false;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    const blank = isBlank(unit);
    if (blank !== wasBlank) {
      runStart = index;
      wasBlank = blank;
    } else if (index - runStart >= MAX_RUN_UNITS && !isLowSurrogate(unit)) {
      yield text.slice(pieceStart, index);
      pieceStart = index;
      runStart = index;
    }
  }
  if (pieceStart < text.length) yield text.slice(pieceStart);
}
