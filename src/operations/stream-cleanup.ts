// Deletes stored streams by age, for operators.
import type { Clock } from "../clock.ts";
import type { CleanupOrder, CleanupReport, EndedPhase } from "../domain/stream-states.ts";
import type { StreamLog } from "../streams/stream-log.ts";
import type { EndPhase } from "../streams/stream-record.ts";
import type { ListQuery, StoredStream } from "../streams/stream-store.ts";

/** Longest wait for one answer of the store, in milliseconds. */
const WAIT_MS = 5_000;
/** Longest time of one call, in milliseconds. After it the call returns with `truncated`. */
const MAX_CALL_MS = 5_000;
/** Deletions per step of the store, which also serves calls. */
const STEP = 500;
const SAMPLE = 100;
/** Orphans per answer of the store. */
const PAGE = 500;

const PHASES: Readonly<Record<EndedPhase, EndPhase>> = {
  succeeded: "completed",
  failed: "failed",
  cancelled: "cancelled",
};

export interface StreamDependencies {
  readonly clock: Clock;
  readonly log: StreamLog;
  /** Ends an orphan. False: another replica has claimed it. */
  readonly endOrphan: (stream: StoredStream) => Promise<boolean>;
}

export function createStreamCleanup({ clock, log, endOrphan }: StreamDependencies) {
  const { store, health } = log;
  const demand = <T>(ask: () => T | Promise<T>): Promise<T> => health.demand(WAIT_MS, ask);

  async function orphansOf(order: CleanupOrder, endsAt: number): Promise<StoredStream[]> {
    const orphans: StoredStream[] = [];
    let after: ListQuery["after"];
    let isLast = !order.includeOrphaned;
    while (!isLast && clock.now() < endsAt) {
      const query: ListQuery = {
        phases: ["orphaned"],
        provider: "",
        caller: "",
        olderThanMs: order.olderThanMs,
        limit: PAGE,
        after,
      };
      const found = await demand(() => store.list(query));
      orphans.push(...found.streams);
      after = found.next;
      isLast = after === undefined;
    }
    return orphans;
  }

  /** Deletes ended streams, in steps, while there is time. */
  async function deleteEnded(
    order: CleanupOrder,
    endsAt: number,
    limit: number,
  ): Promise<CleanupReport> {
    const step = (most: number): Promise<CleanupReport> => {
      const phases = order.phases.map((phase) => PHASES[phase]);
      const { olderThanMs, dryRun } = order;
      return demand(() => store.cleanup({ phases, olderThanMs, dryRun, limit: most }));
    };
    const first = await step(Math.min(STEP, limit));
    let { deleted, freedBytes, truncated } = first;
    let isMoving = deleted > 0;
    while (truncated && isMoving && deleted < limit && clock.now() < endsAt) {
      const next = await step(Math.min(STEP, limit - deleted));
      isMoving = next.deleted > 0;
      deleted += next.deleted;
      freedBytes += next.freedBytes;
      truncated = next.truncated;
    }
    // A store may count only the streams that it has looked at.
    return { ...first, matched: Math.max(first.matched, deleted), deleted, freedBytes, truncated };
  }

  return async function cleanUp(order: CleanupOrder): Promise<CleanupReport> {
    const endsAt = clock.now() + MAX_CALL_MS;
    const limit = order.maxDeletions || Number.MAX_SAFE_INTEGER;
    const orphans = await orphansOf(order, endsAt);
    const ended = await deleteEnded(order, endsAt, limit);
    const matched = ended.matched + orphans.length;
    // Stores count orphans among the running streams.
    const skipped = Math.max(0, ended.skipped - orphans.length);
    if (order.dryRun) {
      const bytes = orphans.reduce((sum, orphan) => sum + orphan.bytes, 0);
      const names = [...ended.sample, ...orphans.map(({ streamId }) => streamId)];
      const freedBytes = ended.freedBytes + bytes;
      return { ...ended, matched, skipped, freedBytes, sample: names.slice(0, SAMPLE) };
    }
    const report = { ...ended, matched, skipped, sample: [] };
    for (const orphan of orphans) {
      if (report.deleted >= limit || clock.now() >= endsAt) return { ...report, truncated: true };
      const isEnded = await demand(() => endOrphan(orphan));
      const { deleted } = isEnded
        ? await demand(() => store.discard([orphan.streamId]))
        : { deleted: 0 };
      report.deleted += deleted;
      if (deleted > 0) report.freedBytes += orphan.bytes;
      else report.skipped++;
    }
    return report;
  };
}
