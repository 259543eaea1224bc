import { expect, it, onTestFinished, vi } from "vitest";
import type { Deployment } from "../../../src/deployment/deployment.ts";
import { GatewayError } from "../../../src/domain/gateway-error.ts";
import { createOperations } from "../../../src/operations/operations.ts";
import { ProviderStats } from "../../../src/reliability/provider-stats.ts";
import { startTelemetry } from "../../../src/telemetry/start-telemetry.ts";
import { answered, fails, hangs, setUpEngine, succeeds } from "../../support/engine.ts";
import { startHttpUpstream } from "../../support/http-upstream.ts";

interface Point {
  readonly attributes: readonly { readonly value: Readonly<Record<string, unknown>> }[];
  readonly asInt?: string | number;
  readonly asDouble?: number;
}

interface Metric {
  readonly name: string;
  readonly gauge?: { readonly dataPoints: readonly Point[] };
  readonly sum?: { readonly dataPoints: readonly Point[] };
}

interface Export {
  readonly resourceMetrics?: readonly {
    readonly scopeMetrics: readonly { readonly metrics: readonly Metric[] }[];
  }[];
}

/** The points of the last export as text: labels, then the value. */
function readPoints(bodies: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const last = bodies
    .map((body): Export => JSON.parse(body))
    .findLast((each) => each.resourceMetrics);
  const metrics = last?.resourceMetrics?.flatMap(({ scopeMetrics }) => scopeMetrics) ?? [];
  return new Map(
    metrics
      .flatMap((scope) => scope.metrics)
      .map(({ name, gauge, sum }) => [
        name,
        (gauge ?? sum)?.dataPoints.map(({ attributes, asInt, asDouble }) =>
          [...attributes.flatMap(({ value }) => Object.values(value)), asInt ?? asDouble].join(" "),
        ) ?? [],
      ]),
  );
}

it("A-56: circuits, budgets, queues and hedges are metrics, by instance and model", async () => {
  await using collector = await startHttpUpstream(({ response }) => {
    response.writeHead(200, { "content-type": "application/json" }).end("{}");
  });
  vi.stubEnv("OTEL_EXPORTER_OTLP_ENDPOINT", new URL(collector.baseUrl).origin);
  vi.stubEnv("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json");
  onTestFinished(() => void vi.unstubAllEnvs());

  const { clock, engine, call } = setUpEngine({ a: fails(answered(503)), b: hangs, c: succeeds() });
  const { observe, shutdown } = startTelemetry({
    clock,
    serviceName: "steer",
    isExported: true,
    isScraped: false,
    callerLabels: false,
  });
  const providers = ["a", "b", "c"].map((id) => ({ id, unavailable: undefined }));
  const deployment = { providers, models: [] } as unknown as Deployment;
  const stats = new ProviderStats(clock);
  observe(createOperations({ clock, engine, stats, deployment: () => deployment }));

  for (let time = 0; time < 5; time++) {
    // The last one opens the circuit, and would wait for a probe.
    const run = call({ at: ["a"], retry: { maxAttempts: time < 4 ? 3 : 1 } });
    await clock.advance(2_000);
    await run.done;
  }
  const hedged = call({ at: ["b", "c"], hedge: { delayMs: 10 } });
  await clock.advance(10);
  expect(await hedged.done).toBeUndefined();
  const running = call({ at: ["b"] });
  await clock.advance(0);
  await shutdown();
  running.cancel(new GatewayError("cancelled", "test"));
  await running.done;

  const points = readPoints(collector.seen.map(({ body }) => body));
  expect(points.get("steer.circuit.state")).toEqual([
    "a test-model closed 0",
    "a test-model half-open 0",
    "a test-model open 1",
    "b test-model closed 1",
    "b test-model half-open 0",
    "b test-model open 0",
    "c test-model closed 1",
    "c test-model half-open 0",
    "c test-model open 0",
  ]);
  const budgets = points.get("steer.retry.budget") ?? [];
  expect(budgets.map((each) => Number(each.split(" ")[1]) < 1)).toEqual([true, false, true]);
  expect(points.get("steer.limit.queued")).toEqual(["a 0", "b 0", "c 0"]);
  expect(points.get("steer.limit.in_flight")).toEqual(["a 0", "b 0", "c 0"]);
  expect(points.get("steer.hedges")?.filter((each) => !each.endsWith(" 0"))).toEqual(["c true 1"]);
});
