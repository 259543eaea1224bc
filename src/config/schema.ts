import { accountingFields } from "./accounting.ts";
import { caller, callerStoreFields, group } from "./callers.ts";
import { drainFields } from "./drain.ts";
import { limitFields } from "./limits.ts";
import { consoleFields, doorFields, grpcFields, httpFields } from "./listeners.ts";
import { modelEntry } from "./model-entry.ts";
import { providerEntry } from "./provider-entry.ts";
import { flag } from "./readers.ts";
import { reliabilityFields } from "./reliability.ts";
import { routingFields } from "./routing.ts";
import { list, object } from "./sections.ts";
import { streamFields } from "./streams.ts";
import { telemetryFields } from "./telemetry.ts";
import { timeoutFields } from "./timeouts.ts";
import { warmUp } from "./warm-up.ts";
import { workerCount, workerTimeout } from "./workers.ts";

/** The whole file. Each key's environment variable is `STEER_` and its path in upper snake case. */
export const schema = object({
  workers: workerCount,
  worker_timeout: workerTimeout,
  warm_up: warmUp,
  grpc: grpcFields,
  http: httpFields,
  console: consoleFields,
  doors: doorFields,
  callers: list(caller),
  groups: list(group),
  caller_store: callerStoreFields,
  allow_unauthenticated: flag,
  providers: list(providerEntry),
  models: list(modelEntry),
  drain: drainFields,
  limits: limitFields,
  faults: object({ allow: flag }),
  stream: streamFields,
  routing: routingFields,
  timeouts: timeoutFields,
  accounting: accountingFields,
  telemetry: telemetryFields,
  ...reliabilityFields,
});
