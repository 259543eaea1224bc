import { isDeepStrictEqual } from "node:util";
import type { Config } from "./config.ts";

type TlsSection = Config["grpc"]["tls"];

/** Whether a listener uses TLS and asks clients for certificates. */
function kindOf(tls: TlsSection): string {
  if (tls === undefined) return "plain";
  return tls.clientCaFile === undefined ? "tls" : "mutual";
}

/** Values that are fixed at the start, by key. */
const FIXED: Readonly<Record<string, (config: Config) => unknown>> = {
  workers: ({ workers }) => workers,
  worker_timeout: ({ workerTimeoutMs }) => workerTimeoutMs,
  warm_up: ({ warmUpMs }) => warmUpMs,
  "grpc.address": ({ grpc }) => grpc.address,
  "http.address": ({ http }) => http.address,
  "grpc.max_connection_age": ({ grpc }) => grpc.ageLimit,
  "grpc.tls": ({ grpc }) => kindOf(grpc.tls),
  "http.tls": ({ http }) => kindOf(http.tls),
  "http.cors_origins": ({ http }) => http.corsOrigins,
  doors: ({ doors: { pass: _, passFields: __, ...served } }) => served,
  "console.enabled": ({ console }) => console.enabled,
  "limits.request_bytes": ({ limits }) => limits.requestBytes,
  "telemetry.metrics_address": ({ telemetry }) => telemetry?.metricsAddress,
  "telemetry.caller_labels": ({ telemetry }) => telemetry?.callerLabels,
  "stream.store": ({ store }) => store,
};

/** Keys that differ from those at the start and that a reload does not apply. */
export function restartKeys(started: Config, next: Config): readonly string[] {
  return Object.entries(FIXED)
    .filter(([, of]) => !isDeepStrictEqual(of(started), of(next)))
    .map(([key]) => key);
}
