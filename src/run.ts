import { systemClock } from "./clock.ts";
import type { Config } from "./config/config.ts";
import { loadConfig } from "./config/load-config.ts";
import type { ProviderTypes } from "./deployment/deployment.ts";
import { createProcessLog } from "./process-log.ts";
import * as providerTypes from "./providers/registry.ts";
import { OWN_PARTS, type RunningService, startService } from "./service.ts";
import { warmUpFor } from "./warm-up.ts";

const types: ProviderTypes = providerTypes;

/** Runs the service in this process until a signal ends the process. `first`: the configuration, if it is read. */
export async function run(parts = OWN_PARTS, first?: Config): Promise<void> {
  const { log, flush, say } = createProcessLog();
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
  // Must precede listening: a reader of the first log line may send a signal at once.
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
  process.on("SIGHUP", () => void service?.reload());
  let read = first;
  const load = (): Config => {
    const config = read ?? loadConfig(types);
    read = undefined;
    return config;
  };
  try {
    read ??= loadConfig(types);
    const trouble = await warmUpFor(read.warmUpMs, systemClock);
    service = await startService(log, systemClock, load, parts);
    if (trouble !== undefined) log({ event: "warning", message: trouble });
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
}
