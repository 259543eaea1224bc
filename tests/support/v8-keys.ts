/**
 * Texts after which `JSON.parse` returns the name `\` for another name of one escaped character in an object of the
 * same shape: https://github.com/nodejs/node/issues/63785. A process stays so once any of its texts was parsed.
 */
export function confuseJsonParse(before: string): void {
  JSON.parse(`{${before}"\\\\":0}`);
}

/** Whether `JSON.parse` can be trusted with the names of a text. */
export const canBeParsed = (text: string): boolean => !/"\\(?:[^u]|u[\da-f]{4})"\s*:/i.test(text);

/** Names of one character that JSON writes as an escape, with their texts. */
export const ESCAPED_NAMES: readonly (readonly [text: string, name: string])[] = [
  ['"\\""', '"'],
  ['"\\\\"', "\\"],
  ['"\\n"', "\n"],
  ['"\\/"', "/"],
  ['"\\u0000"', "\0"],
  ['"\\u0061"', "a"],
  ['"\\u00e9"', "é"],
];
