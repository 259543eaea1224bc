import { systemClock } from "./clock.ts";
import { loadConfig } from "./config/load-config.ts";
import type { ProviderTypes } from "./deployment/deployment.ts";
import { describeDefect } from "./domain/defect.ts";
import { createLog } from "./log.ts";
import * as providerTypes from "./providers/registry.ts";
import { OWN_PARTS, type RunningService, startService } from "./service.ts";

const types: ProviderTypes = providerTypes;

/** Runs the service until a signal ends the process. */
export async function run(parts = OWN_PARTS): Promise<void> {
  const say = (message: string): void => void process.stderr.write(`steer: ${message}\n`);
  // If nobody reads standard error, the process must not end.
  process.stderr.on("error", () => {});
  const { log, flush } = createLog(process.stdout, systemClock.wallTime, (code) =>
    say(`standard output takes no lines (${code}): they are dropped and counted`),
  );
  const hurry = new AbortController();
  let service: RunningService | undefined;
  let stopping = false;
  const stop = (signal: NodeJS.Signals): void => {
    if (stopping) return hurry.abort();
    stopping = true;
    log({ event: "draining", signal });
    const stopped = service?.stop(hurry.signal) ?? Promise.resolve();
    void stopped.finally(() => {
      log({ event: "stopped" });
      flush();
      process.exit(0);
    });
  };
  // A defect in one call must not end other calls. Its message stays out of the log.
  process.on("unhandledRejection", (error) => {
    log({ event: "defect", ...describeDefect(error) });
  });
  // Must precede listening: a reader of the first log line may send a signal at once.
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
  process.on("SIGHUP", () => void service?.reload());
  try {
    service = await startService(log, systemClock, () => loadConfig(types), parts);
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
}
