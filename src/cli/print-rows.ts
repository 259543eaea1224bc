import { type DescMessage, type MessageShape, toJson } from "@bufbuild/protobuf";
import type { CommandContext } from "./command.ts";
import { csv } from "./csv.ts";
import { type FlagTable, JSON_FLAG } from "./flags.ts";
import { table } from "./result-lines.ts";

/** Lists can be printed for programs of two kinds. */
export const LIST_FLAGS = {
  ...JSON_FLAG,
  csv: { type: "boolean", default: false, help: "print comma-separated values" },
} as const satisfies FlagTable;

export interface RowFormat<Schema extends DescMessage> {
  readonly schema: Schema;
  readonly head: readonly string[];
  readonly row: (message: MessageShape<Schema>) => readonly string[];
}

/** Prints messages as a table, or as the flags say. */
export function printRows<Schema extends DescMessage>(
  { stdout }: Pick<CommandContext, "stdout">,
  { schema, head, row }: RowFormat<Schema>,
  messages: readonly MessageShape<Schema>[],
  flags: { readonly json: boolean; readonly csv: boolean },
): void {
  if (flags.json) {
    for (const message of messages) stdout.write(`${JSON.stringify(toJson(schema, message))}\n`);
    return;
  }
  const rows = [head, ...messages.map(row)];
  stdout.write(`${flags.csv ? csv(rows) : table(rows, stdout.isTTY)}\n`);
}

/** Prints one message as lines of names and values, or as JSON. */
export function printOne<Schema extends DescMessage>(
  { stdout }: Pick<CommandContext, "stdout">,
  { schema, head, row }: RowFormat<Schema>,
  message: MessageShape<Schema> | undefined,
  asJson: boolean,
): void {
  if (message === undefined) return;
  if (asJson) {
    stdout.write(`${JSON.stringify(toJson(schema, message))}\n`);
    return;
  }
  const values = row(message);
  const lines = head.map((name, index) => [name, values[index] ?? ""]);
  stdout.write(`${table(lines, stdout.isTTY)}\n`);
}

/** Sentences for the person, apart from the output. */
export function printWarnings(
  { stderr }: Pick<CommandContext, "stderr">,
  warnings: readonly string[],
): void {
  for (const warning of warnings) stderr.write(`steer: ${warning}\n`);
}
