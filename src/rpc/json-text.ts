import { isJsonObject } from "../domain/json.ts";

/** Describes a parser's error for a text that is not JSON. The parser's own message would quote the text. */
export function syntaxProblem(error: unknown, text: string): string {
  const message = error instanceof Error ? error.message : "";
  const position = /at position (\d+)/.exec(message)?.[1];
  return position === undefined
    ? `not JSON: it ends too early, at position ${text.length}`
    : `not JSON at position ${position}`;
}

/** Why a text is no JSON object: the position at which it stops being JSON, for example. Undefined: it is one. */
export function jsonObjectProblem(text: string): string | undefined {
  try {
    return isJsonObject(JSON.parse(text)) ? undefined : "not a JSON object";
  } catch (error) {
    return syntaxProblem(error, text);
  }
}
