import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import { JsonStreamMode } from "../../gen/es/steer/v1/stream_pb.js";
import { requireReasons } from "../support/explained-settings.ts";
import { createGrpcClient } from "../support/grpc-client.ts";
import { attribute, startSink } from "../support/otlp-sink.ts";
import { startService } from "../support/service.ts";
import { ADAPTERS, eventually, startStack } from "../support/stack.ts";

const { generate, streamGenerate } = GenerationService.method;
const PROMPT = "a private question";
const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER_SPAN = "00f067aa0ba902b7";

const REST = { tracestate: "vendor=1", baggage: "user=a%20private%20matter" };
const TRACED = { traceparent: `00-${TRACE}-${CALLER_SPAN}-01`, ...REST };

describe("telemetry", () => {
  it("shows the spans of both calls, the figures, and no content", async () => {
    const sink = await startSink();
    await using stack = await startStack({
      env: {
        ...sink.env,
      },
    });
    const spec = { model: "m-chat", prompt: PROMPT };
    const metadata = { traceparent: `00-${TRACE}-${CALLER_SPAN}-01` };
    const { generation } = await stack.client.unary(generate, { spec }, { metadata });
    for await (const _ of stack.client.stream(streamGenerate, { spec }, { metadata }));

    await eventually(() => sink.spans.length >= 4);
    const server = sink.spans.filter(({ name }) => name.startsWith("steer.v1.GenerationService/"));
    const attempts = sink.spans.filter(({ name }) => name === "chat m-chat");
    expect(server.map(({ name }) => name).sort()).toEqual([
      "steer.v1.GenerationService/Generate",
      "steer.v1.GenerationService/StreamGenerate",
    ]);
    expect(attempts).toHaveLength(2);
    for (const span of server) {
      expect(span).toMatchObject({ traceId: TRACE, parentSpanId: CALLER_SPAN });
      expect(attribute(span, "rpc.system.name")).toBe("grpc");
      expect(attribute(span, "rpc.response.status_code")).toBe("OK");
    }
    for (const span of attempts) {
      expect(server.map(({ spanId }) => spanId)).toContain(span.parentSpanId);
      expect(attribute(span, "gen_ai.provider.name")).toBe("openai");
      expect(Number(attribute(span, "gen_ai.usage.input_tokens"))).toBe(12);
    }
    const wanted = [
      "steer.overhead.duration",
      "nodejs.eventloop.delay.p99",
      "gen_ai.client.operation.duration",
      "gen_ai.client.operation.time_to_first_chunk",
      "gen_ai.client.operation.time_per_output_chunk",
      "gen_ai.client.token.usage",
      "steer.chunk.gap",
      "steer.chunk.rate",
      "steer.character.rate",
      "rpc.server.call.duration",
    ];

    await eventually(() => wanted.every((name) => sink.metrics.has(name)));
    // The provider has reported: nothing was counted here.
    expect(sink.metrics.has("steer.token.estimates")).toBe(false);
    expect(sink.everything()).not.toContain(PROMPT);
    expect(sink.everything()).not.toContain(generation?.outputText.slice(0, 20));
    expect(sink.everything()).not.toContain("secret-key");
    sink.close();
  });

  it("hands the trace of a call and its baggage on to no provider", async () => {
    const sink = await startSink();
    await using stack = await startStack({ env: { ...sink.env } });
    for (const adapter of ADAPTERS) {
      const spec = { model: `m-${adapter}`, prompt: PROMPT };
      await stack.client.unary(generate, { spec }, { metadata: TRACED });
      for await (const _ of stack.client.stream(streamGenerate, { spec }, { metadata: TRACED }));
    }
    const sent = stack.upstream.requests.map(({ headers }) => headers);
    expect(sent).toHaveLength(2 * ADAPTERS.length);
    const names = sent.flatMap(Object.keys);
    expect(names.filter((name) => /^(?:trace|baggage)/.test(name))).toEqual([]);
    expect(JSON.stringify(sent)).not.toContain("private%20matter");
    sink.close();
  });

  it("hands them on to an instance that is configured for it", async () => {
    const sink = await startSink();
    await using stack = await startStack(
      { env: { ...sink.env } },
      (url) => `
providers:
  - {id: own, type: openai, base_url: "${url}/v1", api_key_env: UP_KEY, trace_context: true} # because: the setting is what is tested
  - {id: other, type: openai, base_url: "${url}/v1", api_key_env: UP_KEY}
models:
  - {id: m-own, provider: own}
  - {id: m-other, provider: other}
`,
    );
    const options = { metadata: TRACED };
    for (const model of ["m-own", "m-other"]) {
      const spec = { model, prompt: PROMPT };
      await stack.client.unary(generate, { spec }, options);
      for await (const _ of stack.client.stream(streamGenerate, { spec }, options));
    }
    await eventually(() => sink.spans.length >= 8);
    const attempts = sink.spans.filter(({ name }) => name === "chat m-own");
    const sent = stack.upstream.requests.map(({ headers }) => headers);
    // The provider's request belongs to the attempt.
    expect(sent.slice(0, 2).map((headers) => headers["traceparent"])).toEqual(
      attempts.map(({ spanId }) => `00-${TRACE}-${spanId}-01`),
    );
    for (const headers of sent.slice(0, 2)) expect(headers).toMatchObject(REST);
    for (const name of ["traceparent", ...Object.keys(REST)]) {
      expect(sent.slice(2).map((headers) => headers[name])).toEqual([undefined, undefined]);
    }
    sink.close();
  });

  it("counts the JSON of a stream that asks for it", async () => {
    const sink = await startSink();
    await using stack = await startStack({ env: { ...sink.env } });
    const spec = {
      model: "m-chat",
      prompt: PROMPT,
      outputFormat: { format: { case: "jsonObject" as const, value: {} } },
      providerOptions: { chat: { simulator: { text: '{"a": 1} {"b":' } } },
    };
    const options = { jsonMode: JsonStreamMode.VALUES };
    for await (const _ of stack.client.stream(streamGenerate, { spec, options }));
    await eventually(() => sink.spans.length >= 2 && sink.metrics.has("steer.json.units"));
    const span = sink.spans.find(({ name }) => name === "chat m-chat");
    const names = ["documents", "changes", "units", "malformed"].map((n) => `steer.json.${n}`);
    expect(names.map((name) => Number(span && attribute(span, name)))).toEqual([1, 1, 14, 1]);
    expect(names.map((name) => sink.metrics.get(name)?.[0]?.asDouble)).toEqual([1, 1, 14, 1]);
    sink.close();
  });

  it("tells what attempts have cost, and of usage records that their file does not take", async () => {
    const sink = await startSink();
    const prices = { "m-chat": { input: 2, output: 10 } };
    await using stack = await startStack({
      env: {
        ...sink.env,
        STEER_PRICING_OVERRIDES_JSON: JSON.stringify(prices),
        // A folder is no file.
        STEER_ACCOUNTING_USAGE_FILE: import.meta.dirname,
      },
    });
    const providerOptions = { chat: { simulator: { text: "one two three" } } };
    const spec = { model: "m-chat", prompt: PROMPT, providerOptions };
    const { generation } = await stack.client.unary(generate, { spec });
    for await (const _ of stack.client.stream(streamGenerate, { spec }));
    // 12 in at 2 and 3 out at 10 per million, twice.
    expect(generation?.cost?.totalPicos).toBe(54_000_000n);
    const point = (name: string) => sink.metrics.get(name)?.[0];
    await eventually(() => Math.abs((point("steer.cost")?.asDouble ?? 0) - 0.000108) < 1e-12);
    const { attributes = [] } = point("steer.cost") ?? {};
    expect(attributes).toEqual(
      expect.arrayContaining([
        { key: "steer.provider.instance", value: { stringValue: "chat" } },
        { key: "steer.cost.currency", value: { stringValue: "USD" } },
        { key: "steer.cost.source", value: { stringValue: "price-table" } },
      ]),
    );
    // Two attempts and two calls.
    await eventually(() => Number(point("steer.usage.dropped")?.asDouble) === 4);
    expect(stack.service.log).toContainEqual(
      expect.objectContaining({ event: "usage file failed", code: "EISDIR" }),
    );
    sink.close();
  });

  it("loads nothing of its SDK while it is off", async () => {
    const script = `
      import { registerHooks } from "node:module";
      const loaded = [];
      registerHooks({ load(url, context, next) { loaded.push(url); return next(url, context); } });
      const { run } = await import(${JSON.stringify(join(import.meta.dirname, "../../src/run.ts"))});
      await run();
      console.log(JSON.stringify(loaded.filter((url) => url.includes("@opentelemetry/"))));
      process.exit(0);
    `;
    const env = {
      PATH: process.env["PATH"],
      STEER_GRPC_ADDRESS: "127.0.0.1:0",
      STEER_HTTP_ADDRESS: "127.0.0.1:0",
    };
    requireReasons("", env);
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ["--input-type=module", "-e", script],
      { env },
    );
    expect(JSON.parse(stdout.trim().split("\n").at(-1) ?? "")).toEqual([]);
  });

  it("a collector that is away harms no call", async () => {
    const service = await startService({
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:1", OTEL_BSP_SCHEDULE_DELAY: "50" },
    });
    const client = createGrpcClient(service.grpc);
    for (let call = 0; call < 20; call++) {
      await client.unary(generate, { spec: { model: "simulator", prompt: "Hi" } });
    }
    client.close();
    await service.stop();
  });
});
