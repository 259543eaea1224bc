import type { MemoryEngine } from "../../store/memory/engine.ts";
import { cancelRequested, claim, handedOff } from "../stream-machine.ts";
import type { OwnershipCalls, StoredStream } from "../stream-store.ts";
import type { MemoryStreams } from "./memory-streams.ts";
import { answerOf, boundStream } from "./stream-answers.ts";

/** Calls that concern writers, readers and cancels of a stream. */
export function createOwnershipCalls(engine: MemoryEngine, streams: MemoryStreams): OwnershipCalls {
  return {
    async touchReaders(streamIds) {
      const now = engine.time();
      for (const id of streamIds) {
        const stream = streams.get(id);
        if (stream !== undefined) streams.update(stream, { ...stream.record, readersSeenAt: now });
      }
    },

    async find(caller, requestId) {
      return boundStream(engine, streams, { caller, requestId }, engine.time());
    },
    async heads(streamIds) {
      const now = engine.time();
      return streamIds.map((id) => {
        const record = streams.get(id)?.record;
        return record === undefined ? undefined : answerOf(engine, record, now);
      });
    },
    async requestCancel(streamId, reason) {
      const stream = streams.get(streamId);
      if (stream === undefined) return undefined;
      streams.update(stream, cancelRequested(stream.record, reason));
      return answerOf(engine, stream.record, engine.time());
    },

    async orphans(limit) {
      const now = engine.time();
      const found: StoredStream[] = [];
      for (const { record } of streams.running.orphans(engine.sessions.living)) {
        if (found.length >= limit) break;
        found.push(answerOf(engine, record, now));
      }
      return found;
    },
    async claim(streamId, expectedEpoch, next) {
      const stream = streams.get(streamId);
      const isAlive = engine.sessions.living.has(stream?.record.owner ?? "");
      const { answer: result, after } = claim(stream?.record, expectedEpoch, isAlive, next);
      if (stream === undefined || after === undefined || result.state !== "claimed") {
        return result as Exclude<typeof result, { state: "claimed" }>;
      }
      streams.update(stream, after);
      return { state: "claimed", stream: answerOf(engine, after, engine.time()) };
    },
    async handOff(streamId, token, cause) {
      const stream = streams.get(streamId);
      const after = handedOff(stream?.record, token, cause);
      if (stream === undefined || after === undefined) return false;
      streams.update(stream, after);
      return true;
    },
    async loadRequest(streamId, maxBytes) {
      const stream = streams.get(streamId);
      if (stream === undefined) return undefined;
      const { expiredAt } = answerOf(engine, stream.record, engine.time());
      return expiredAt === undefined ? stream.request?.subarray(0, maxBytes) : undefined;
    },
  };
}
