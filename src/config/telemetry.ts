import type { Environment } from "./sources.ts";

export interface TelemetrySettings {
  /** Name of the service in telemetry. */
  readonly serviceName: string;
}

function isOtelOn(environment: Environment): boolean {
  if (environment["OTEL_SDK_DISABLED"]?.toLowerCase() === "true") return false;
  const exporters = ["OTEL_TRACES_EXPORTER", "OTEL_METRICS_EXPORTER"].map(
    (key) => environment[key],
  );
  const endpoints = ["", "_TRACES", "_METRICS"].map(
    (signal) => environment[`OTEL_EXPORTER_OTLP${signal}_ENDPOINT`],
  );
  if (exporters.every((exporter) => exporter === "none")) return false;
  // OpenTelemetry takes an empty variable for an unset one.
  return [...exporters, ...endpoints].some((value) => value && value !== "none");
}

/** OpenTelemetry reads its own variables, which also say whether telemetry is on; undefined: off. */
export function telemetrySettings(environment: Environment): TelemetrySettings | undefined {
  if (!isOtelOn(environment)) return undefined;
  return { serviceName: environment["OTEL_SERVICE_NAME"] || "steer" };
}
