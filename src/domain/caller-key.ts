// The form of keys that are made at run time.

const PREFIX = "sk-steer-";
/** 62^43 is more than 2^256. */
const SECRET_LENGTH = 43;
/** Characters of the secret part that name a key: 48 bits of 256. */
const NAME_LENGTH = 8;
const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** Random bytes of a key. */
export const KEY_BYTES = 32;

const FORM = new RegExp(`^${PREFIX}[0-9A-Za-z]{${SECRET_LENGTH}}$`);
const PREFIX_FORM = new RegExp(`^${PREFIX}[0-9A-Za-z]{${NAME_LENGTH}}$`);

/** A text of the form of a key. */
export function isCallerKey(text: string): boolean {
  return FORM.test(text);
}

/** A text of the form of a key's prefix. */
export function isKeyPrefix(text: string): boolean {
  return PREFIX_FORM.test(text);
}

/** A key of these 32 bytes. */
export function callerKeyOf(bytes: Uint8Array): string {
  let number = 0n;
  for (const byte of bytes) number = number * 256n + BigInt(byte);
  let secret = "";
  for (let place = 0; place < SECRET_LENGTH; place++) {
    secret = DIGITS.charAt(Number(number % 62n)) + secret;
    number /= 62n;
  }
  return PREFIX + secret;
}

/** The first characters of a key, which name it. */
export function prefixOf(key: string): string {
  return key.slice(0, PREFIX.length + NAME_LENGTH);
}
