import { expect, it } from "vitest";
import { fromEnvironment } from "../../support/config-file.ts";

it.each([
  [{}, undefined],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:4318" }, "steer"],
  [{ OTEL_TRACES_EXPORTER: "otlp", OTEL_SERVICE_NAME: "edge" }, "edge"],
  [{ OTEL_TRACES_EXPORTER: "" }, undefined],
  [{ OTEL_TRACES_EXPORTER: "none", OTEL_METRICS_EXPORTER: "none" }, undefined],
  [{ OTEL_SDK_DISABLED: "true", OTEL_TRACES_EXPORTER: "otlp" }, undefined],
])("turns telemetry on by the standard variables: %o", (environment, serviceName) => {
  const { telemetry } = fromEnvironment(environment);
  expect(telemetry?.serviceName).toBe(serviceName);
  expect(telemetry?.metricsAddress).toBeUndefined();
});

const shipped = { host: "127.0.0.1", port: 9464 };
const own = { host: "0.0.0.0", port: 9000 };
const ADDRESS = { STEER_TELEMETRY_METRICS_ADDRESS: "0.0.0.0:9000" };
it.each([
  [{ STEER_METRICS: "true" }, shipped],
  [{ STEER_METRICS: "" }, undefined],
  [{ STEER_METRICS: "false" }, undefined],
  [ADDRESS, own],
  [{ ...ADDRESS, STEER_METRICS: "true" }, own],
  [{ ...ADDRESS, STEER_METRICS: "false" }, undefined],
  [{ OTEL_SDK_DISABLED: "false", STEER_METRICS: "true" }, shipped],
])("serves the metrics where it is told to: %o", (environment, address) => {
  const { telemetry } = fromEnvironment(environment);
  expect(telemetry?.metricsAddress).toEqual(address);
  expect(telemetry?.isExported ?? false).toBe(false);
});
