import type { Reply } from "../../store/redis/client.ts";
import type { RedisLibrary } from "../../store/redis/library.ts";
import { bufferOf, listOf, textOf } from "../../store/redis/replies.ts";
import type { ClaimResult, OwnershipCalls, StoredStream } from "../stream-store.ts";
import { headKey, idempotencyKey } from "./stream-keys.ts";
import { decodeStream } from "./stream-records.ts";

export interface OwnershipCallsOptions {
  readonly library: RedisLibrary;
  /** The time to live in milliseconds of a session that this process announced, "0" for other sessions. */
  readonly ttlOf: (session: string) => string;
  /** Whether this replica subscribes to the batches of the stream. */
  readonly isSubscribed: (streamId: string) => boolean;
}

function optionalStream(reply: Reply): StoredStream | undefined {
  return reply === null ? undefined : decodeStream(reply);
}

/** Calls that concern writers, readers and cancels of a stream. */
export function createOwnershipCalls(options: OwnershipCallsOptions): OwnershipCalls {
  const { library, ttlOf, isSubscribed } = options;
  return {
    async touchReaders(streamIds) {
      if (streamIds.length === 0) return;
      const args = streamIds.flatMap((id) => [id, isSubscribed(id) ? "1" : "0"]);
      await library.call("touch_readers", "", args);
    },
    async find(caller, requestId) {
      const key = idempotencyKey(caller, requestId);
      return key === "" ? undefined : optionalStream(await library.call("find", key, []));
    },
    async heads(streamIds) {
      return listOf(await library.call("heads", "", streamIds)).map(optionalStream);
    },
    async requestCancel(streamId, reason) {
      const args = [streamId, reason];
      return optionalStream(await library.call("request_cancel", headKey(streamId), args));
    },
    async orphans(limit) {
      return listOf(await library.call("orphans", "", [String(limit)])).map(decodeStream);
    },
    async claim(streamId, expectedEpoch, next): Promise<ClaimResult> {
      const answer = await library.call("claim", headKey(streamId), [
        streamId,
        String(expectedEpoch),
        next.session,
        String(next.nonce),
        ttlOf(next.session),
      ]);
      const [state, record] = listOf(answer);
      const is = textOf(state) as ClaimResult["state"];
      return is === "claimed" ? { state: is, stream: decodeStream(record ?? null) } : { state: is };
    },
    async handOff(streamId, token, cause) {
      const args = [streamId, String(token.epoch), String(token.nonce), cause];
      return (await library.call("hand_off", headKey(streamId), args)) === 1;
    },
    async loadRequest(streamId) {
      const request = await library.call("load_request", headKey(streamId), [streamId]);
      return request === null ? undefined : bufferOf(request);
    },
  };
}
