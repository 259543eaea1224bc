// What callers do with their own stored streams beside reading them.
import type { StoredStreamRequest } from "../ports/gateway.ts";
import { streamExpired, streamRuns } from "../streams/stream-errors.ts";
import type { StoredStream } from "../streams/stream-store.ts";
import { findStream } from "./find-stream.ts";
import type { StreamLogs } from "./stored-generations.ts";

/** Longest wait for a request, which can have megabytes. */
const REQUEST_TIMEOUT_MS = 2_000;

/** The caller's own stream, with its end if a reader can have that already. Rejects with `GatewayError`. */
async function keptStream(
  logs: StreamLogs,
  caller: string,
  streamId: string,
): Promise<StoredStream> {
  const { log } = logs;
  const owned = log.owned.get(streamId);
  // A reader has the last event before the store has recorded the end.
  if (owned?.hasEnd === true) {
    await log.health.demand(log.settings.storeTimeoutMs, () => owned.ended);
  }
  const stream = await findStream(logs, caller, { streamId });
  if (stream.expiredAt !== undefined) throw streamExpired(streamId);
  return stream;
}

/** `deleteStream` of the gateway. */
export async function deleteStream(
  logs: StreamLogs,
  caller: string,
  streamId: string,
): Promise<void> {
  const { log } = logs;
  const { phase } = await keptStream(logs, caller, streamId);
  if (phase === "running") throw streamRuns(streamId);
  await log.health.demand(log.settings.storeTimeoutMs, () => log.store.discard([streamId]));
}

/** A stored request that a caller asks for. */
interface RequestQuery {
  readonly caller: string;
  readonly streamId: string;
  /** Undefined: all of the request. */
  readonly maxBytes: number | undefined;
}

/** `storedRequest` of the gateway. */
export async function storedRequest(
  logs: StreamLogs,
  { caller, streamId, maxBytes }: RequestQuery,
): Promise<StoredStreamRequest> {
  const { log } = logs;
  const { phase } = await keptStream(logs, caller, streamId);
  const request = await log.health.demand(REQUEST_TIMEOUT_MS, () =>
    log.store.loadRequest(streamId, maxBytes),
  );
  return { isRunning: phase === "running", request };
}
