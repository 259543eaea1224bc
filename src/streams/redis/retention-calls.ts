import type { Reply } from "../../store/redis/client.ts";
import type { RedisLibrary } from "../../store/redis/library.ts";
import { listOf, textOf } from "../../store/redis/replies.ts";
import { LOOKED_AT } from "../stream-query.ts";
import type { RetentionCalls } from "../stream-store.ts";
import { decodeStream } from "./stream-records.ts";

/** Streams that one step of a cleanup looks at, so that no step blocks Redis for long. */
const PAGE = 200;
const SAMPLE = 100;

/** Where a walk over the streams continues; undefined: the walk is finished. */
type Position = readonly [createdAt: string, streamId: string] | undefined;

function positionOf(reply: Reply | undefined): Position {
  if (reply === null || reply === undefined) return undefined;
  const [createdAt, streamId] = listOf(reply);
  return [textOf(createdAt), textOf(streamId)];
}

/** Listing, expiry and deletion. */
export function createRetentionCalls(library: RedisLibrary): RetentionCalls {
  return {
    async list({ phases, provider, caller, olderThanMs, limit, after }) {
      const [replies, behind] = listOf(
        await library.call("list", "", [
          ...(after === undefined ? ["+inf", ""] : [String(after.createdAt), after.streamId]),
          String(LOOKED_AT),
          String(limit),
          provider,
          caller,
          String(olderThanMs),
          ...phases,
        ]),
      );
      const streams = listOf(replies).map(decodeStream);
      const last = streams.at(-1);
      if (streams.length === limit && last !== undefined) {
        return { streams, next: { createdAt: last.createdAt, streamId: last.streamId } };
      }
      const [createdAt, streamId] = positionOf(behind) ?? [];
      const isLast = createdAt === undefined || streamId === undefined;
      return { streams, next: isLast ? undefined : { createdAt: Number(createdAt), streamId } };
    },
    async reap(tombstoneMs, limit) {
      const answer = await library.call("reap", "", [String(tombstoneMs), String(limit)]);
      return { expired: Number(answer) };
    },
    async cleanup(query) {
      const result = { matched: 0, deleted: 0, skipped: 0, freedBytes: 0, truncated: false };
      const sample: string[] = [];
      let position: Position = ["-inf", ""];
      while (position !== undefined) {
        const answer = await library.call("cleanup", "", [
          ...position,
          String(PAGE),
          String(query.olderThanMs),
          String(query.limit - result.deleted),
          String(SAMPLE - sample.length),
          query.dryRun ? "1" : "0",
          ...query.phases,
        ]);
        const [matched, deleted, skipped, freed, truncated, named, next] = listOf(answer);
        result.matched += Number(matched);
        result.deleted += Number(deleted);
        result.skipped += Number(skipped);
        result.freedBytes += Number(freed);
        result.truncated ||= truncated === 1;
        sample.push(...listOf(named).map(textOf));
        position = positionOf(next);
      }
      return { ...result, sample };
    },
    async discard(streamIds) {
      return { deleted: Number(await library.call("discard", "", streamIds)) };
    },
  };
}
