import net from "node:net";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import grpc from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import { ErrorCategory } from "../../gen/es/steer/v1/error_pb.js";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import {
  Health,
  HealthCheckResponse_ServingStatus,
} from "../../gen/service/grpc/health/v1/health_pb.ts";
import { createGrpcClient, gatewayErrorOf } from "../support/grpc-client.ts";
import { startService } from "../support/service.ts";
import { eventually, startStack } from "../support/stack.ts";

const { generate, streamGenerate } = GenerationService.method;

function slow(tokens: number, paceMs: number) {
  return {
    model: "simulator",
    prompt: "Hi",
    providerOptions: { simulator: { tokens, pace_ms: paceMs } },
  };
}

/** A unary call that takes 3 seconds, and one that does not end. */
const LATE = { simulator: { first_token_ms: 3_000 } };
const NEVER = { simulator: { first_token_ms: 600_000 } };

async function lastEvent(call: AsyncIterable<{ event: { case: string | undefined } }>) {
  let last: string | undefined;
  let error: unknown;
  try {
    for await (const { event } of call) last = event.case;
  } catch (thrown) {
    error = thrown;
  }
  return { last, error };
}

describe("drain", () => {
  it("A-60: starts without any store, and stops at once when nothing runs", async () => {
    const service = await startService();
    const ready = await fetch(`${service.http}/readyz`);
    expect([ready.status, await ready.json()]).toEqual([200, { status: "OK" }]);
    const startedAt = performance.now();
    service.signal("SIGTERM");
    expect(await service.exited).toBe(0);
    expect(performance.now() - startedAt).toBeLessThan(2_000);
  });

  it("A-66, A-67: a running stream ends in full through GOAWAY, and new calls are sent elsewhere", async () => {
    const service = await startService();
    const client = createGrpcClient(service.grpc);
    const watcher = createGrpcClient(service.grpc);
    const states: number[] = [];
    const watch = watcher.stream(Health.method.watch, {});
    void (async () => {
      for await (const { status } of watch) states.push(status);
    })().catch(() => {});
    const running = lastEvent(client.stream(streamGenerate, { spec: slow(80, 50) }));
    await eventually(() => states.length === 1);
    await new Promise((resolve) => setTimeout(resolve, 200));
    service.signal("SIGTERM");
    await eventually(() => states.at(-1) === HealthCheckResponse_ServingStatus.NOT_SERVING);
    const ready = await fetch(`${service.http}/readyz`);
    expect([ready.status, await ready.json()]).toEqual([503, { status: "DRAINING" }]);
    const refused = await createGrpcClient(service.grpc)
      .unary(generate, { spec: slow(1, 0) })
      .catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: grpc.status.UNAVAILABLE });
    expect(gatewayErrorOf(refused)).toMatchObject({ reason: "DRAINING", retryable: true });
    const [pushback] = (refused as grpc.ServiceError).metadata.get("grpc-retry-pushback-ms");
    expect(Number(pushback)).toBeGreaterThan(0);
    // It runs for 4 seconds: through the GOAWAY after 2.
    expect(await running).toEqual({ last: "complete", error: undefined });
    expect(await service.exited).toBe(0);
    client.close();
    watcher.close();
  });

  it("A-66: a stream that does not end in time gets a typed end within 26 s", async () => {
    const service = await startService();
    const client = createGrpcClient(service.grpc);
    const running = lastEvent(client.stream(streamGenerate, { spec: slow(10_000, 100) }));
    await eventually(() => service.log.length > 0);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const startedAt = performance.now();
    service.signal("SIGTERM");
    const { last, error } = await running;
    expect(last).toBe("error");
    expect(gatewayErrorOf(error)?.category).toBe(ErrorCategory.OWNER_LOST);
    expect(await service.exited).toBe(0);
    expect(performance.now() - startedAt).toBeLessThan(27_000);
    client.close();
  }, 40_000);

  it("A-66: running calls over HTTP end in full, and new ones are sent elsewhere", async () => {
    const service = await startService();
    const transport = createConnectTransport({ baseUrl: service.http, httpVersion: "1.1" });
    const client = createClient(GenerationService, transport);
    const url = `${service.http}/${GenerationService.typeName}/Generate`;
    const running = lastEvent(client.streamGenerate({ spec: slow(60, 50) }));
    const unary = client.generate({ spec: { ...slow(1, 0), providerOptions: LATE } });
    // Both have been admitted when a later call has ended.
    await client.generate({ spec: slow(1, 0) });
    service.signal("SIGTERM");
    await eventually(() => service.log.some(({ event }) => event === "draining"));
    const refused = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      // Not even a request that is no request is read.
      body: "{",
    });
    expect([refused.status, await refused.json()]).toMatchObject([
      503,
      { code: "unavailable", details: [{ debug: { reason: "DRAINING" } }, {}, {}] },
    ]);
    expect(Number(refused.headers.get("grpc-retry-pushback-ms"))).toBeGreaterThan(0);
    // They run for 3 seconds: through the close of the listener after 2.
    expect(await running).toEqual({ last: "complete", error: undefined });
    expect((await unary).generation?.outputText).not.toBe("");
    expect(await service.exited).toBe(0);
  });

  it("A-67: a client's own retries follow a refusal, and stop where the provider has failed", async () => {
    await using stack = await startStack();
    const retryPolicy = {
      maxAttempts: 3,
      initialBackoff: "0.2s",
      maxBackoff: "2s",
      backoffMultiplier: 2,
      retryableStatusCodes: ["UNAVAILABLE"],
    };
    const client = createGrpcClient(stack.service.grpc, grpc.credentials.createInsecure(), {
      "grpc.service_config": JSON.stringify({
        methodConfig: [{ name: [{ service: GenerationService.typeName }], retryPolicy }],
      }),
    });
    const faults = [1, 2, 3].map((attempt) => ({ attempt, status: 503 }));
    const failing = {
      model: "m-chat",
      prompt: "Hi",
      providerOptions: { chat: { simulator: { faults } } },
    };
    await expect(client.unary(generate, { spec: failing })).rejects.toMatchObject({ code: 14 });
    // The gateway's own attempts, and not those of three calls.
    expect(stack.upstream.requests).toHaveLength(3);

    const running = lastEvent(client.stream(streamGenerate, { spec: slow(10_000, 100) }));
    await client.unary(generate, { spec: slow(1, 0) });
    stack.service.signal("SIGTERM");
    await eventually(() => stack.service.log.some(({ event }) => event === "draining"));
    const before = stack.service.log.length;
    await expect(client.unary(generate, { spec: slow(1, 0) })).rejects.toMatchObject({ code: 14 });
    const refused = (): number =>
      stack.service.log.slice(before).filter(({ error }) => error === "gateway-overloaded").length;
    await eventually(() => refused() === 3);
    stack.service.signal("SIGTERM");
    await running;
    client.close();
  });

  it("stops at once when nothing runs, whoever stays connected", async () => {
    const service = await startService();
    const client = createGrpcClient(service.grpc);
    await client.unary(generate, { spec: slow(1, 0) });
    const watch = lastEvent(client.stream(Health.method.watch, {}) as never);
    await (await fetch(`${service.http}/readyz`)).arrayBuffer();
    const sockets = [service.grpc, service.http.slice("http://".length)].map((address) =>
      net.connect(Number(address.split(":").at(-1)), "127.0.0.1").on("error", () => {}),
    );
    await eventually(() => sockets.every(({ readyState }) => readyState === "open"));
    const startedAt = performance.now();
    service.signal("SIGTERM");
    expect(await service.exited).toBe(0);
    expect(performance.now() - startedAt).toBeLessThan(2_000);
    await watch;
    client.close();
  });

  it("a second signal jumps to the end", async () => {
    const service = await startService();
    const client = createGrpcClient(service.grpc);
    const running = lastEvent(client.stream(streamGenerate, { spec: slow(10_000, 100) }));
    const unary = client
      .unary(generate, { spec: { ...slow(1, 0), providerOptions: NEVER } })
      .catch((error: unknown) => error);
    await client.unary(generate, { spec: slow(1, 0) });
    service.signal("SIGTERM");
    await eventually(() => service.log.some(({ event }) => event === "draining"));
    service.signal("SIGTERM");
    expect((await running).last).toBe("error");
    expect(gatewayErrorOf(await unary)?.category).toBe(ErrorCategory.OWNER_LOST);
    expect(await service.exited).toBe(0);
    client.close();
  });
});
