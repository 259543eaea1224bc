import { isJsonObject } from "../domain/json.ts";
import { didYouMean } from "../domain/near-names.ts";

/** Where a value stands: keys and positions from the root of the configuration. */
export type Path = readonly (string | number)[];

/** A value that cannot be used, before its place in a file is known. */
export class ConfigProblem extends Error {
  override readonly name = "ConfigProblem";
  readonly path: Path;

  constructor(path: Path, message: string, options?: ErrorOptions) {
    super(message, options);
    this.path = path;
  }
}

/** Checks a value of the file or the environment, where every scalar can be text. */
export type Reader<T> = (value: unknown, path: Path) => T;

export function pathText(path: Path): string {
  return path.reduce<string>(
    (text, step) =>
      typeof step === "number" ? `${text}[${step}]` : text === "" ? step : `${text}.${step}`,
    "",
  );
}

export const text: Reader<string> = (value, path) => {
  if (typeof value === "string" && value !== "") return value;
  throw new ConfigProblem(path, "must be a text that is not empty");
};

export const flag: Reader<boolean> = (value, path) => {
  if (value === true || value === "true") return true;
  if (value === false || value === "false") return false;
  throw new ConfigProblem(path, "must be true or false");
};

export const amount: Reader<number> = (value, path) => {
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  if (typeof number === "number" && Number.isFinite(number) && number >= 0) return number;
  throw new ConfigProblem(path, "must be a number that is not negative");
};

/** Largest count that the contract carries (int32). */
const MAX_COUNT = 2 ** 31 - 1;

export const count: Reader<number> = (value, path) => {
  const number = amount(value, path);
  if (Number.isSafeInteger(number) && number > 0 && number <= MAX_COUNT) return number;
  throw new ConfigProblem(path, `must be a whole number from 1 to ${MAX_COUNT}`);
};

/** A sum of money in trillionths of the currency unit, exact in a double. */
export const picos: Reader<number> = (value, path) => {
  const number = amount(value, path);
  if (Number.isSafeInteger(number) && number > 0) return number;
  throw new ConfigProblem(path, `must be a whole number from 1 to ${Number.MAX_SAFE_INTEGER}`);
};

/** A part of a whole. */
export const share: Reader<number> = (value, path) => {
  const number = amount(value, path);
  if (number <= 1) return number;
  throw new ConfigProblem(path, "must be a number from 0 to 1");
};

const DURATION_UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** A year. What is longer is a slip of the pen, and overflows timers and stores. */
const MAX_DURATION_MS = 366 * 24 * 3_600_000;

/** `500ms`, `10s`, `2m`, `1h`, in milliseconds. */
export const duration: Reader<number> = (value, path) => {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(String(value));
  const unit = DURATION_UNITS[match?.[2] ?? ""];
  if (match === null || unit === undefined || Number(match[1]) === 0) {
    throw new ConfigProblem(path, 'must be a duration such as "500ms", "10s" or "2m"');
  }
  // Whole milliseconds, whatever the product of two floating-point numbers is.
  const ms = Math.ceil(Number(match[1]) * unit - 1e-6);
  if (ms <= MAX_DURATION_MS) return ms;
  throw new ConfigProblem(path, "must be a duration of at most 8784h, which is a year");
};

/** As `duration`, or `0s` for none. */
export const durationOrNone: Reader<number> = (value, path) =>
  /^0(?:\.0+)?(?:ms|s|m|h)$/.test(String(value)) ? 0 : duration(value, path);

/** Host and port to listen on; port 0 takes a free one. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

const SIZE_UNITS: Readonly<Record<string, number>> = {
  B: 1,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
};

/** Bytes of a size such as `8MiB`. */
export const size: Reader<number> = (value, path) => {
  const match = typeof value === "string" ? /^(\d+)(B|KiB|MiB|GiB)$/.exec(value) : null;
  const bytes = Number(match?.[1]) * (SIZE_UNITS[match?.[2] ?? ""] ?? Number.NaN);
  if (Number.isSafeInteger(bytes) && bytes > 0) return bytes;
  throw new ConfigProblem(path, "must be a size such as 8MiB, in B, KiB, MiB or GiB");
};

export const address: Reader<Address> = (value, path) => {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s]+)):(\d{1,5})$/.exec(String(value));
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || port > 65_535) {
    throw new ConfigProblem(
      path,
      'must be "host:port", IPv6 in brackets, such as "127.0.0.1:8080"',
    );
  }
  return { host, port };
};

export function oneOf<const T extends string>(...choices: readonly T[]): Reader<T> {
  return (value, path) => {
    const found = choices.find((choice) => choice === value);
    if (found !== undefined) return found;
    const given = typeof value === "string" ? didYouMean(value, choices) : "";
    const which = choices.length === 1 ? "must be" : "must be one of";
    throw new ConfigProblem(path, `${which} ${choices.join(", ")}${given}`);
  };
}

export function matching(pattern: RegExp, what: string): Reader<string> {
  return (value, path) => {
    if (typeof value === "string" && pattern.test(value)) return value;
    throw new ConfigProblem(path, `must be ${what}`);
  };
}

/** A list; in the environment it is JSON. */
export function list<T>(item: Reader<T>): Reader<T[]> & { readonly item: Reader<T> } {
  const read = (value: unknown, path: Path): T[] => {
    let items = value;
    if (typeof value === "string") {
      try {
        items = JSON.parse(value);
      } catch (cause) {
        throw new ConfigProblem(path, "must be a list written as JSON", { cause });
      }
    }
    if (!Array.isArray(items)) throw new ConfigProblem(path, "must be a list");
    return items.map((entry, index) => item(entry, [...path, index]));
  };
  return Object.assign(read, { item });
}

/** A mapping from free names to values. */
export function map<T>(item: Reader<T>): Reader<Record<string, T>> {
  return (value, path) => {
    if (!isJsonObject(value)) throw new ConfigProblem(path, "must be a mapping");
    return Object.fromEntries(
      Object.entries(value).map(([key, entry]) => [key, item(entry, [...path, key])]),
    );
  };
}

type Fields = Readonly<Record<string, Reader<unknown>>>;
export type ReadFields<F extends Fields> = { readonly [K in keyof F]?: ReturnType<F[K]> };

/** A mapping with known keys, each of which can be left out. */
export function object<F extends Fields>(fields: F): Reader<ReadFields<F>> & { fields: F } {
  const read = (value: unknown, path: Path): ReadFields<F> => {
    if (!isJsonObject(value)) throw new ConfigProblem(path, "must be a mapping");
    const result: Record<string, unknown> = {};
    for (const [key, entry] of Object.entries(value)) {
      const reader = Object.hasOwn(fields, key) ? fields[key] : undefined;
      if (reader === undefined) {
        throw new ConfigProblem(
          [...path, key],
          `unknown key${didYouMean(key, Object.keys(fields))}`,
        );
      }
      if (entry !== null) result[key] = reader(entry, [...path, key]);
    }
    return result as ReadFields<F>;
  };
  return Object.assign(read, { fields });
}

/** A reader that makes something else of the keys of `shape`. The keys stay visible: see `keyPaths`. */
export function reshaped<T, F extends Fields>(
  shape: { readonly fields: F },
  read: Reader<T>,
): Reader<T> & { readonly fields: F } {
  return Object.assign((value: unknown, path: Path) => read(value, path), { fields: shape.fields });
}

/** The value of a key that must be there. */
export function required<T>(value: T | undefined, path: Path, key: string): T {
  if (value !== undefined) return value;
  throw new ConfigProblem([...path, key], "is required");
}
