/** Describes a parser's error for a text that is not JSON. The parser's own message would quote the text. */
export function syntaxProblem(error: unknown, text: string): string {
  const message = error instanceof Error ? error.message : "";
  const position = /at position (\d+)/.exec(message)?.[1];
  return position === undefined
    ? `not JSON: it ends too early, at position ${text.length}`
    : `not JSON at position ${position}`;
}

/** Position at which a text stops being JSON; undefined: the text is JSON. */
export function jsonSyntaxError(text: string): string | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    return syntaxProblem(error, text);
  }
}
