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

  async function others(): Promise<readonly SharedActivity[]> {
    const snapshots = await readOtherSnapshots(log, replica);
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
  const joined = new ClusterActivity({ own, replica, others });
  const shared = { clock, places: new WatcherPlaces(MAX_WATCHERS), answerTimeMs };
  const ofReplica = new ActivityFeed({ ...shared, source: own });
  // Without other replicas, nobody waits for them.
  const ofCluster = isShared ? new ActivityFeed({ ...shared, source: joined }) : ofReplica;

  async function join(): Promise<void> {
    hints.send(false);
    if (await joined.join()) ofCluster.publish();
  }

  ring.onSecond(() => {
    ofReplica.publish();
    if (!isShared) return;
    if (ofCluster.isWatched) void join().catch((error: unknown) => onDefect(error));
    else joined.pass();
  });
  log.control.on("watched", (hint) => local.share.heard(hint));
  local.start();

  const service: Activity = {
    watch(query) {
      if (query.scope === "replica" || !isShared) return ofReplica.watch(query);
      hints.send(false);
      return ofCluster.watch(query);
    },
    async recentCalls(filter, limit, token) {
      const isWide = filter.scope === "cluster" && isShared;
      if (isWide) hints.send(true);
      const told = (isWide ? await others() : []).filter(({ calls }) => calls !== undefined);
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
      ofReplica.end(error);
      ofCluster.end(error);
    },
    stop: () => local.stop(),
  };
}
