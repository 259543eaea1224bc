// A writer over a store with faults, with all its reports.
import { type BusMessage, StreamBus } from "../../src/streams/stream-bus.ts";
import type { NewStream } from "../../src/streams/stream-record.ts";
import { StreamWriter } from "../../src/streams/stream-writer.ts";
import type { EventFacts, StreamWriterOptions } from "../../src/streams/stream-writer-options.ts";
import { createFaultyStore, type FaultyStoreOptions } from "./faulty-store.ts";
import { createManualClock } from "./manual-clock.ts";
import { encode, logOf, newStream } from "./stored-streams.ts";

export const content: EventFacts = { isContent: true };

const decoder = new TextDecoder();

/** Messages of a bus as words, with the sequences of batches. */
function word(message: BusMessage): string {
  switch (message.type) {
    case "batch": {
      const { first, last } = message.batch;
      return `${first}-${last}${message.isLast ? " end" : ""}`;
    }
    case "durability":
      return message.isUndurable ? "undurable" : "durable";
    case "left":
    case "over":
      return message.type;
  }
}

export async function createTestWriter(
  options: Partial<StreamWriterOptions> = {},
  storeOptions: FaultyStoreOptions = {},
) {
  const clock = createManualClock();
  const faulty = createFaultyStore(clock, storeOptions);
  const stream: NewStream = newStream();
  const { streamId, token } = stream;
  await faulty.peer.openSession(stream.session, 0);
  await faulty.peer.create(stream);
  const bus = new StreamBus();
  const shown: string[] = [];
  const told: string[] = [];
  const outages: string[] = [];
  bus.listen(streamId, (message) => void shown.push(word(message)));
  const writer = new StreamWriter({
    store: faulty.store,
    bus,
    clock,
    streamId,
    token,
    tail: 1,
    created: stream,
    showUnstoredAfterMs: 2_000,
    giveUpAfterMs: Number.POSITIVE_INFINITY,
    maxBytes: 8 * 1024 * 1024,
    maxEvents: 200_000,
    onCancel: (reason) => void told.push(`cancel ${reason}`),
    onOutage: ({ cause }) => void outages.push(cause),
    onFull: () => void told.push("full"),
    onLoss: (loss) => void told.push(`lost ${loss}`),
    onAppended: () => {},
    ...options,
  });
  void writer.ended.then(() => told.push("ended"));

  /** Offers events with the sequences `first` to `last`; returns the promise of the last. */
  function offer(first: number, last: number, facts = content): Promise<void> | undefined {
    let wait: Promise<void> | undefined;
    for (let sequence = first; sequence <= last; sequence++) {
      wait = writer.add(encode(`event ${sequence}`), facts);
    }
    return wait;
  }

  return {
    clock,
    ...faulty,
    stream,
    writer,
    /** Reports to the readers of this process. */
    shown,
    /** Causes of failed appends. */
    outages,
    /** Reports to the generation. */
    told,
    offer,
    /** Does not wait, however far the store lags. */
    write: (first: number, last: number, facts = content): void => {
      void offer(first, last, facts);
    },
    async log(): Promise<string[]> {
      return logOf(faulty.peer, streamId);
    },
    /** Appends as `first-last`, with their answers. */
    sent(): string[] {
      return faulty.appends.map(
        ({ append, result }) => `${append.batch.first}-${append.batch.last} ${result.state}`,
      );
    },
    text: (event: Uint8Array) => decoder.decode(event),
  };
}

/** The log of a stream whose events were all made by `write`. */
export function written(start: string, last: number): string[] {
  return [start, ...Array.from({ length: last - 1 }, (_, index) => `event ${index + 2}`)];
}
