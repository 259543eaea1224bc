import type { StreamName } from "../ports/gateway.ts";
import { storeUnavailable } from "../store/store-errors.ts";
import { streamNotFound } from "../streams/stream-errors.ts";
import type { StreamLog } from "../streams/stream-log.ts";
import type { StoredStream } from "../streams/stream-store.ts";
import { STORED_PREFIX, type StreamLogs } from "./stored-generations.ts";

async function lookUp(
  from: StreamLog,
  caller: string,
  name: StreamName,
): Promise<StoredStream | undefined> {
  if ("requestId" in name) return from.store.find(caller, name.requestId);
  const [stream] = await from.store.heads([name.streamId]);
  return stream;
}

/** The caller's own stream. Throws `GatewayError` if it does not exist or the store is away. */
export async function findStream(
  { log, local }: StreamLogs,
  caller: string,
  name: StreamName,
): Promise<StoredStream> {
  const here = await lookUp(local, caller, name);
  if (here?.caller === caller) return here;
  const text = "requestId" in name ? name.requestId : name.streamId;
  if ("streamId" in name && !text.startsWith(STORED_PREFIX)) throw streamNotFound(text);
  const answer = await log.health.look(log.settings.storeTimeoutMs, async () => ({
    stream: await lookUp(log, caller, name),
  }));
  if (answer === undefined) throw storeUnavailable();
  if (answer.stream?.caller !== caller) throw streamNotFound(text);
  return answer.stream;
}
