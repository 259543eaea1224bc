/** Tells where a JSON object or array that comes in pieces is whole. */
export interface JsonEnd {
  push(piece: string): void;
  /** Its last bracket has come. */
  isWhole(): boolean;
}

/** Looks at each character once; text that is no JSON is never whole, or is whole too early. */
export function createJsonEnd(): JsonEnd {
  let depth = 0;
  let inString = false;
  let isEscaped = false;
  let isWhole = false;

  function take(unit: number): void {
    if (inString) {
      if (isEscaped) isEscaped = false;
      else if (unit === 0x5c) isEscaped = true;
      else if (unit === 0x22) inString = false;
      return;
    }
    if (unit === 0x22) inString = true;
    else if (unit === 0x7b || unit === 0x5b) depth++;
    else if (unit === 0x7d || unit === 0x5d) {
      depth--;
      if (depth === 0) isWhole = true;
    }
  }

  return {
    push(piece) {
      for (let at = 0; at < piece.length; at++) take(piece.charCodeAt(at));
    },
    isWhole: () => isWhole,
  };
}
