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
import { createTakeover } from "./takeover.ts";

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
  readonly stored: StoredGenerations;
  /** Ends the background work and the store; what runs must have ended. */
  close(): Promise<void>;
}

export async function startStreams(options: StreamServiceOptions): Promise<StreamService> {
  const { clock, config, log: line, runs, replica } = options;
  const store = await openStore(config().store, clock);
  const log = new StreamLog({
    store,
    clock,
    settings: () => config().streams,
    // Another incarnation of a replica is another writer.
    session: `${replica}-${randomBytes(4).toString("hex")}`,
    newNonce: () => randomInt(1, WRITERS),
    isTerminal: isTerminalEvent,
    observer: {
      stored: () => {},
      filled: () => {},
      lost: (loss) => line({ event: "stream lost", loss }),
      degraded: (isDown) => line({ event: isDown ? "store away" : "store back" }),
    },
  });
  const stored = createStoredGenerations({ clock, log, newId: options.newId, encodeEvent });
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
  await maintenance.start();
  return {
    log,
    stored,
    async close() {
      await maintenance.stop();
      await store.close();
    },
  };
}
