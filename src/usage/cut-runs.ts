/** The time of the tokenizer grows with the square of a run that no blank interrupts. */
const MAX_RUN_UNITS = 200;

const BLANK = /\s/;

function isBlank(unit: number): boolean {
  // Letters of plain text first: the expression is for the rest.
  if (unit > 0x20 && unit < 0x80) return false;
  return BLANK.test(String.fromCharCode(unit));
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}

/**
 * The text in pieces without a run of more than 200 characters between blanks,
 * or of blanks. Ordinary text is one piece; no surrogate pair is split.
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
