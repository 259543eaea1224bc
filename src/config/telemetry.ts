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
  // OpenTelemetry treats an empty variable as unset.
  return [...exporters, ...endpoints].some((value) => value && value !== "none");
}

/**
 * The settings of telemetry; undefined: off. OpenTelemetry's own variables decide that, and OpenTelemetry reads them
 * itself.
 */
export function telemetrySettings(environment: Environment): TelemetrySettings | undefined {
  if (!isOtelOn(environment)) return undefined;
  return { serviceName: environment["OTEL_SERVICE_NAME"] || "steer" };
}
