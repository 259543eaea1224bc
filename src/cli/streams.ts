import { toJson } from "@bufbuild/protobuf";
import {
  AdminService,
  CancelStreamResponseSchema,
  CleanupStreamStatesResponseSchema,
  StreamPhase,
  type StreamState,
  StreamStateSchema,
} from "../../gen/service/steer/admin/v1/admin_service_pb.ts";
import {
  noArguments,
  onlyArgument,
  parseArguments,
  parseCount,
  parseDuration,
  parseWord,
} from "./arguments.ts";
import type { Command, CommandContext } from "./command.ts";
import { type FlagTable, JSON_FLAG } from "./flags.ts";
import { table } from "./result-lines.ts";
import { type Action, runAction } from "./run-action.ts";
import { PHASES, phaseWord, STREAM_HEAD, streamLines, streamRow } from "./stream-rows.ts";
import { UsageError } from "./usage-error.ts";

const PHASE = {
  type: "string",
  multiple: true,
  value: "PHASE",
  help: `only streams in this phase; several as a,b: ${Object.keys(PHASES).join(", ")}`,
} as const;

const LIST = {
  phase: PHASE,
  provider: { type: "string", default: "", value: "ID", help: "only streams of this instance" },
  caller: { type: "string", default: "", value: "ID", help: "only streams of this caller" },
  "older-than": {
    type: "string",
    value: "DURATION",
    help: "only streams whose last event is at least this old",
  },
  limit: { type: "string", value: "N", help: "most streams to print" },
  "page-size": { type: "string", value: "N", help: "streams per page of the service" },
  ...JSON_FLAG,
} as const satisfies FlagTable;

const CANCEL = {
  note: {
    type: "string",
    default: "",
    value: "TEXT",
    help: "reason, for the log and for the readers of the stream",
  },
  ...JSON_FLAG,
} as const satisfies FlagTable;

const CLEANUP = {
  "older-than": {
    type: "string",
    value: "DURATION",
    help: "required: streams that ended at least this long ago",
  },
  "dry-run": {
    type: "boolean",
    default: false,
    help: "delete nothing, and print what would be deleted",
  },
  "include-orphaned": {
    type: "boolean",
    default: false,
    help: "also end and delete orphaned streams whose last event is at least this old",
  },
  "max-deletions": { type: "string", value: "N", help: "most streams to delete" },
  phase: PHASE,
  ...JSON_FLAG,
} as const satisfies FlagTable;

function phasesOf(given: readonly string[] = []): StreamPhase[] {
  return [...new Set(given.flatMap((words) => words.split(",")))].map((word) =>
    parseWord("phase", word, PHASES),
  );
}

function printState(
  state: StreamState | undefined,
  asJson: boolean,
  { stdout }: CommandContext,
): void {
  if (state === undefined) return;
  if (asJson) stdout.write(`${JSON.stringify(toJson(StreamStateSchema, state))}\n`);
  else stdout.write(`${table(streamLines(state), stdout.isTTY)}\n`);
}

const list: Action = async (args, { client, stdout, signal }) => {
  const { values, positionals } = parseArguments(args, LIST);
  noArguments(positionals);
  const olderThan = parseDuration("older-than", values["older-than"]);
  const filter = {
    phases: phasesOf(values.phase),
    provider: values.provider,
    caller: values.caller,
    ...(olderThan !== undefined && { olderThan }),
  };
  const wanted = parseCount("page-size", values["page-size"]);
  const limit = parseCount("limit", values.limit, undefined, 1);
  let left = limit === 0 ? Number.POSITIVE_INFINITY : limit;
  let pageToken = "";
  let head = [STREAM_HEAD];
  do {
    const pageSize = limit === 0 ? wanted : Math.min(wanted || left, left);
    const request = { ...filter, pageSize, pageToken };
    const page = await client.unary(AdminService.method.listStreamStates, request, { signal });
    const states = page.streamStates.slice(0, left);
    left -= states.length;
    // A page can be empty although others follow.
    pageToken = left > 0 ? page.nextPageToken : "";
    // Each page is printed as it arrives, because there can be many.
    if (values.json) {
      for (const state of states) {
        stdout.write(`${JSON.stringify(toJson(StreamStateSchema, state))}\n`);
      }
    } else {
      const rows = [...head, ...states.map(streamRow)];
      if (rows.length > 0) stdout.write(`${table(rows, stdout.isTTY)}\n`);
      head = [];
    }
  } while (pageToken !== "");
};

const show: Action = async (args, context) => {
  const { values, positionals } = parseArguments(args, JSON_FLAG);
  const streamId = onlyArgument("ID", positionals);
  const { getStreamState } = AdminService.method;
  const { signal } = context;
  const { streamState } = await context.client.unary(getStreamState, { streamId }, { signal });
  printState(streamState, values.json, context);
};

const cancel: Action = async (args, { client, stdout, signal }) => {
  const { values, positionals } = parseArguments(args, CANCEL);
  const request = { streamId: onlyArgument("ID", positionals), note: values.note };
  const response = await client.unary(AdminService.method.cancelStream, request, { signal });
  if (values.json) {
    stdout.write(`${JSON.stringify(toJson(CancelStreamResponseSchema, response))}\n`);
    return;
  }
  const word = phaseWord(response.streamState?.phase ?? StreamPhase.UNSPECIFIED);
  stdout.write(response.cancelled ? "cancelled\n" : `not cancelled: ${word} already\n`);
};

const cleanup: Action = async (args, { client, stdout, signal }) => {
  const { values, positionals } = parseArguments(args, CLEANUP);
  noArguments(positionals);
  const olderThan = parseDuration("older-than", values["older-than"]);
  if (olderThan === undefined) throw new UsageError("--older-than is required");
  const response = await client.unary(
    AdminService.method.cleanupStreamStates,
    {
      olderThan,
      dryRun: values["dry-run"],
      phases: phasesOf(values.phase),
      includeOrphaned: values["include-orphaned"],
      maxDeletions: parseCount("max-deletions", values["max-deletions"]),
    },
    { signal },
  );
  if (values.json) {
    stdout.write(`${JSON.stringify(toJson(CleanupStreamStatesResponseSchema, response))}\n`);
    return;
  }
  const rows = [
    ["matched", String(response.matchedCount)],
    ["deleted", String(response.deletedCount)],
    ["skipped", String(response.skippedCount)],
    ["bytes", String(response.freedBytes)],
    ...response.sampleStreamIds.map((id) => ["sample", id]),
    ...(response.truncated ? [["truncated", "call again to go on"]] : []),
  ];
  stdout.write(`${table(rows, stdout.isTTY)}\n`);
};

export const streams: Command = {
  summary: "list, show, cancel or clean up stored streams (role operator)",
  usage: [
    "steer streams list [options]",
    "steer streams show ID [--json]",
    "steer streams cancel ID [options]",
    "steer streams cleanup --older-than DURATION [options]",
  ],
  about: `  list      newest first
  show      the state of one stream, never its content
  cancel    end any caller's stream
  cleanup   delete streams without confirmation: try --dry-run first

Durations: 500ms, 90s, 15m, 1h, 7d.`,
  flags: { list: LIST, show: JSON_FLAG, cancel: CANCEL, cleanup: CLEANUP },
  run: (args, context) => runAction({ list, show, cancel, cleanup }, args, context),
};
