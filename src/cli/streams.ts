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
import { table } from "./output.ts";
import { PHASES, phaseWord, STREAM_HEAD, streamLines, streamRow } from "./stream-rows.ts";
import { UsageError } from "./usage-error.ts";

type Run = Command["run"];

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

const list: Run = async (args, { client, stdout, signal }) => {
  const { values, positionals } = parseArguments(args, {
    phase: { type: "string", multiple: true },
    provider: { type: "string", default: "" },
    caller: { type: "string", default: "" },
    "older-than": { type: "string" },
    limit: { type: "string" },
    "page-size": { type: "string" },
    json: { type: "boolean", default: false },
  });
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
    // A page can be empty, and others follow.
    pageToken = left > 0 ? page.nextPageToken : "";
    // A page is printed when it is there: there can be many.
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

const show: Run = async (args, context) => {
  const { values, positionals } = parseArguments(args, {
    json: { type: "boolean", default: false },
  });
  const streamId = onlyArgument("ID", positionals);
  const { getStreamState } = AdminService.method;
  const { signal } = context;
  const { streamState } = await context.client.unary(getStreamState, { streamId }, { signal });
  printState(streamState, values.json, context);
};

const cancel: Run = async (args, { client, stdout, signal }) => {
  const { values, positionals } = parseArguments(args, {
    note: { type: "string", default: "" },
    json: { type: "boolean", default: false },
  });
  const request = { streamId: onlyArgument("ID", positionals), note: values.note };
  const response = await client.unary(AdminService.method.cancelStream, request, { signal });
  if (values.json) {
    stdout.write(`${JSON.stringify(toJson(CancelStreamResponseSchema, response))}\n`);
    return;
  }
  const word = phaseWord(response.streamState?.phase ?? StreamPhase.UNSPECIFIED);
  stdout.write(response.cancelled ? "cancelled\n" : `not cancelled: ${word} already\n`);
};

const cleanup: Run = async (args, { client, stdout, signal }) => {
  const { values, positionals } = parseArguments(args, {
    "older-than": { type: "string" },
    "dry-run": { type: "boolean", default: false },
    "include-orphaned": { type: "boolean", default: false },
    "max-deletions": { type: "string" },
    phase: { type: "string", multiple: true },
    json: { type: "boolean", default: false },
  });
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

const ACTIONS: Readonly<Record<string, Run>> = { list, show, cancel, cleanup };

export const streams: Command = {
  summary: "list, show, cancel or clean up stored streams (role operator)",
  help: `usage: steer streams list | show ID | cancel ID | cleanup --older-than DURATION [options]

  list      newest first; --phase PHASE --provider ID --caller ID --older-than DURATION
            --limit N (prints no more), --page-size N (asks for so many at a time)
  show      what is known of one stream; never its content
  cancel    end any caller's stream; --note TEXT says why, in the log and to its readers
  cleanup   delete streams that ended at least that long ago; --dry-run --phase PHASE
            --include-orphaned --max-deletions N. Nothing is asked: try --dry-run first

Each takes --json. Phases, several as a,b: ${Object.keys(PHASES).join(", ")}.
Durations: 500ms, 90s, 15m, 1h, 7d.`,
  async run([action = "", ...args], context) {
    const run = Object.hasOwn(ACTIONS, action) ? ACTIONS[action] : undefined;
    if (run === undefined) {
      const words = Object.keys(ACTIONS).join(", ");
      throw new UsageError(action === "" ? `one of ${words}` : `no "${action}": one of ${words}`);
    }
    await run(args, context);
  },
};
