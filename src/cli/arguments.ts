// Parsing of arguments for all commands. A mistake throws `UsageError`.
import { type ParseArgsConfig, parseArgs } from "node:util";
import { type Duration, durationFromMs } from "@bufbuild/protobuf/wkt";
import { UsageError } from "./usage-error.ts";

type Options = NonNullable<ParseArgsConfig["options"]>;

/** Options and positional arguments. */
export function parseArguments<const Given extends Options>(
  args: readonly string[],
  options: Given,
) {
  try {
    return parseArgs({ args: [...args], allowPositionals: true, options });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/** The one argument that a command takes. */
export function onlyArgument(what: string, given: readonly string[]): string {
  const [first, second] = given;
  if (first === undefined || first === "") throw new UsageError(`${what} is missing`);
  if (second !== undefined) throw new UsageError(`one ${what} at a time`);
  return first;
}

export function noArguments(given: readonly string[]): void {
  if (given[0] !== undefined) throw new UsageError(`unexpected argument ${given[0]}`);
}

export function parseNumber(name: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const parsed = Number(value);
  if (value === "" || !Number.isFinite(parsed)) throw new UsageError(`--${name} takes a number`);
  return parsed;
}

/** A whole number up to the contract's maximum; 0 if absent. */
export function parseCount(
  name: string,
  value: string | undefined,
  most = 2 ** 31 - 1,
  least = 0,
): number {
  const parsed = parseNumber(name, value);
  if (parsed === undefined) return 0;
  if (!Number.isInteger(parsed) || parsed < least || parsed > most) {
    throw new UsageError(`--${name} takes a whole number from ${least} to ${most}`);
  }
  return parsed;
}

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** A duration such as `90s` or `1h`. */
export function parseDuration(name: string, value: string | undefined): Duration | undefined {
  if (value === undefined) return undefined;
  const match = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h|d)$/.exec(value);
  const unit = UNITS[match?.[2] ?? ""];
  if (match === null || unit === undefined) {
    throw new UsageError(`--${name} takes a duration such as 500ms, 90s, 15m, 1h or 7d`);
  }
  return durationFromMs(Math.round(Number(match[1]) * unit));
}

/** One of a few words. */
export function parseWord<Value>(
  name: string,
  value: string,
  words: Readonly<Record<string, Value>>,
): Value {
  const found = Object.entries(words).find(([word]) => word === value);
  if (found === undefined) {
    throw new UsageError(`--${name} takes ${Object.keys(words).join(", ")}`);
  }
  return found[1];
}
