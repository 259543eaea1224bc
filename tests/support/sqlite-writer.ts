// A process that appends to streams of a SQLite file until it is killed, and prints the acknowledged events: one
// line `<stream> <sequence>` each. Arguments: file, prefix of the ids.
import { writeSync } from "node:fs";
import { systemClock } from "../../src/clock.ts";
import { openSqliteStreams } from "./open-streams.ts";
import { appendTo, newStream } from "./stored-streams.ts";

const [path = "", prefix = ""] = process.argv.slice(2);
const store = await openSqliteStreams({ clock: systemClock, path, maxBytes: undefined });
await store.openSession("session-of-writer", 60_000);

/** Written synchronously, also if the pipe is full: an acknowledged but unprinted event would look lost. */
function say(line: string): void {
  for (;;) {
    try {
      writeSync(1, line);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
    }
  }
}

async function write(streamId: string): Promise<void> {
  const stream = newStream({ streamId, session: "session-of-writer" });
  await store.create(stream);
  for (let first = 2; ; first += 3) {
    const { state } = await store.append(appendTo(stream, first, first + 2));
    if (state !== "stored") throw new Error(state);
    say(`${streamId} ${first + 2}\n`);
  }
}

await Promise.all(Array.from({ length: 20 }, (_, index) => write(`s.${prefix}-${index}`)));
