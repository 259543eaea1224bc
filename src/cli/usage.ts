import { toJson } from "@bufbuild/protobuf";
import { type Timestamp, timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  QueryUsageResponseSchema,
  UsageInterval,
  UsageScope,
  UsageService,
} from "../../gen/service/steer/admin/v1/usage_service_pb.ts";
import { systemClock } from "../clock.ts";
import { noArguments, parseArguments, parseDuration, parseWord } from "./arguments.ts";
import type { Command } from "./command.ts";
import { type FlagTable, JSON_FLAG } from "./flags.ts";
import { table } from "./result-lines.ts";
import { UsageError } from "./usage-error.ts";
import { csvLines, usageNotes, usageRows } from "./usage-rows.ts";

const INTERVALS: Readonly<Record<string, UsageInterval>> = {
  none: UsageInterval.NONE,
  hour: UsageInterval.HOUR,
  day: UsageInterval.DAY,
  month: UsageInterval.MONTH,
};

const TIME =
  "a duration before now such as 24h or 7d, or a time such as 2026-11-01 or 2026-11-01T08:00:00Z";

const FLAGS = {
  by: {
    type: "string",
    multiple: true,
    value: "DIMENSION",
    help: "a row for each value; several as a,b: caller, group, model, provider, outcome, label:NAME",
  },
  since: { type: "string", value: "TIME", help: "beginning; default 24 hours before the end" },
  until: { type: "string", value: "TIME", help: "end; default now" },
  interval: {
    type: "string",
    default: "none",
    value: "INTERVAL",
    help: "rows for each none, hour, day or month, in UTC",
  },
  where: {
    type: "string",
    multiple: true,
    value: "DIMENSION=VALUE",
    help: "only these values; the same dimension again adds a value",
  },
  all: {
    type: "boolean",
    default: false,
    help: "of all callers instead of your own (role operator)",
  },
  csv: {
    type: "boolean",
    default: false,
    help: "print comma-separated values with exact amounts, without totals",
  },
  ...JSON_FLAG,
} as const satisfies FlagTable;

/** A time, or a duration before `now`, in milliseconds. */
function parseTime(name: string, value: string | undefined, now: number): Timestamp | undefined {
  if (value === undefined) return undefined;
  if (/^\d{4}-\d{2}-\d{2}/.test(value)) {
    const time = Date.parse(value);
    if (Number.isFinite(time)) return timestampFromMs(time);
  }
  try {
    const before = parseDuration(name, value);
    if (before !== undefined) return timestampFromMs(now - Number(before.seconds) * 1_000);
  } catch {
    // The message names both forms.
  }
  throw new UsageError(`--${name} takes ${TIME}`);
}

/** Values by dimension, in the order given. */
function parseFilters(given: readonly string[] = []) {
  const values = new Map<string, string[]>();
  for (const each of given) {
    const [dimension = "", ...rest] = each.split("=");
    if (dimension === "" || rest.length === 0) {
      throw new UsageError("--where takes DIMENSION=VALUE, such as model=gpt-4o");
    }
    values.set(dimension, [...(values.get(dimension) ?? []), rest.join("=")]);
  }
  return Array.from(values, ([dimension, of]) => ({ dimension, values: of }));
}

export const usage: Command = {
  summary: "show calls, tokens and cost, by model, caller and more",
  usage: ["steer usage [--by DIMENSION] [--since TIME] [--until TIME] [options]"],
  about: `Sums per hour or day, in UTC, at most a second behind. A time is ${TIME}.
Without --all the use is your own.`,
  flags: { "": FLAGS },
  async run(args, { client, stdout, signal }) {
    const { values, positionals } = parseArguments(args, FLAGS);
    noArguments(positionals);
    const now = systemClock.wallTime();
    const from = parseTime("since", values.since, now);
    const to = parseTime("until", values.until, now);
    const groupBy = (values.by ?? []).flatMap((words) => words.split(","));
    const interval = parseWord("interval", values.interval, INTERVALS);
    const request = {
      ...(from !== undefined && { from }),
      ...(to !== undefined && { to }),
      interval,
      groupBy,
      filters: parseFilters(values.where),
      scope: values.all ? UsageScope.ALL : UsageScope.SELF,
    };
    const answer = await client.unary(UsageService.method.queryUsage, request, { signal });
    if (values.json) {
      stdout.write(`${JSON.stringify(toJson(QueryUsageResponseSchema, answer))}\n`);
      return;
    }
    const hasPeriods = interval !== UsageInterval.NONE;
    if (values.csv) {
      stdout.write(`${csvLines(answer, groupBy, hasPeriods).join("\n")}\n`);
      return;
    }
    const rows = usageRows(answer, groupBy, hasPeriods);
    if (rows.length > 0) stdout.write(`${table(rows, stdout.isTTY)}\n`);
    for (const note of usageNotes(answer)) stdout.write(`${note}\n`);
  },
};
