/**
 * Where a text stops being JSON, or undefined if it is JSON. The answer names
 * the position alone: the parser's own message quotes the text.
 */
export function jsonSyntaxError(text: string): string | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    const message = error instanceof Error ? error.message : "";
    const position = /at position (\d+)/.exec(message)?.[1];
    return position === undefined
      ? `not JSON: it ends too early, at position ${text.length}`
      : `not JSON at position ${position}`;
  }
}
