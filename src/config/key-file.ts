import { readFileSync, statSync } from "node:fs";

/** A key is a line; a longer file is something else, and is not read. */
const MAX_BYTES = 16 * 1024;

/** What a header can hold of a key; no error may quote one that it cannot. */
export const KEY = /^[\x21-\x7e]+$/;

/** Why the key of a file cannot be used. It names the file and never what the file holds. */
export class KeyFileProblem extends Error {
  override readonly name = "KeyFileProblem";
}

/** The key that a file holds, without the blanks and line breaks around it. Throws `KeyFileProblem`. */
export function readKeyFile(file: string): string {
  const key = contentOf(file).trim();
  if (key === "") throw new KeyFileProblem(`${file} is empty`);
  if (!KEY.test(key)) throw new KeyFileProblem(`${file} holds no key of one line in ASCII`);
  return key;
}

function contentOf(file: string): string {
  try {
    if (statSync(file).size <= MAX_BYTES) return readFileSync(file, "utf8");
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? ` (${String(cause.code)})` : "";
    throw new KeyFileProblem(`${file} cannot be read${code}`, { cause });
  }
  throw new KeyFileProblem(`${file} is larger than ${MAX_BYTES} bytes`);
}
