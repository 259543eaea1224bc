import grpc from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import {
  Health,
  HealthCheckResponse_ServingStatus,
} from "../../gen/es/grpc/health/v1/health_pb.ts";
import { ErrorCategory } from "../../gen/es/steer/v1/error_pb.ts";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.ts";
import { createGrpcClient, gatewayErrorOf } from "../support/grpc-client.ts";
import { startService } from "../support/service.ts";
import { eventually } from "../support/stack.ts";

const { generate, streamGenerate } = GenerationService.method;

function slow(tokens: number, paceMs: number) {
  return {
    model: "simulator",
    prompt: "Hi",
    providerOptions: { simulator: { tokens, pace_ms: paceMs } },
  };
}

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

  it("a second signal jumps to the end", async () => {
    const service = await startService();
    const client = createGrpcClient(service.grpc);
    const running = lastEvent(client.stream(streamGenerate, { spec: slow(10_000, 100) }));
    await new Promise((resolve) => setTimeout(resolve, 300));
    service.signal("SIGTERM");
    await eventually(() => service.log.some(({ event }) => event === "draining"));
    service.signal("SIGTERM");
    expect((await running).last).toBe("error");
    expect(await service.exited).toBe(0);
    client.close();
  });
});
