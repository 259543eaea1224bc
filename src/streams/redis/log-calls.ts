import type { RedisLibrary } from "../../store/redis/library.ts";
import { bytesOf, listOf, textOf } from "../../store/redis/replies.ts";
import { sizeOf } from "../batches.ts";
import { packEvents } from "../packed-events.ts";
import type { CancelReason, Ending } from "../stream-record.ts";
import type { Append, AppendResult, CreateAnswer, LogCalls, ReadResult } from "../stream-store.ts";
import { headKey, idempotencyKey } from "./stream-keys.ts";
import { decodeBatch, decodeStream } from "./stream-records.ts";

/** Effect of the stream's end on its key: "0" keeps it, "1" frees it, "2" frees it and deletes the stream. */
function keyOf({ freesKey, isUnused }: Ending): string {
  if (isUnused) return "2";
  return freesKey ? "1" : "0";
}

async function append(library: RedisLibrary, request: Append): Promise<AppendResult> {
  const { streamId, token, batch, firstContent, ending, progress } = request;
  const args: (string | Buffer)[] = [
    String(token.epoch),
    String(token.nonce),
    String(batch.first),
    String(batch.last),
    String(sizeOf(batch.events)),
    String(firstContent),
    bytesOf(packEvents(batch.events)),
  ];
  if (ending !== undefined) args.push(ending.phase, keyOf(ending));
  else if (progress !== undefined) args.push("", "0");
  if (progress !== undefined) args.push(progress.provider, bytesOf(progress.details));
  const key = headKey(streamId);
  const answer =
    ending === undefined
      ? await library.callOr("append_full", "append", key, args)
      : await library.call("finish", key, args);
  const [state, tail, cancel] = listOf(answer);
  return {
    state: textOf(state),
    ...(tail !== undefined && { tail: Number(tail) }),
    ...(cancel !== undefined && { cancel: cancel?.toString() as CancelReason | undefined }),
  } as AppendResult;
}

/**
 * Calls on the log itself. `ttlOf`: the time to live in milliseconds of a session that this process announced, "0"
 * for other sessions.
 */
export function createLogCalls(
  library: RedisLibrary,
  ttlOf: (session: string) => string,
): LogCalls {
  return {
    async check() {
      await library.call("check", "", []);
    },
    async create(stream): Promise<CreateAnswer> {
      const { streamId, token, session, caller, requestId, fingerprint, start, request } = stream;
      const answer = await library.callOr("create_full", "create", headKey(streamId), [
        streamId,
        String(token.epoch),
        String(token.nonce),
        session,
        caller,
        requestId,
        fingerprint,
        String(stream.retentionMs),
        String(stream.totalMs),
        stream.progress.provider,
        bytesOf(stream.progress.details),
        String(start.length),
        bytesOf(packEvents([start])),
        idempotencyKey(caller, requestId),
        ttlOf(session),
        ...(request === undefined ? [] : [bytesOf(request)]),
      ]);
      const [state, other] = listOf(answer);
      const is = textOf(state) as CreateAnswer["state"];
      return is === "exists" ? { state: is, stream: decodeStream(other ?? null) } : { state: is };
    },
    append: (request) => append(library, request),
    async read(streamId, cursor, limit): Promise<ReadResult> {
      const answer = await library.call("read", headKey(streamId), [
        streamId,
        String(cursor.sequence),
        String(cursor.writer),
        String(limit),
      ]);
      const [state, record, batches, more] = listOf(answer);
      const is = textOf(state) as ReadResult["state"];
      if (is === "gone") return { state: is };
      const stream = decodeStream(record ?? null);
      if (is !== "read") return { state: is, stream };
      return { state: is, stream, batches: listOf(batches).map(decodeBatch), hasMore: more === 1 };
    },
  };
}
