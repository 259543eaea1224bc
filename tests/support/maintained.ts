import { StreamMaintenance } from "../../src/streams/maintenance.ts";
import type { StoredStream } from "../../src/streams/stream-store.ts";
import type { FaultyStoreOptions } from "./faulty-store.ts";
import { createTestReaders } from "./test-reader.ts";

type Adopt = (stream: StoredStream) => Promise<"taken" | "ended" | "left">;

/** The maintenance of a log over a store with faults, with its reports and takeovers. */
export async function createMaintained(
  adopt: Adopt = async () => "left",
  snapshot = () => new Uint8Array(),
  options: FaultyStoreOptions = { isShared: true },
) {
  const set = await createTestReaders(options);
  const adopted: string[] = [];
  const said: string[] = [];
  const maintenance = new StreamMaintenance({
    log: set.log,
    clock: set.clock,
    adopt: (stream) => {
      adopted.push(stream.streamId);
      return adopt(stream);
    },
    onTakeover: ({ streamId }, result) => void said.push(`${streamId} ${result}`),
    snapshot,
    onReaped: (expired) => void said.push(`reaped ${expired}`),
    onDefect: (error) => void said.push(String(error)),
  });
  return { ...set, maintenance, adopted, said };
}
