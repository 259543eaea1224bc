// Everything that keeps streams: the store, the log over it, and what goes on for
// them in the background.
import { randomBytes, randomInt } from "node:crypto";
import type { Clock } from "./clock.ts";
import type { Config } from "./config.ts";
import type { GenerationRuns } from "./generation-run.ts";
import type { Log } from "./log.ts";
import { encodeEvent, isTerminalEvent } from "./rpc/encode-event.ts";
import { decodeStoredRequest } from "./rpc/stored-request.ts";
import { createStoredGenerations, type StoredGenerations } from "./stored-generation.ts";
import { StreamMaintenance } from "./streams/maintenance.ts";
import { openStore } from "./streams/open-store.ts";
import { StreamLog } from "./streams/stream-log.ts";
import type { WriterLoss } from "./streams/stream-writer.ts";
import { createTakeover } from "./takeover.ts";

/** The last events of streams have this long to be stored. */
const LAST_APPENDS_MS = 1_000;

/** Room for answers whose idempotency keys are held while the store is away. */
const LOCAL_BYTES = 32 * 1024 * 1024;

/** Values of `writer`: 32 bits, and 0 stands for none. */
const WRITERS = 2 ** 32;

export interface StreamServiceOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly config: () => Config;
  readonly replica: string;
  readonly runs: GenerationRuns;
  readonly newId: () => string;
}

export interface StreamService {
  readonly log: StreamLog;
  /** In the memory of this process: idempotency keys while the store is away. */
  readonly local: StreamLog;
  readonly stored: StoredGenerations;
  /** Ends the background work and the store; what runs must have ended. */
  close(): Promise<void>;
}

export async function startStreams(options: StreamServiceOptions): Promise<StreamService> {
  const { clock, config, log: line, runs, replica } = options;
  const store = await openStore(config().store, clock);
  const shared = {
    clock,
    settings: () => config().streams,
    // Another incarnation of a replica is another writer.
    session: `${replica}-${randomBytes(4).toString("hex")}`,
    newNonce: () => randomInt(1, WRITERS),
    isTerminal: isTerminalEvent,
    observer: {
      stored: () => {},
      filled: () => {},
      lost: (loss: WriterLoss) => line({ event: "stream lost", loss }),
      degraded: (isDown: boolean) => line({ event: isDown ? "store away" : "store back" }),
    },
  };
  const log = new StreamLog({ ...shared, store });
  const local = new StreamLog({
    ...shared,
    store: await openStore({ type: "memory", maxBytes: LOCAL_BYTES }, clock),
  });
  const stored = createStoredGenerations({ clock, log, local, newId: options.newId, encodeEvent });
  const adopt = createTakeover({
    clock,
    runs,
    log,
    encodeEvent,
    disconnectPolicy: stored.disconnectPolicy,
    decodeRequest: decodeStoredRequest,
  });
  const maintenance = new StreamMaintenance({
    log,
    clock,
    adopt,
    onTakeover: ({ streamId, token, tail }, result) =>
      line({ event: "takeover", stream_id: streamId, epoch: token.epoch + 1, tail, result }),
    onReaped: () => {},
  });
  const localMaintenance = new StreamMaintenance({
    log: local,
    clock,
    adopt: async () => "left",
    onTakeover: () => {},
    onReaped: () => {},
  });
  await Promise.all([maintenance.start(), localMaintenance.start()]);
  return {
    log,
    local,
    stored,
    async close() {
      const ends = Array.from(log.owned.values(), ({ ended }) => ended);
      const timeout = clock.sleep(LAST_APPENDS_MS, new AbortController().signal);
      await Promise.race([Promise.all(ends), timeout]);
      await Promise.all([maintenance.stop(), localMaintenance.stop()]);
      await store.close();
    },
  };
}
