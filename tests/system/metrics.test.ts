import { createHash } from "node:crypto";
import { expect, it } from "vitest";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import { createGrpcClient } from "../support/grpc-client.ts";
import { startSink } from "../support/otlp-sink.ts";
import { metricsPage, type Sample, sampleProblems, samplesOf } from "../support/read-metrics.ts";
import { startService } from "../support/service.ts";
import { eventually, startStack } from "../support/stack.ts";

const { generate, streamGenerate } = GenerationService.method;
const PROMPT = "a private question";
const ADDRESS = { STEER_TELEMETRY_METRICS_ADDRESS: "127.0.0.1:0" };

function sampleOf(
  samples: readonly Sample[],
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  const wanted = Object.entries(labels);
  const fitting = (each: Sample): boolean =>
    each.name === name && wanted.every(([key, value]) => each.labels.get(key) === value);
  return samples.find(fitting)?.value;
}

it("Prometheus reads what the reference has, and no content", async () => {
  await using stack = await startStack({ env: ADDRESS });
  const spec = { model: "m-chat", prompt: PROMPT };
  const { generation } = await stack.client.unary(generate, { spec });
  for await (const _ of stack.client.stream(streamGenerate, { spec }));
  const failing = { ...spec, model: "m-unknown" };
  await expect(stack.client.unary(generate, { spec: failing })).rejects.toThrow();

  let page = "";
  const calls = { rpc_response_status_code: "NOT_FOUND" };
  await eventually(async () => {
    page = await metricsPage(stack.service);
    return sampleOf(samplesOf(page), "rpc_server_call_duration_seconds_count", calls) === 1;
  });
  const samples = samplesOf(page);
  expect(samples.flatMap(sampleProblems)).toEqual([]);
  const instance = { steer_provider_instance: "chat" };
  expect(
    sampleOf(samples, "gen_ai_client_token_usage_sum", { ...instance, gen_ai_token_type: "input" }),
  ).toBe(24);
  expect(sampleOf(samples, "steer_stream_created_total")).toBe(1);
  expect(sampleOf(samples, "steer_retry_budget_ratio", instance)).toBe(1);
  // An alert sees an increase from 0 alone.
  for (const reason of ["SPEND_LIMIT", "GROUP_SPEND_LIMIT"]) {
    expect(sampleOf(samples, "steer_limits_near_total", { error_type: reason })).toBe(0);
  }
  expect(sampleOf(samples, "nodejs_eventloop_delay_p99_seconds")).toBeGreaterThan(0);
  expect(samples.flatMap(({ labels }) => [...labels.keys()])).not.toContain("steer_caller");
  expect(page).not.toContain(PROMPT);
  expect(page).not.toContain(generation?.outputText.slice(0, 20));
  // Without an exporter there are no spans, so that a call belongs to no trace.
  expect(stack.service.log.filter((line) => "trace_id" in line)).toEqual([]);
});

it("a collector gets the same metrics at the same time", async () => {
  const sink = await startSink();
  await using stack = await startStack({ env: { ...ADDRESS, ...sink.env } });
  await stack.client.unary(generate, { spec: { model: "m-chat", prompt: PROMPT } });
  const name = "steer.overhead.duration";
  await eventually(() => Number(sink.metrics.get(name)?.[0]?.count) === 1);
  await eventually(() => sink.spans.length >= 2);
  const samples = samplesOf(await metricsPage(stack.service));
  expect(sampleOf(samples, "steer_overhead_duration_seconds_count")).toBe(1);
  sink.close();
});

it("calls, tokens and money are told by caller only where that is asked for", async () => {
  const hash = createHash("sha256").update("key").digest("hex");
  const service = await startService({
    env: { ...ADDRESS, STEER_TELEMETRY_CALLER_LABELS: "true" },
    config: `callers: [{id: billing, role: caller, key_sha256: ${hash}}]`,
  });
  const client = createGrpcClient(service.grpc);
  const spec = { model: "simulator", prompt: PROMPT };
  await client.unary(generate, { spec }, { metadata: { authorization: "Bearer key" } });
  await expect(client.unary(generate, { spec })).rejects.toThrow();

  let samples: readonly Sample[] = [];
  const of = (status: string) =>
    samples.find(
      ({ name, labels }) =>
        name === "rpc_server_call_duration_seconds_count" &&
        labels.get("rpc_response_status_code") === status,
    )?.labels;
  await eventually(async () => {
    samples = samplesOf(await metricsPage(service));
    return of("UNAUTHENTICATED") !== undefined && of("OK") !== undefined;
  });
  expect(samples.flatMap(sampleProblems)).toEqual([]);
  expect(of("OK")?.get("steer_caller")).toBe("billing");
  expect(of("UNAUTHENTICATED")?.has("steer_caller")).toBe(false);
  const caller = { steer_caller: "billing" };
  expect(sampleOf(samples, "gen_ai_client_token_usage_count", caller)).toBe(1);
  client.close();
  await service.stop();
});

it("the address is taken, and the service does not start", async () => {
  await using stack = await startStack({ env: ADDRESS });
  const address = String(stack.service.log[0]?.["metrics"]);
  const second = startService({ env: { STEER_TELEMETRY_METRICS_ADDRESS: address } });
  await expect(second).rejects.toThrow(
    `the listener of the metrics cannot listen on ${address}: the port is taken`,
  );
});
