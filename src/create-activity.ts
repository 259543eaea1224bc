// The activity of this replica and of all that share its store, for operators.
import type { ActivityCounters } from "./activity/activity-counters.ts";
import { ActivityFeed, WatcherPlaces } from "./activity/activity-feed.ts";
import { ClusterActivity } from "./activity/cluster-activity.ts";
import type { LocalActivity } from "./activity/local-activity.ts";
import { pageOfCalls } from "./activity/page-of-calls.ts";
import { decodeShared, type SharedActivity } from "./activity/shared-activity.ts";
import { WatchedHints } from "./activity/watched-hints.ts";
import type { Clock } from "./clock.ts";
import type { OnDefect } from "./domain/defect.ts";
import type { GatewayError } from "./domain/gateway-error.ts";
import type { Scope } from "./domain/operations.ts";
import { commandOf } from "./domain/replica-name.ts";
import { readOtherSnapshots } from "./operations/replica-snapshot.ts";
import type { Activity } from "./ports/activity.ts";
import { answerTimeMs } from "./reliability/attempt-limits.ts";
import type { StreamLog } from "./streams/stream-log.ts";
import type { UsageRecord } from "./usage/usage-sink.ts";

/** Most watchers at a replica. */
const MAX_WATCHERS = 200;

/** Counts the end of an attempt or of a generation. */
export function countRecord(counters: ActivityCounters, record: UsageRecord): void {
  if (record.type === "call") counters.generationEnded(record.generation);
  else counters.attemptEnded();
}

export interface StartedActivity {
  readonly service: Activity;
  /** All answers say from now on that the replica drains. */
  startDraining(): void;
  /** Ends all watchers, and refuses new ones. */
  readonly endWatches: (error: GatewayError) => void;
  stop(): void;
}

export interface ActivityParts {
  readonly clock: Clock;
  readonly replica: string;
  readonly activity: LocalActivity;
  readonly onDefect: OnDefect;
}

/** Takes a sample every second until `stop`. */
export function startActivity(parts: ActivityParts, log: StreamLog): StartedActivity {
  const { clock, replica, activity: local, onDefect } = parts;
  const { ring } = local;
  const { isShared } = log.store.capabilities;
  let isDraining = false;

  async function others(scope: Scope): Promise<readonly SharedActivity[]> {
    const snapshots = await readOtherSnapshots(log, replica, scope);
    return snapshots.flatMap((each) => decodeShared(each.activity, each.replica) ?? []);
  }

  const own = {
    get last() {
      return ring.last;
    },
    after: (second: number) => ring.after(second),
    replicas: [replica],
  };
  const hints = new WatchedHints(clock, (hint) => {
    void log.control.send({ type: "watched", ...hint });
  });
  const shared = { clock, places: new WatcherPlaces(MAX_WATCHERS), answerTimeMs };
  const alone = new ActivityFeed({ ...shared, source: own });

  /** With the other replicas of the scope. */
  function joinedFeed(scope: Scope) {
    const source = new ClusterActivity({ own, replica, others: () => others(scope) });
    const feed = new ActivityFeed({ ...shared, source });
    async function join(): Promise<void> {
      hints.send(false);
      if (await source.join()) feed.publish();
    }
    return {
      feed,
      second(): void {
        if (feed.isWatched) void join().catch((error: unknown) => onDefect(error));
        else source.pass();
      },
    };
  }

  const isWorker = commandOf(replica) !== undefined;
  /** Whether the scope has other replicas. Without them, nobody waits for them. */
  const isWide = (scope: Scope): boolean => isShared && (scope === "cluster" || isWorker);
  const joined = new Map(
    (["replica", "cluster"] as const).filter(isWide).map((scope) => [scope, joinedFeed(scope)]),
  );
  const feeds = [alone, ...Array.from(joined.values(), ({ feed }) => feed)];

  ring.onSecond(() => {
    alone.publish();
    for (const { second } of joined.values()) second();
  });
  log.control.on("watched", (hint) => local.share.heard(hint));
  local.start();

  const service: Activity = {
    watch(query) {
      const wide = joined.get(query.scope);
      if (wide === undefined) return alone.watch(query);
      hints.send(false);
      return wide.feed.watch(query);
    },
    async recentCalls(filter, limit, token) {
      const wide = isWide(filter.scope);
      if (wide) hints.send(true);
      const told = (wide ? await others(filter.scope) : []).filter(
        ({ calls }) => calls !== undefined,
      );
      const calls = [...local.calls.all(), ...told.flatMap((each) => each.calls ?? [])];
      const replicas = [replica, ...told.map((each) => each.replica)].sort();
      return { ...pageOfCalls(calls, filter, limit, token), replicas };
    },
    rememberedCalls: local.calls.capacity,
    get isDraining() {
      return isDraining;
    },
  };
  return {
    service,
    startDraining() {
      isDraining = true;
    },
    endWatches(error) {
      for (const feed of feeds) feed.end(error);
    },
    stop: () => local.stop(),
  };
}
