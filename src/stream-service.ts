// Everything that keeps streams: the store, the log on it, and the background work.

import { generationLine } from "./calls/generation-fields.ts";
import type { Clock } from "./clock.ts";
import type { Config } from "./config/config.ts";
import type { OnDefect } from "./domain/defect.ts";
import type { Log, LogLine } from "./domain/log-line.ts";
import type { EventEncoder } from "./gateway/event-sink.ts";
import type { GenerationRuns } from "./gateway/generation-runs.ts";
import type { LostUsage } from "./gateway/lost-usage.ts";
import { StoredGenerations } from "./gateway/stored-generations.ts";
import { Takeover } from "./gateway/takeover.ts";
import { openStores, type Stores } from "./open-stores.ts";
import { isTerminalEvent } from "./rpc/encode-event.ts";
import { decodeStoredRequest } from "./rpc/stored-request.ts";
import { StoreHealth, type StoreState, within } from "./store/store-health.ts";
import { StreamMaintenance } from "./streams/maintenance.ts";
import { StreamLog, type StreamLogOptions } from "./streams/stream-log.ts";
import type { StoredStream } from "./streams/stream-store.ts";
import { noStreamTelemetry, type StreamTelemetry } from "./telemetry/stream-telemetry.ts";
import type { Telemetry } from "./telemetry/telemetry.ts";

/** Milliseconds for the last events of streams to be stored. */
const LAST_APPENDS_MS = 1_000;

/**
 * Longest wait in milliseconds for the store's end, so that a store that cannot be closed does not delay the end of
 * the process.
 */
const CLOSE_MS = 1_000;

/** Bytes for answers whose idempotency keys are held while the store is away. */
const LOCAL_BYTES = 32 * 1024 * 1024;

/** Largest `writer`, 32 bits; 0 means none. */
const MAX_WRITER = 2 ** 32 - 1;

export interface StreamServiceOptions extends EventEncoder {
  readonly clock: Clock;
  readonly log: Log;
  readonly config: () => Pick<Config, "streams">;
  readonly stores: Pick<Stores, "engine" | "streams">;
  /** What else is in the stores, and is in use from the first takeover to the end of the last stream. */
  readonly limits: {
    open(health: StoreHealth): void;
    close(): Promise<void>;
  };
  /** Of this incarnation: another one of the same replica is another writer. */
  readonly session: string;
  readonly runs: GenerationRuns;
  readonly lostUsage: LostUsage;
  readonly telemetry: Telemetry;
  readonly newId: () => string;
  readonly onDefect: OnDefect;
  /** The status that this replica publishes to the others. */
  readonly snapshot: () => Uint8Array;
}

export interface StreamService {
  readonly log: StreamLog;
  /** Streams in the memory of this process, for idempotency keys while the store is away. */
  readonly local: StreamLog;
  readonly stored: StoredGenerations;
  readonly telemetry: StreamTelemetry;
  /** Ends an orphan even if it could continue; false: another replica owns it now. */
  readonly endOrphan: (stream: StoredStream) => Promise<boolean>;
  /** Takes over no streams from now on. An ending replica leaves them to others. */
  stopAdopting(): void;
  /**
   * Ends the background work and the store; what runs must have ended. `closeOthers` is what other tenants do
   * before their store is gone.
   */
  close(closeOthers?: () => Promise<void>): Promise<void>;
}

/** The log line for a store that becomes available or unavailable, or is unavailable for another reason. */
function storeLine(state: StoreState, before: StoreState, now: number): LogLine {
  if (state.state === "away") {
    const { cause, code } = state.trouble;
    return { event: "store away", cause, ...(code !== "" && { code }) };
  }
  const seconds = before.state === "away" ? Math.round((now - before.since) / 100) / 10 : 0;
  return { event: "store back", seconds };
}

/** The health of the store, with its changes logged and counted. */
function observedHealth(clock: Clock, telemetry: StreamTelemetry, log: Log): StoreHealth {
  return new StoreHealth(clock, (state, before) => {
    if (state.state !== before.state) telemetry.degraded(state.state === "away");
    log(storeLine(state, before, clock.now()));
  });
}

/** The log of streams in the memory of this process. */
async function openLocalLog(
  options: Omit<StreamLogOptions, "store" | "health" | "observer">,
): Promise<StreamLog> {
  const { clock } = options;
  const { streams } = await openStores({ type: "memory", maxBytes: LOCAL_BYTES }, clock);
  const health = new StoreHealth(clock, () => {});
  return new StreamLog({ ...options, health, observer: noStreamTelemetry, store: streams });
}

/** Rejects with a `StoreProblem` if the store can never be used as configured. */
export async function startStreams(options: StreamServiceOptions): Promise<StreamService> {
  const { clock, config, log: line, runs, stores, session, telemetry, onDefect } = options;
  const { encodeEvent, encodeInternalEnd } = options;
  const encoder = { encodeEvent, encodeInternalEnd };
  const shared = {
    clock,
    settings: () => config().streams,
    session,
    newNonce: () => 1 + Math.floor(clock.random() * MAX_WRITER),
    isTerminal: isTerminalEvent,
  };
  const observed = telemetry.streams(stores.streams.capabilities.type, stores.streams.held);
  const log = new StreamLog({
    ...shared,
    health: observedHealth(clock, observed, line),
    store: stores.streams,
    observer: {
      ...observed,
      lost(loss) {
        observed.lost(loss);
        line({ event: "stream lost", cause: loss });
      },
    },
  });
  const local = await openLocalLog(shared);
  const stored = new StoredGenerations({
    clock,
    log,
    local,
    newId: options.newId,
    onDefect,
    ...encoder,
  });
  const takeover = new Takeover({
    clock,
    runs,
    log,
    telemetry: observed,
    onDefect,
    ...encoder,
    disconnectPolicy: (given) => stored.disconnectPolicy(given),
    decodeRequest: decodeStoredRequest,
    lostUsage: options.lostUsage,
    onEnd({ streamId, caller, requestId, labels, traceId }, ended) {
      const about = {
        ...(requestId !== "" && { request_id: requestId }),
        ...(traceId !== undefined && { trace_id: traceId }),
        ...(Object.keys(labels).length > 0 && { labels }),
      };
      const own = generationLine(ended);
      line({ event: "generation", caller, stream_id: streamId, ...about, ...own });
    },
  });
  const maintenance = new StreamMaintenance({
    log,
    clock,
    adopt: (stream) => takeover.adopt(stream),
    snapshot: options.snapshot,
    onTakeover({ streamId, token, tail, now, updatedAt }, result) {
      observed.takenOver(result, now - updatedAt);
      line({ event: "takeover", stream_id: streamId, epoch: token.epoch + 1, tail, result });
    },
    onReaped: (streams) => observed.reaped(streams),
    onDefect,
  });
  const localMaintenance = new StreamMaintenance({
    log: local,
    clock,
    adopt: async () => "left",
    snapshot: () => new Uint8Array(),
    onTakeover: () => {},
    onReaped: () => {},
    onDefect,
  });
  async function end(): Promise<void> {
    await options.limits.close();
    await Promise.all([maintenance.stop(), localMaintenance.stop()]);
    await Promise.resolve(within(clock, CLOSE_MS, stores.engine.close())).catch(() => {});
  }

  options.limits.open(log.health);
  await Promise.all([maintenance.start(), localMaintenance.start()]).catch(async (error) => {
    await end();
    throw error;
  });
  return {
    log,
    local,
    stored,
    telemetry: observed,
    endOrphan: (stream) => takeover.end(stream),
    stopAdopting: () => maintenance.stopAdopting(),
    async close(closeOthers) {
      // Those that no call reads.
      await log.handOffAll();
      const ends = Array.from(log.owned.values(), ({ ended }) => ended);
      const timeout = clock.sleep(LAST_APPENDS_MS, new AbortController().signal);
      await Promise.race([Promise.all(ends), timeout]);
      await closeOthers?.();
      await end();
    },
  };
}
