import type { MemoryEngine } from "../../store/memory/engine.ts";
import { storeFull } from "../../store/store-unavailable.ts";
import { sizeOf } from "../batches.ts";
import { append, created, isSameToken, repeated } from "../stream-machine.ts";
import type { AppendResult, CreateAnswer, LogCalls, ReadResult } from "../stream-store.ts";
import type { MemoryStreams } from "./memory-streams.ts";
import { answerOf, boundStream } from "./stream-answers.ts";

/** Calls on the log itself. */
export function createLogCalls(engine: MemoryEngine, streams: MemoryStreams): LogCalls {
  return {
    async check() {
      if (streams.isFull) throw storeFull();
    },

    create(stream): CreateAnswer {
      const now = engine.time();
      const known = streams.get(stream.streamId);
      if (known !== undefined) {
        return isSameToken(known.record.token, stream.token)
          ? { state: "created" }
          : { state: "exists", stream: answerOf(engine, known.record, now) };
      }
      const other = boundStream(engine, streams, stream, now);
      if (other !== undefined) {
        return repeated(other, stream.fingerprint) === "join"
          ? { state: "exists", stream: other }
          : { state: "conflict" };
      }
      const { start, request, token } = stream;
      const first = { first: 1, last: 1, writer: token.nonce, events: [start] };
      if (!streams.add(created(stream, now), first, request, now)) throw storeFull();
      return { state: "created" };
    },

    append({ streamId, token, batch, firstContent, ending, progress }): AppendResult {
      const now = engine.time();
      const stream = streams.get(streamId);
      const { first, last } = batch;
      const bytes = sizeOf(batch.events);
      const step = { token, first, last, bytes, firstContent, ending, progress };
      const { answer: result, after } = append(stream?.record, step, now);
      if (stream === undefined || (after === undefined && result.state !== "repeated")) {
        return result as Exclude<typeof result, { state: "stored" | "repeated" }>;
      }
      if (after !== undefined && !streams.append(stream, after, batch, now)) throw storeFull();
      const { state, tail } = result as Extract<typeof result, { state: "stored" | "repeated" }>;
      return { state, tail, cancel: stream.record.cancel };
    },

    read(streamId, cursor, limit): ReadResult {
      const found = streams.get(streamId);
      if (found === undefined) return { state: "gone" };
      const { record, log } = found;
      const stream = answerOf(engine, record, engine.time());
      if (log === undefined || stream.expiredAt !== undefined) return { state: "expired", stream };
      const { sequence, writer } = cursor;
      if (sequence > record.tail) return { state: "ahead", stream };
      if (writer !== 0 && sequence > 0 && log.writerOf(sequence) !== writer) {
        return { state: "diverged", stream };
      }
      return { state: "read", stream, ...log.read(sequence, limit) };
    },
  };
}
