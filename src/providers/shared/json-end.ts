/** Finds the end of a JSON object or array that arrives in pieces. */
export interface JsonEnd {
  push(piece: string): void;
  /** Whether its last bracket has arrived. */
  isWhole(): boolean;
}

/**
 * Index of the next quote at or after `at` without a backslash before it; the length of the text if there is none.
 */
function closingQuote(text: string, at: number): number {
  for (let position = at; ; position++) {
    const quote = text.indexOf('"', position);
    if (quote < 0) return text.length;
    let slashes = 0;
    while (quote - slashes > at && text.charCodeAt(quote - slashes - 1) === 0x5c) slashes++;
    if (slashes % 2 === 0) return quote;
    position = quote;
  }
}

/** Looks at each character once. Text that is not JSON never ends, or ends too early. */
export function createJsonEnd(): JsonEnd {
  let depth = 0;
  let inString = false;
  /** Whether the last character was a backslash that escapes the next one. */
  let isEscaped = false;
  let isWhole = false;

  /** Skips to the character after the string's end, or to the end of the piece. */
  function skipString(piece: string, from: number): number {
    const start = from + (isEscaped ? 1 : 0);
    isEscaped = false;
    const quote = closingQuote(piece, start);
    if (quote < piece.length) {
      inString = false;
      return quote + 1;
    }
    let slashes = 0;
    while (
      piece.length - slashes > start &&
      piece.charCodeAt(piece.length - slashes - 1) === 0x5c
    ) {
      slashes++;
    }
    isEscaped = slashes % 2 === 1;
    return piece.length;
  }

  return {
    push(piece) {
      if (piece === "") return;
      let at = inString ? skipString(piece, 0) : 0;
      while (at < piece.length) {
        const unit = piece.charCodeAt(at++);
        if (unit === 0x22) {
          inString = true;
          at = skipString(piece, at);
        } else if (unit === 0x7b || unit === 0x5b) depth++;
        else if (unit === 0x7d || unit === 0x5d) {
          depth--;
          if (depth === 0) isWhole = true;
        }
      }
    },
    isWhole: () => isWhole,
  };
}
