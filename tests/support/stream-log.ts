import type { Clock } from "../../src/clock.ts";
import { StoreHealth } from "../../src/store/store-health.ts";
import { StreamLog } from "../../src/streams/stream-log.ts";
import { DEFAULT_STREAM_SETTINGS } from "../../src/streams/stream-settings.ts";
import type { StreamStore } from "../../src/streams/stream-store.ts";
import { noStreamTelemetry } from "../../src/telemetry/stream-telemetry.ts";

let nonces = 0;

/** The log of one replica over a store, with the test's events. */
export function streamLog(store: StreamStore, clock: Clock, session: string): StreamLog {
  return new StreamLog({
    store,
    health: new StoreHealth(clock, () => {}),
    clock,
    settings: () => DEFAULT_STREAM_SETTINGS,
    session,
    newNonce: () => ++nonces,
    isTerminal: () => false,
    observer: noStreamTelemetry,
  });
}
