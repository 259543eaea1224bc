// Filter and order of listings, for stores that apply them in this process.
import { asOf } from "./stream-machine.ts";
import type { StreamRecord } from "./stream-record.ts";
import type { CleanupQuery, ListPlace, ListQuery, StoredStream } from "./stream-store.ts";

/** Most streams that one answer of a listing looks at. */
export const LOOKED_AT = 200;

export function newestFirst(a: ListPlace, b: ListPlace): number {
  if (a.createdAt !== b.createdAt) return b.createdAt - a.createdAt;
  if (a.streamId === b.streamId) return 0;
  return a.streamId < b.streamId ? 1 : -1;
}

/** Whether only running streams can match a query. */
export function asksForRunning({ phases }: Pick<ListQuery, "phases">): boolean {
  return phases.length > 0 && phases.every((phase) => phase === "running" || phase === "orphaned");
}

/** Whether a stream matches a query, apart from the query's limit. */
export function matches(
  stream: StreamRecord,
  { now, isOwnerAlive }: Pick<StoredStream, "now" | "isOwnerAlive">,
  query: ListQuery,
): boolean {
  const { phases, provider, caller, olderThanMs, after } = query;
  const isOrphaned = stream.phase === "running" && !isOwnerAlive;
  const phase = isOrphaned ? "orphaned" : stream.phase;
  return (
    (phases.length === 0 || phases.includes(phase)) &&
    (provider === "" || stream.progress.provider === provider) &&
    (caller === "" || stream.caller === caller) &&
    now - stream.updatedAt >= olderThanMs &&
    (after === undefined || newestFirst(after, stream) < 0)
  );
}

/** Whether a stream has ended, is still kept and matches the query. */
export function isCleanable(record: StreamRecord, query: CleanupQuery, now: number): boolean {
  const { phase, endedAt, expiredAt } = asOf(record, now);
  if (phase === "running" || endedAt === undefined || expiredAt !== undefined) return false;
  if (query.phases.length > 0 && !query.phases.includes(phase)) return false;
  return now - endedAt >= query.olderThanMs;
}
