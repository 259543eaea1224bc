import { toJson } from "@bufbuild/protobuf";
import {
  CallerService,
  CreateKeyResponseSchema,
  RevokeKeyResponseSchema,
} from "../../gen/service/steer/admin/v1/callers_pb.ts";
import { onlyArgument, parseArguments, parseDuration } from "./arguments.ts";
import { KEY_ROWS } from "./caller-rows.ts";
import type { Command } from "./command.ts";
import { type FlagTable, JSON_FLAG } from "./flags.ts";
import { LIST_FLAGS, printRows, printWarnings } from "./print-rows.ts";
import { type Action, runAction } from "./run-action.ts";

const { method } = CallerService;

const CREATE = {
  lifetime: {
    type: "string",
    value: "DURATION",
    help: "time until the end of the key, such as 90d; without it the key has no end",
  },
  ...JSON_FLAG,
} as const satisfies FlagTable;

const REVOKE = {
  force: {
    type: "boolean",
    default: false,
    help: "although no operator with a key without an end is left",
  },
  ...JSON_FLAG,
} as const satisfies FlagTable;

const list: Action = async (args, context) => {
  const { values, positionals } = parseArguments(args, LIST_FLAGS);
  const request = { caller: onlyArgument("CALLER", positionals) };
  const { keys } = await context.client.unary(method.listKeys, request, context);
  printRows(context, KEY_ROWS, keys, values);
};

const make: Action = async (args, context) => {
  const { values, positionals } = parseArguments(args, CREATE);
  const lifetime = parseDuration("lifetime", values.lifetime);
  const request = {
    caller: onlyArgument("CALLER", positionals),
    ...(lifetime !== undefined && { lifetime }),
  };
  const answer = await context.client.unary(method.createKey, request, context);
  const text = values.json
    ? JSON.stringify(toJson(CreateKeyResponseSchema, answer))
    : answer.secret;
  context.stdout.write(`${text}\n`);
  if (!values.json) {
    context.stderr.write("steer: this is the only time that the key is shown\n");
    printWarnings(context, answer.warnings);
  }
};

const revoke: Action = async (args, context) => {
  const { values, positionals } = parseArguments(args, REVOKE);
  const request = { prefix: onlyArgument("PREFIX", positionals), force: values.force };
  const answer = await context.client.unary(method.revokeKey, request, context);
  const caller = answer.key?.caller ?? "";
  const text = values.json
    ? JSON.stringify(toJson(RevokeKeyResponseSchema, answer))
    : `revoked; ${caller} has ${answer.keysLeft} keys left`;
  context.stdout.write(`${text}\n`);
};

export const keys: Command = {
  summary: "list, make or revoke keys of callers (role operator)",
  usage: [
    "steer keys list CALLER [options]",
    "steer keys create CALLER [options]",
    "steer keys revoke PREFIX [options]",
  ],
  about: `\`create\` prints the key alone to standard output, once. A key is named by its prefix, its first 17
characters. To replace a key, create the next one, hand that out, and revoke the old one when
\`list\` shows that nobody uses it.`,
  flags: { list: LIST_FLAGS, create: CREATE, revoke: REVOKE },
  run: (args, context) => runAction({ list, create: make, revoke }, args, context),
};
