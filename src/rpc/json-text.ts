/** What a parser's error says of a text that is not JSON; its own message would quote the text. */
export function syntaxProblem(error: unknown, text: string): string {
  const message = error instanceof Error ? error.message : "";
  const position = /at position (\d+)/.exec(message)?.[1];
  return position === undefined
    ? `not JSON: it ends too early, at position ${text.length}`
    : `not JSON at position ${position}`;
}

/** Where a text stops being JSON, or undefined if it is JSON. */
export function jsonSyntaxError(text: string): string | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    return syntaxProblem(error, text);
  }
}
