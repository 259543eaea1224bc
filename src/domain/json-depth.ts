const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Nesting depth of a JSON text. Counting stops above `most`. */
export function jsonDepth(text: string, most: number): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (inString) {
      if (unit === BACKSLASH) at++;
      else if (unit === QUOTE) inString = false;
    } else if (unit === QUOTE) inString = true;
    else if (unit === 0x7b || unit === 0x5b) {
      deepest = Math.max(deepest, ++depth);
      if (depth > most) return depth;
    } else if (unit === 0x7d || unit === 0x5d) depth--;
  }
  return deepest;
}
