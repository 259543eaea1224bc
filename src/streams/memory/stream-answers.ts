import type { MemoryEngine } from "../../store/memory/engine.ts";
import { asOf } from "../stream-machine.ts";
import type { NewStream, StreamRecord } from "../stream-record.ts";
import type { StoredStream } from "../stream-store.ts";
import type { MemoryStreams } from "./memory-streams.ts";

export function answerOf(
  { sessions }: MemoryEngine,
  record: StreamRecord,
  now: number,
): StoredStream {
  return { ...asOf(record, now), now, isOwnerAlive: sessions.living.has(record.owner) };
}

/** The stream bound to an idempotency key; undefined: the key is free. */
export function boundStream(
  engine: MemoryEngine,
  streams: MemoryStreams,
  { caller, requestId }: Pick<NewStream, "caller" | "requestId">,
  now: number,
): StoredStream | undefined {
  const found = requestId === "" ? undefined : streams.byKey(caller, requestId);
  const stream = found === undefined ? undefined : answerOf(engine, found.record, now);
  return stream?.isBound === true ? stream : undefined;
}
