import { toJson } from "@bufbuild/protobuf";
import { durationFromMs, durationMs } from "@bufbuild/protobuf/wkt";
import {
  ActivityService,
  type WatchActivityResponse,
} from "../../gen/service/steer/admin/v1/activity_service_pb.ts";
import {
  AdminScope,
  AdminService,
  ProviderStatusSchema,
  StoreStatusSchema,
  StreamPhase,
  StreamStateSchema,
} from "../../gen/service/steer/admin/v1/admin_service_pb.ts";
import { MAX_TIMER_MS, systemClock } from "../clock.ts";
import { ActivityWindow } from "./activity-figures.ts";
import { noArguments, parseArguments, parseDuration } from "./arguments.ts";
import { CallFailed } from "./client.ts";
import type { Command, CommandContext } from "./command.ts";
import type { FlagTable } from "./flags.ts";
import { isUnavailable } from "./result-lines.ts";
import { TerminalScreen } from "./terminal-screen.ts";
import { type Paint, painter, type TopFrame, viewOf } from "./top-view.ts";
import { UsageError } from "./usage-error.ts";

const FLAGS = {
  once: {
    type: "boolean",
    default: false,
    help: "print one table and end; into a pipe too",
  },
  json: {
    type: "boolean",
    default: false,
    help: "print one JSON object at each interval, or one with --once",
  },
  interval: {
    type: "string",
    default: "1s",
    value: "DURATION",
    help: "time between two tables, 200ms at least; default: 1s",
  },
  "this-replica": {
    type: "boolean",
    default: false,
    help: "only the replica that answers",
  },
} as const satisfies FlagTable;

const MIN_INTERVAL_MS = 200;
const HISTORY_MS = 60_000;
/** Most streams that are asked for. */
const MAX_STREAMS = 100;
const RUNNING = [StreamPhase.PENDING, StreamPhase.RUNNING, StreamPhase.ORPHANED];
const RECONNECT_MS = 1_000;
/** Time between two looks for the first report. */
const FIRST_REPORT_MS = 50;
/** Columns of a table that is not for a terminal. */
const USUAL_COLUMNS = 80;

function intervalOf(text: string): number {
  const interval = parseDuration("interval", text);
  const ms = interval === undefined ? 0 : durationMs(interval);
  if (ms < MIN_INTERVAL_MS || ms > MAX_TIMER_MS) {
    throw new UsageError(`--interval takes at least ${MIN_INTERVAL_MS}ms`);
  }
  return ms;
}

/** Colours on a terminal that has them, unless NO_COLOR is set. */
function painterFor(output: NodeJS.WriteStream): Paint {
  return painter(output.isTTY && output.hasColors());
}

interface Watched {
  readonly scope: AdminScope;
  readonly client: CommandContext["client"];
  readonly signal: AbortSignal;
}

type Show = (frame: TopFrame) => void;

/** The activity that the service reports, and the state of its providers and streams beside it. */
class Activity {
  readonly #watched: Watched;
  readonly #window = new ActivityWindow();
  #answer: WatchActivityResponse | undefined;

  constructor(watched: Watched) {
    this.#watched = watched;
  }

  /** Reads the reports. Yields after each. */
  async *reports(): AsyncGenerator<void, void> {
    const { client, scope, signal } = this.#watched;
    const history = durationFromMs(HISTORY_MS);
    const method = ActivityService.method.watchActivity;
    for await (const answer of client.stream(method, { scope, history }, { signal })) {
      this.#answer = answer;
      this.#window.add(answer.samples, answer.firstTokenBounds);
      yield;
    }
  }

  /** Undefined: nothing has been reported yet. */
  async frame(): Promise<TopFrame | undefined> {
    const { client, scope, signal } = this.#watched;
    const { getProviderStatus, listStreamStates } = AdminService.method;
    const asked = { phases: RUNNING, pageSize: MAX_STREAMS };
    const [status, streams] = await Promise.all([
      client.unary(getProviderStatus, { scope }, { signal }),
      client.unary(listStreamStates, asked, { signal }),
    ]);
    if (this.#answer === undefined) return undefined;
    return {
      nowMs: systemClock.wallTime(),
      figures: this.#window.figures(),
      answer: this.#answer,
      providers: Object.entries(status.providers),
      streams: streams.streamStates,
      hasMoreStreams: streams.nextPageToken !== "",
    };
  }
}

function jsonOf({ nowMs, figures, answer, providers, streams }: TopFrame): string {
  const { replica, replicas, version, draining, store } = answer;
  return JSON.stringify({
    time: new Date(nowMs).toISOString(),
    replica,
    replicas,
    version,
    draining,
    ...(store !== undefined && { store: toJson(StoreStatusSchema, store) }),
    lastMinute: figures,
    providers: Object.fromEntries(
      providers.map(([id, provider]) => [id, toJson(ProviderStatusSchema, provider)]),
    ),
    streams: streams.map((stream) => toJson(StreamStateSchema, stream)),
  });
}

async function showOnce(watched: Watched, show: Show): Promise<void> {
  const activity = new Activity(watched);
  for await (const _ of activity.reports()) break;
  const frame = await activity.frame();
  if (frame !== undefined) show(frame);
}

/** Shows a frame at each interval until a call fails. */
async function follow(watched: Watched, intervalMs: number, show: Show): Promise<void> {
  const stop = new AbortController();
  const signal = AbortSignal.any([watched.signal, stop.signal]);
  const activity = new Activity({ ...watched, signal });

  async function read(): Promise<void> {
    for await (const _ of activity.reports()) signal.throwIfAborted();
  }

  async function tick(): Promise<void> {
    while (!signal.aborted) {
      const frame = await activity.frame();
      if (frame !== undefined) show(frame);
      await systemClock.sleep(frame === undefined ? FIRST_REPORT_MS : intervalMs, signal);
    }
  }

  const both = [read(), tick()];
  try {
    await Promise.race(both);
  } finally {
    stop.abort();
    await Promise.allSettled(both);
  }
}

/** Follows until the user ends it, and connects again if a replica has gone. */
async function followOn(
  watched: Watched,
  intervalMs: number,
  show: Show,
  onLost: (message: string) => void,
): Promise<void> {
  const { signal } = watched;
  let hasShown = false;
  while (!signal.aborted) {
    try {
      await follow(watched, intervalMs, (frame) => {
        hasShown = true;
        show(frame);
      });
    } catch (error) {
      if (signal.aborted) return;
      if (!hasShown || !(error instanceof CallFailed) || !isUnavailable(error)) throw error;
      onLost(error.message);
    }
    await systemClock.sleep(RECONNECT_MS, signal).catch(() => {});
  }
}

async function fillScreen(context: CommandContext, watched: Watched, ms: number): Promise<void> {
  using screen = new TerminalScreen(context);
  const signal = AbortSignal.any([watched.signal, screen.quit]);
  const paint = painterFor(context.stdout);
  const show: Show = (frame) => screen.draw(viewOf(frame, screen.size, paint));
  const onLost = (message: string): void =>
    screen.draw([`the connection is lost: ${message}`, "connecting again; q ends"]);
  await followOn({ ...watched, signal }, ms, show, onLost);
}

export const top: Command = {
  summary: "watch providers, streams and figures (role operator)",
  usage: ["steer top [options]"],
  about: `Fills the terminal with a table that is renewed every second; q or Ctrl-C ends it. The figures
are those of the last minute. Colours are left out if NO_COLOR is set.`,
  flags: { "": FLAGS },
  async run(args, context) {
    const { values, positionals } = parseArguments(args, FLAGS);
    noArguments(positionals);
    const { client, stdout, stderr, signal } = context;
    const intervalMs = intervalOf(values.interval);
    const scope = values["this-replica"] ? AdminScope.REPLICA : AdminScope.CLUSTER;
    const watched = { scope, client, signal };
    const size = { columns: stdout.columns || USUAL_COLUMNS, rows: undefined };
    const show: Show = values.json
      ? (frame) => void stdout.write(`${jsonOf(frame)}\n`)
      : (frame) => void stdout.write(`${viewOf(frame, size, painterFor(stdout)).join("\n")}\n`);
    if (values.once) return showOnce(watched, show);
    if (values.json) {
      const onLost = (message: string): void =>
        void stderr.write(`steer: the connection is lost: ${message}; connecting again\n`);
      return followOn(watched, intervalMs, show, onLost);
    }
    if (!stdout.isTTY || context.isDumbTerminal) {
      throw new UsageError(
        "standard output is no terminal that can be filled; take --once for one table, or --json",
      );
    }
    await fillScreen(context, watched, intervalMs);
  },
};
