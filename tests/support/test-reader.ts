// Readers of a log whose events are words; the last event is `end`.
import type { Cursor } from "../../src/domain/cursor.ts";
import type { StreamDelivery } from "../../src/ports/gateway.ts";
import type { StreamReader } from "../../src/streams/stream-reader.ts";
import type { ReaderWatch } from "../../src/streams/stream-reader-options.ts";
import type { NewStream } from "../../src/streams/stream-record.ts";
import type { StreamSettings } from "../../src/streams/stream-settings.ts";
import { createFaultyStore, type FaultyStoreOptions } from "./faulty-store.ts";
import { createManualClock, type ManualClock } from "./manual-clock.ts";
import { appendTo, beginning, encode, failure, newStream, success } from "./stored-streams.ts";
import { createTestLog, type Told } from "./test-log.ts";

const decoder = new TextDecoder();

export const END = encode("end");

export function isEnd(event: Uint8Array): boolean {
  return decoder.decode(event) === "end";
}

function wordOf(delivery: StreamDelivery): string[] {
  if (delivery.type === "events") return delivery.events.map((event) => decoder.decode(event));
  return [`beat ${delivery.sequence}${delivery.isUndurable ? " undurable" : ""}`];
}

/** Events of one reader so far, and its end. */
export interface Reading {
  readonly seen: string[];
  readonly reader: StreamReader;
  readonly abort: AbortController;
  /** Reports to its watch. */
  readonly watched: readonly unknown[];
  /** `ended`, or the thrown error; undefined: still reading. */
  outcome(): unknown;
}

export async function createTestReaders(
  storeOptions: FaultyStoreOptions = {},
  settings: Partial<StreamSettings> = {},
) {
  const clock: ManualClock = createManualClock();
  const faulty = createFaultyStore(clock, storeOptions);
  const told: Told = [];
  const log = createTestLog({ clock, store: faulty.store, settings, isTerminal: isEnd, told });
  await faulty.peer.openSession(log.session, 0);
  await faulty.peer.openSession("another", 0);

  function read(
    streamId: string,
    cursor: Cursor = beginning,
    heartbeatMs = 0,
    pace?: () => Promise<void>,
  ): Reading {
    const abort = new AbortController();
    const options = { streamId, cursor, signal: abort.signal, heartbeatMs };
    const watched: unknown[] = [];
    const watch: ReaderWatch = {
      first: () => void watched.push("first"),
      ended: (error) => void watched.push(error),
    };
    const reader = log.reader({ ...options, watch });
    const seen: string[] = [];
    let outcome: unknown;
    void (async () => {
      try {
        for await (const delivery of reader.follow()) {
          seen.push(...wordOf(delivery));
          await pace?.();
        }
        outcome = "ended";
      } catch (error) {
        outcome = error;
      }
    })();
    return { seen, reader, abort, watched, outcome: () => outcome };
  }

  return {
    clock,
    ...faulty,
    log,
    told,
    read,
    /** A stream of another replica, with the events 2 to `last`. */
    async foreign(last: number, overrides: Partial<NewStream> = {}): Promise<NewStream> {
      const stream = newStream({ session: "another", start: encode("start"), ...overrides });
      await faulty.peer.create(stream);
      if (last > 1) await faulty.peer.append(eventsOf(stream, 2, last));
      return stream;
    },
    /** A stream of this log. */
    async own(
      overrides: Partial<NewStream> = {},
      hooks: Partial<Parameters<typeof log.begin>[1]> = {},
    ) {
      const stream = newStream({
        session: log.session,
        start: encode("start"),
        token: log.newToken(),
        ...overrides,
      });
      const stopped: string[] = [];
      const begun = await log.begin(stream, {
        disconnect: { policy: "continue" },
        stop: (error) => void stopped.push(error.reason ?? error.kind),
        endUnstarted: () => END,
        ...hooks,
      });
      if (begun.state !== "created") throw new Error(begun.state);
      const { stream: owned } = begun;
      return {
        stream,
        owned,
        /** Why the generation was stopped. */
        stopped,
        add: (first: number, last: number): void => {
          for (let sequence = first; sequence <= last; sequence++) {
            void owned.add(encode(`e${sequence}`), { isContent: true });
          }
        },
        end: (): void => void owned.add(END, { isContent: false, ending: success }),
      };
    },
  };
}

/** Events `e<first>` to `e<last>` of a stream by its first writer. */
export function eventsOf(stream: NewStream, first: number, last: number, nonce?: number) {
  const writer = nonce ?? stream.token.nonce;
  const events = Array.from({ length: last - first + 1 }, (_, index) =>
    encode(`e${first + index}`),
  );
  const token = nonce === undefined ? stream.token : { epoch: 2, nonce };
  return appendTo(stream, first, last, { token, batch: { first, last, writer, events } });
}

/** The last event of a stream. */
export function endOf(stream: NewStream, sequence: number, failed = false) {
  const writer = stream.token.nonce;
  return appendTo(stream, sequence, sequence, {
    batch: { first: sequence, last: sequence, writer, events: [END] },
    ending: failed ? failure : success,
  });
}

/** Everything that a reader of a whole stream has seen at its end. */
export function everything(last: number): string[] {
  return ["start", ...Array.from({ length: last - 2 }, (_, index) => `e${index + 2}`), "end"];
}
