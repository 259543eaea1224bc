import { Code, SteerError } from "./steer-error.ts";

/** Headers accept only these characters, and the service reads a key up to its first space. */
const KEY = /^[\x21-\x7e]*$/;

/** Returns the key; `name` is its source. Throws `SteerError` KEY_INVALID, which does not quote the key. */
export function checkedKey(key: string, name: string): string {
  if (KEY.test(key)) return key;
  const message = `${name}: a key is one line of ASCII without spaces`;
  throw new SteerError({ code: Code.INVALID_ARGUMENT, reason: "KEY_INVALID", message });
}
