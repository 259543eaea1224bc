import { type Caller, CallerService } from "../../gen/service/steer/admin/v1/callers_pb.ts";
import { ACCESS_FLAGS, parseAccess } from "./access-flags.ts";
import { noArguments, onlyArgument, parseArguments, parseWord } from "./arguments.ts";
import { CALLER_ROWS, ROLES } from "./caller-rows.ts";
import type { Command } from "./command.ts";
import { type FlagTable, JSON_FLAG } from "./flags.ts";
import { LIST_FLAGS, printOne, printRows, printWarnings } from "./print-rows.ts";
import { type Action, runAction } from "./run-action.ts";
import { UsageError } from "./usage-error.ts";

const PAGE_SIZE = 500;
const { method } = CallerService;

const LIST = {
  group: { type: "string", default: "", value: "ID", help: "only callers of this group" },
  ...LIST_FLAGS,
} as const satisfies FlagTable;

const CREATE = {
  role: { type: "string", value: "ROLE", help: "caller (the default) or operator" },
  group: { type: "string", value: "ID", help: "group of the caller" },
  ...ACCESS_FLAGS,
  ...JSON_FLAG,
} as const satisfies FlagTable;

const FORCE = {
  type: "boolean",
  default: false,
  help: "although no operator with a key without an end is left",
} as const;

const UPDATE = {
  ...CREATE,
  "no-group": { type: "boolean", default: false, help: "take the caller out of its group" },
  force: FORCE,
} as const satisfies FlagTable;

const DELETE = { force: FORCE, ...JSON_FLAG } as const satisfies FlagTable;

const list: Action = async (args, context) => {
  const { values, positionals } = parseArguments(args, LIST);
  noArguments(positionals);
  const callers: Caller[] = [];
  let pageToken = "";
  do {
    const request = { group: values.group, pageSize: PAGE_SIZE, pageToken };
    const page = await context.client.unary(method.listCallers, request, context);
    callers.push(...page.callers);
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
  printRows(context, CALLER_ROWS, callers, values);
};

const get: Action = async (args, context) => {
  const { values, positionals } = parseArguments(args, JSON_FLAG);
  const request = { id: onlyArgument("CALLER", positionals) };
  const { caller } = await context.client.unary(method.getCaller, request, context);
  printOne(context, CALLER_ROWS, caller, values.json);
};

const make: Action = async (args, context) => {
  const { values, positionals } = parseArguments(args, CREATE);
  const id = onlyArgument("CALLER", positionals);
  const { fields } = parseAccess(values);
  const request = {
    caller: {
      id,
      ...fields,
      ...(values.role !== undefined && { role: parseWord("role", values.role, ROLES) }),
      ...(values.group !== undefined && { group: values.group }),
    },
  };
  const { caller, warnings } = await context.client.unary(method.createCaller, request, context);
  printOne(context, CALLER_ROWS, caller, values.json);
  printWarnings(context, warnings);
  if (!values.json) context.stderr.write(`steer: next: steer keys create ${id}\n`);
};

const update: Action = async (args, context) => {
  const { values, positionals } = parseArguments(args, UPDATE);
  const id = onlyArgument("CALLER", positionals);
  const { fields, paths } = parseAccess(values);
  const role = values.role === undefined ? undefined : parseWord("role", values.role, ROLES);
  const group = values["no-group"] ? "" : values.group;
  const updateMask = {
    paths: [
      ...paths,
      ...(role === undefined ? [] : ["role"]),
      ...(group === undefined ? [] : ["group"]),
    ],
  };
  if (updateMask.paths.length === 0) throw new UsageError("name what to change");
  const caller = {
    id,
    ...fields,
    ...(role !== undefined && { role }),
    ...(group !== undefined && { group }),
  };
  const request = { caller, updateMask, force: values.force };
  const answer = await context.client.unary(method.updateCaller, request, context);
  printOne(context, CALLER_ROWS, answer.caller, values.json);
};

const remove: Action = async (args, context) => {
  const { values, positionals } = parseArguments(args, DELETE);
  const request = { id: onlyArgument("CALLER", positionals), force: values.force };
  const { deletedKeys } = await context.client.unary(method.deleteCaller, request, context);
  context.stdout.write(
    values.json ? `${JSON.stringify({ deletedKeys })}\n` : `deleted, with ${deletedKeys} keys\n`,
  );
};

export const callers: Command = {
  summary: "list, make, change or delete callers (role operator)",
  usage: [
    "steer callers list [options]",
    "steer callers get CALLER [--json]",
    "steer callers create CALLER [options]",
    "steer callers update CALLER [options]",
    "steer callers delete CALLER [options]",
  ],
  about: `Callers of the configuration are listed, and changed in the configuration alone. A caller needs a
key: \`steer keys create CALLER\`. Limits are set together: \`update\` with one limit takes the others away.`,
  flags: { list: LIST, get: JSON_FLAG, create: CREATE, update: UPDATE, delete: DELETE },
  run: (args, context) =>
    runAction({ list, get, create: make, update, delete: remove }, args, context),
};
