// What a caller or a group may use, on the command line.
import type { FlagTable } from "./flags.ts";
import { LIMIT_FLAGS, type LimitValues, parseLimits } from "./limit-flags.ts";

export const ACCESS_FLAGS = {
  models: {
    type: "string",
    multiple: true,
    value: "LIST",
    help: 'only these models, as a,b or several times: ids, provider/model, globs; "all" for all',
  },
  providers: {
    type: "string",
    multiple: true,
    value: "LIST",
    help: 'only these providers, as a,b or several times; "all" for all',
  },
  ...LIMIT_FLAGS,
} as const satisfies FlagTable;

export interface AccessValues extends LimitValues {
  readonly models?: readonly string[];
  readonly providers?: readonly string[];
}

const ALL = "all";

/** Undefined: the flag is not given. */
function parseList(given: readonly string[] | undefined): string[] | undefined {
  if (given === undefined) return undefined;
  const entries = given.flatMap((words) => words.split(",")).filter((word) => word !== "");
  return entries.includes(ALL) ? [] : [...new Set(entries)];
}

/** The fields that are given, and their names for a mask. */
export function parseAccess(values: AccessValues) {
  const models = parseList(values.models);
  const providers = parseList(values.providers);
  const limits = parseLimits(values);
  return {
    fields: {
      ...(models !== undefined && { models }),
      ...(providers !== undefined && { providers }),
      ...(limits !== undefined && limits !== "none" && { limits }),
    },
    paths: [
      ...(models === undefined ? [] : ["models"]),
      ...(providers === undefined ? [] : ["providers"]),
      ...(limits === undefined ? [] : ["limits"]),
    ],
  };
}
