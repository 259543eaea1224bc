// Keys of the metrics. Export by OTLP is configured by OpenTelemetry's own variables.
import { FLAG, type KeyRow } from "./key-row.ts";

export const telemetryKeys: readonly KeyRow[] = [
  {
    key: "telemetry.metrics_address",
    values: "`HOST:PORT`, IPv6 in brackets; port 0 takes a free one",
    defaultInWords: "none; `127.0.0.1:9464` with `STEER_METRICS=true`",
    meaning:
      "address of a listener that serves [the metrics](metrics.md) at `/metrics` for Prometheus; `STEER_METRICS=false` turns it off",
  },
  {
    key: "telemetry.caller_labels",
    values: FLAG,
    default: "false",
    meaning: "metrics of calls, tokens and money have the label `steer.caller`",
  },
];
