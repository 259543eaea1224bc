import { systemClock } from "./clock.ts";
import type { Config } from "./config/config.ts";
import { Primary } from "./primary.ts";
import { createProcessLog } from "./process-log.ts";

/** Runs the service in several workers until a signal ends the process. `configText`: the file that `config` is from. */
export async function runPrimary(config: Config, configText: string | undefined): Promise<void> {
  const { log, countLost, flush, say, output } = createProcessLog();
  const end = (code: number): void => {
    flush();
    process.exit(code);
  };
  const primary = new Primary({
    clock: systemClock,
    config,
    configText,
    log,
    output,
    onLostLine: countLost,
    onHopeless(problem) {
      say(problem);
      end(1);
    },
  });
  let stopping = false;
  const stop = (signal: NodeJS.Signals): void => {
    if (stopping) return primary.hurry();
    stopping = true;
    log({ event: "draining", signal });
    void primary.stop().finally(() => {
      log({ event: "stopped" });
      end(0);
    });
  };
  // Must precede listening: a reader of the first log line may send a signal at once.
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
  process.on("SIGHUP", () => primary.reload());
  try {
    await primary.start();
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
}
