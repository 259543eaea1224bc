// Preload for a process whose event loop is watched: `node --import FILE …`. On SIGUSR2 it writes the delays since
// the last signal to BENCH_LOOP_FILE.
import { renameSync, writeFileSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { isMainThread } from "node:worker_threads";

const file = process.env["BENCH_LOOP_FILE"];
if (isMainThread && file !== undefined) {
  const delays = monitorEventLoopDelay({ resolution: 1 });
  delays.enable();
  process.on("SIGUSR2", () => {
    const ms = (nanos: number): number => nanos / 1e6;
    const figures = {
      p50: ms(delays.percentile(50)),
      p99: ms(delays.percentile(99)),
      max: ms(delays.max),
    };
    delays.reset();
    // Renamed afterwards, so that a reader never sees a partial file.
    writeFileSync(`${file}.new`, JSON.stringify(figures));
    renameSync(`${file}.new`, file);
  });
}
