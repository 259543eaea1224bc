import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type Exported, metricProblems, spanProblems } from "./telemetry-tables.ts";

interface KeyValue {
  readonly key: string;
  readonly value: Record<string, unknown>;
}

/** What holds attributes. */
export interface Attributed {
  readonly attributes?: readonly KeyValue[];
}

export interface Span extends Attributed {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly status?: { readonly code?: number };
  readonly links?: readonly { readonly traceId: string; readonly spanId: string }[];
}

export interface DataPoint extends Attributed {
  readonly asInt?: string | number;
  readonly asDouble?: number;
  readonly count?: string | number;
  readonly sum?: number;
}

interface Metric {
  readonly name: string;
  readonly unit?: string;
  readonly sum?: { readonly dataPoints: DataPoint[] };
  readonly gauge?: { readonly dataPoints: DataPoint[] };
  readonly histogram?: { readonly dataPoints: DataPoint[] };
}

/** A collector that accepts OTLP as JSON. */
export interface OtlpSink {
  /** Environment of a process that exports here at short intervals. */
  readonly env: Readonly<Record<string, string>>;
  readonly spans: readonly Span[];
  /** The latest data points by metric. */
  readonly metrics: ReadonlyMap<string, readonly DataPoint[]>;
  /** All received bodies, as text. */
  everything(): string;
  /** Throws if a received span, metric or attribute is on no page of the reference. */
  close(): void;
}

function plain(value: Record<string, unknown>): unknown {
  const { arrayValue } = value as { arrayValue?: { values?: Record<string, unknown>[] } };
  return arrayValue === undefined ? Object.values(value)[0] : (arrayValue.values ?? []).map(plain);
}

function exported(name: string, { attributes = [] }: Attributed, unit?: string): Exported {
  const pairs = attributes.map(({ key, value }) => [key, plain(value)] as const);
  return { name, attributes: new Map(pairs), ...(unit !== undefined && { unit }) };
}

export async function startSink(): Promise<OtlpSink> {
  const spans: Span[] = [];
  const metrics = new Map<string, readonly DataPoint[]>();
  /** Each once. */
  const problems = new Set<string>();
  let everything = "";

  function take(body: string): void {
    everything += body;
    const parsed = JSON.parse(body || "{}") as {
      resourceSpans?: { scopeSpans: { spans: Span[] }[] }[];
      resourceMetrics?: { scopeMetrics: { metrics: Metric[] }[] }[];
    };
    for (const resource of parsed.resourceSpans ?? []) {
      for (const span of resource.scopeSpans.flatMap((scope) => scope.spans)) {
        spans.push(span);
        for (const problem of spanProblems(exported(span.name, span))) problems.add(problem);
      }
    }
    for (const resource of parsed.resourceMetrics ?? []) {
      for (const { name, unit, sum, gauge, histogram } of resource.scopeMetrics.flatMap(
        (scope) => scope.metrics,
      )) {
        const points = (sum ?? gauge ?? histogram)?.dataPoints ?? [];
        metrics.set(name, points);
        const found = points.flatMap((point) => metricProblems(exported(name, point, unit)));
        for (const problem of found) problems.add(problem);
      }
    }
  }

  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8");
    request.on("data", (text: string) => {
      body += text;
    });
    request.on("end", () => {
      take(body);
      response.writeHead(200, { "content-type": "application/json" }).end("{}");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_BSP_SCHEDULE_DELAY: "100",
      OTEL_METRIC_EXPORT_INTERVAL: "300",
      OTEL_METRIC_EXPORT_TIMEOUT: "300",
    },
    spans,
    metrics,
    everything: () => everything,
    close() {
      server.close();
      if (problems.size > 0) throw new Error([...problems].join("\n"));
    },
  };
}

/** The value of an attribute. */
export function attribute(from: Attributed | undefined, key: string): unknown {
  const value = from?.attributes?.find((each) => each.key === key)?.value;
  return value === undefined ? undefined : Object.values(value)[0];
}
