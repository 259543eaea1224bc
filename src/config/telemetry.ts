import { type Address, address, ConfigProblem, flag } from "./readers.ts";
import { object, type Section } from "./sections.ts";
import { ConfigError, type Environment } from "./sources.ts";

/** `true` serves `/metrics` at the default address where no address is set; `false` serves it nowhere. */
export const METRICS_VARIABLE = "STEER_METRICS";

/** The port that Prometheus' list of ports has for exporters of OpenTelemetry. */
const DEFAULT_METRICS_ADDRESS: Address = { host: "127.0.0.1", port: 9464 };

const fields = { metrics_address: address, caller_labels: flag };

/** The section `telemetry` of the file. */
export const telemetryFields = object(fields);

export interface TelemetrySettings {
  /** Name of the service in telemetry. */
  readonly serviceName: string;
  /** Spans and metrics are exported as OpenTelemetry's own variables say. */
  readonly isExported: boolean;
  /** Where `/metrics` is served; undefined: nowhere. */
  readonly metricsAddress: Address | undefined;
  /** Metrics of calls, tokens and money have a label with the caller's id. */
  readonly callerLabels: boolean;
}

const isSdkDisabled = (environment: Environment): boolean =>
  environment["OTEL_SDK_DISABLED"]?.toLowerCase() === "true";

function isOtelOn(environment: Environment): boolean {
  if (isSdkDisabled(environment)) return false;
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

function metricsAddress(given: Address | undefined, environment: Environment): Address | undefined {
  const wanted = environment[METRICS_VARIABLE] || undefined;
  if (wanted === "false") return undefined;
  if (wanted !== undefined && wanted !== "true") {
    throw new ConfigError(`${METRICS_VARIABLE}: must be true or false`);
  }
  const chosen = given ?? (wanted === undefined ? undefined : DEFAULT_METRICS_ADDRESS);
  if (chosen === undefined || !isSdkDisabled(environment)) return chosen;
  const message = "OTEL_SDK_DISABLED=true switches every metric off: unset one of the two";
  throw new ConfigProblem(["telemetry", "metrics_address"], message);
}

/**
 * The section of the file, and OpenTelemetry's own variables. Undefined: telemetry is off. Throws
 * `ConfigProblem`, and `ConfigError` for a variable that no section has.
 */
export function telemetrySettings(
  section: Section<typeof fields> | undefined,
  environment: Environment,
): TelemetrySettings | undefined {
  const served = metricsAddress(section?.metricsAddress, environment);
  const isExported = isOtelOn(environment);
  if (!isExported && served === undefined) return undefined;
  return {
    serviceName: environment["OTEL_SERVICE_NAME"] || "steer",
    isExported,
    metricsAddress: served,
    callerLabels: section?.callerLabels ?? false,
  };
}
