import { readFileSync, statSync } from "node:fs";

/** A key is one line. A longer file is not a key file, and is not read. */
const MAX_BYTES = 16 * 1024;

/** Characters that a header allows in a key. No error quotes a key without this form. */
export const KEY = /^[\x21-\x7e]+$/;

/** Why a key file cannot be used. The message names the file, never its content. */
export class KeyFileProblem extends Error {
  override readonly name = "KeyFileProblem";
}

/** The key of a file, without blanks and line breaks around it. Throws `KeyFileProblem`. */
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
