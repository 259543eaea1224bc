import { CallerService, type Group } from "../../gen/service/steer/admin/v1/callers_pb.ts";
import { ACCESS_FLAGS, parseAccess } from "./access-flags.ts";
import { noArguments, onlyArgument, parseArguments } from "./arguments.ts";
import { GROUP_ROWS } from "./caller-rows.ts";
import type { Command } from "./command.ts";
import { type FlagTable, JSON_FLAG } from "./flags.ts";
import { LIST_FLAGS, printOne, printRows, printWarnings } from "./print-rows.ts";
import { type Action, runAction } from "./run-action.ts";
import { UsageError } from "./usage-error.ts";

const PAGE_SIZE = 500;
const { method } = CallerService;

const CHANGE = { ...ACCESS_FLAGS, ...JSON_FLAG } as const satisfies FlagTable;

const list: Action = async (args, context) => {
  const { values, positionals } = parseArguments(args, LIST_FLAGS);
  noArguments(positionals);
  const groups: Group[] = [];
  let pageToken = "";
  do {
    const request = { pageSize: PAGE_SIZE, pageToken };
    const page = await context.client.unary(method.listGroups, request, context);
    groups.push(...page.groups);
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
  printRows(context, GROUP_ROWS, groups, values);
};

const get: Action = async (args, context) => {
  const { values, positionals } = parseArguments(args, JSON_FLAG);
  const request = { id: onlyArgument("GROUP", positionals) };
  const { group } = await context.client.unary(method.getGroup, request, context);
  printOne(context, GROUP_ROWS, group, values.json);
};

const make: Action = async (args, context) => {
  const { values, positionals } = parseArguments(args, CHANGE);
  const group = { id: onlyArgument("GROUP", positionals), ...parseAccess(values).fields };
  const answer = await context.client.unary(method.createGroup, { group }, context);
  printOne(context, GROUP_ROWS, answer.group, values.json);
  printWarnings(context, answer.warnings);
};

const update: Action = async (args, context) => {
  const { values, positionals } = parseArguments(args, CHANGE);
  const id = onlyArgument("GROUP", positionals);
  const { fields, paths } = parseAccess(values);
  if (paths.length === 0) throw new UsageError("name what to change");
  const request = { group: { id, ...fields }, updateMask: { paths } };
  const { group } = await context.client.unary(method.updateGroup, request, context);
  printOne(context, GROUP_ROWS, group, values.json);
};

const remove: Action = async (args, context) => {
  const { values, positionals } = parseArguments(args, JSON_FLAG);
  const request = { id: onlyArgument("GROUP", positionals) };
  await context.client.unary(method.deleteGroup, request, context);
  context.stdout.write(values.json ? "{}\n" : "deleted\n");
};

export const groups: Command = {
  summary: "list, make, change or delete groups of callers (role operator)",
  usage: [
    "steer groups list [options]",
    "steer groups get GROUP [--json]",
    "steer groups create GROUP [options]",
    "steer groups update GROUP [options]",
    "steer groups delete GROUP [--json]",
  ],
  about: `The callers of a group share its limits, and may use what both the group and their own lists
allow. A group with callers is not deleted.`,
  flags: { list: LIST_FLAGS, get: JSON_FLAG, create: CHANGE, update: CHANGE, delete: JSON_FLAG },
  run: (args, context) =>
    runAction({ list, get, create: make, update, delete: remove }, args, context),
};
