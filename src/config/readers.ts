import { didYouMean } from "../domain/near-names.ts";

/** Path of a value: keys and positions from the root of the configuration. */
export type Path = readonly (string | number)[];

/** An invalid value, before its place in a file is known. */
export class ConfigProblem extends Error {
  override readonly name = "ConfigProblem";
  readonly path: Path;

  constructor(path: Path, message: string, options?: ErrorOptions) {
    super(message, options);
    this.path = path;
  }
}

/**
 * Checks a value of the file or the environment, in which every scalar can be text, and returns the service's form of
 * the value. Throws `ConfigProblem`.
 */
export type Reader<T> = (value: unknown, path: Path) => T;

/** A reader of numbers with a unit, which is appended to the field's name: `idle: 10s` becomes `idleMs: 10000`. */
export type UnitReader<Unit extends string> = Reader<number> & { readonly unit: Unit };

export function inUnit<const Unit extends string>(
  unit: Unit,
  read: Reader<number>,
): UnitReader<Unit> {
  return Object.assign((value: unknown, path: Path) => read(value, path), { unit });
}

/** `reader` for values that `allows` accepts. Others are refused with `message`. */
export function restricted<R extends Reader<unknown>>(
  reader: R,
  allows: (value: ReturnType<R>) => boolean,
  message: string,
): R {
  const read: Reader<unknown> = (value, path) => {
    const result = reader(value, path) as ReturnType<R>;
    if (allows(result)) return result;
    throw new ConfigProblem(path, message);
  };
  return Object.assign(read, reader) as R;
}

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

/** A number of 0 or more. */
export const amount: Reader<number> = (value, path) => {
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  if (typeof number === "number" && Number.isFinite(number) && number >= 0) return number;
  throw new ConfigProblem(path, "must be a number that is not negative");
};

function wholeNumber(most: number): Reader<number> {
  return restricted(
    amount,
    (number) => Number.isSafeInteger(number) && number > 0 && number <= most,
    `must be a whole number from 1 to ${most}`,
  );
}

/** Largest count in the contract (int32). */
const MAX_COUNT = 2 ** 31 - 1;

export const count = wholeNumber(MAX_COUNT);

/** A sum of money in trillionths of the currency unit, exact in a double. */
export const picos = wholeNumber(Number.MAX_SAFE_INTEGER);

/** A number from 0 to 1. */
export const share = restricted(amount, (number) => number <= 1, "must be a number from 0 to 1");

const DURATION_UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** A year, in milliseconds. Longer durations are probably mistakes, and would overflow timers and stores. */
const MAX_DURATION_MS = 366 * 24 * 3_600_000;

/** Reads `500ms`, `10s`, `2m` or `1h` as milliseconds. */
export const duration = inUnit("Ms", (value, path) => {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(String(value));
  const unit = DURATION_UNITS[match?.[2] ?? ""];
  if (match === null || unit === undefined || Number(match[1]) === 0) {
    throw new ConfigProblem(path, 'must be a duration such as "500ms", "10s" or "2m"');
  }
  // Rounds up to whole milliseconds, with a tolerance for floating-point products.
  const ms = Math.ceil(Number(match[1]) * unit - 1e-6);
  if (ms <= MAX_DURATION_MS) return ms;
  throw new ConfigProblem(path, "must be a duration of at most 8784h, which is a year");
});

/** Like `duration`, and `0s` for none. */
export const durationOrNone = inUnit("Ms", (value, path) =>
  /^0(?:\.0+)?(?:ms|s|m|h)$/.test(String(value)) ? 0 : duration(value, path),
);

/** Host and port to listen on. Port 0 means a free one. */
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

/** Reads a size such as `8MiB` as bytes. */
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

export const identifier = matching(
  /^[a-z0-9][a-z0-9._-]{0,63}$/i,
  "an identifier of letters, digits, . _ -",
);
