import type { Clock } from "../../src/clock.ts";
import { isTerminalEvent } from "../../src/rpc/encode-event.ts";
import { StoreHealth } from "../../src/store/store-health.ts";
import { StreamLog } from "../../src/streams/stream-log.ts";
import { DEFAULT_STREAM_SETTINGS, type StreamSettings } from "../../src/streams/stream-settings.ts";
import type { StreamStore } from "../../src/streams/stream-store.ts";

/** Reports to an observer of a log, as words. */
export type Told = string[];

let logs = 0;

export function createTestLog(options: {
  readonly clock: Clock;
  readonly store: StreamStore;
  readonly settings?: Partial<StreamSettings>;
  readonly isTerminal?: (event: Uint8Array) => boolean;
  readonly told?: Told;
}): StreamLog {
  const { clock, store, settings, isTerminal = isTerminalEvent, told = [] } = options;
  logs++;
  let nonces = logs * 1_000;
  return new StreamLog({
    store,
    health: new StoreHealth(clock, ({ state }) => {
      told.push(state === "away" ? "down" : "up");
    }),
    clock,
    settings: () => ({ ...DEFAULT_STREAM_SETTINGS, ...settings }),
    session: `session-${logs}`,
    newNonce: () => ++nonces,
    isTerminal,
    observer: {
      created: () => {},
      ended: () => {},
      readers: () => {},
      appended: (result, events) => void told.push(`${result} ${events}`),
      filled: (cause) => void told.push(`filled ${cause}`),
      lost: (loss) => void told.push(`lost ${loss}`),
    },
  });
}
