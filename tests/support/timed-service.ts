import { startService } from "../../src/service.ts";
import { fromExplainedFile } from "./config-file.ts";
import { createManualClock, type ManualClock } from "./manual-clock.ts";
import { stopAtOnce } from "./stop-at-once.ts";

/** The service as in production, in this process and with a clock that the test moves. */
export interface TimedService {
  readonly clock: ManualClock;
  /** `host:port` of the gRPC listener. */
  readonly grpc: string;
  /** `http://host:port` of the HTTP listener, or `https:` with TLS. */
  readonly http: string;
  readonly log: readonly Readonly<Record<string, unknown>>[];
  /** The steps after SIGTERM. Aborting `hurry` is the second signal. Resolves when the process would exit. */
  stop(hurry?: AbortSignal): Promise<void>;
  /** Sends both signals, and advances the clock until everything has ended. */
  stopAtOnce(): Promise<void>;
}

/** `config`: text of a configuration file. `random`: value of each draw of the clock. `env`: keys of providers. */
export async function startTimedService(
  config = "",
  random = 0.5,
  env: Readonly<Record<string, string>> = {},
): Promise<TimedService> {
  const clock: ManualClock = Object.assign(createManualClock(Date.now()), { random: () => random });
  const log: Readonly<Record<string, unknown>>[] = [];
  const environment = {
    ...env,
    STEER_GRPC_ADDRESS: "127.0.0.1:0",
    STEER_HTTP_ADDRESS: "127.0.0.1:0",
  };
  const settings = fromExplainedFile(config === "" ? "{}" : config, environment);
  const service = await startService(
    (line) => void log.push(line),
    clock,
    () => settings,
  );
  const [first] = log;
  const scheme = settings.http.tls === undefined ? "http" : "https";
  return {
    clock,
    grpc: String(first?.["grpc"]),
    http: `${scheme}://${String(first?.["http"])}`,
    log,
    stop: (hurry = new AbortController().signal) => service.stop(hurry),
    stopAtOnce: () => stopAtOnce(service, clock),
  };
}
