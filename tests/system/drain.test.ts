import http2 from "node:http2";
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
import { rawCall, statusOf } from "../support/raw-grpc.ts";
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

// Each has a service of its own, and waits more than it works.
describe.concurrent("drain", () => {
  it("A-60: starts without any store, and stops when nothing runs", async () => {
    const service = await startService();
    const ready = await fetch(`${service.http}/readyz`);
    expect([ready.status, await ready.json()]).toEqual([200, { status: "OK" }]);
    service.signal("SIGTERM");
    expect(await service.exited).toBe(0);
  });

  it("A-66, A-67: a running stream ends in full through GOAWAY, while health says no", async () => {
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
    // It runs for 4 seconds: through the GOAWAY after 2.
    expect(await running).toEqual({ last: "complete", error: undefined });
    expect(await service.exited).toBe(0);
    client.close();
    watcher.close();
  });

  it("A-66: a stream that does not end in time gets a typed end behind the grace of 25 s", async () => {
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
    expect(performance.now() - startedAt).toBeLessThan(60_000);
    client.close();
  });

  it("A-66: running calls over HTTP end in full, and new ones are served on connections that end", async () => {
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
    const served = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ spec: { model: "simulator", prompt: "Hi" } }),
    });
    expect([served.status, served.headers.get("connection")]).toEqual([200, "close"]);
    expect(await served.json()).toMatchObject({ generation: {} });
    // They run for 3 seconds: through the close of the listener after 2.
    expect(await running).toEqual({ last: "complete", error: undefined });
    expect((await unary).generation?.outputText).not.toBe("");
    expect(await service.exited).toBe(0);
  });

  it("A-67: a client's own retries stop where the provider has failed", async () => {
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
    client.close();
  });

  it("stops after the notice when nothing runs, whoever stays connected", async () => {
    const service = await startService();
    const client = createGrpcClient(service.grpc);
    await client.unary(generate, { spec: slow(1, 0) });
    const watch = lastEvent(client.stream(Health.method.watch, {}) as never);
    await (await fetch(`${service.http}/readyz`)).arrayBuffer();
    const sockets = [service.grpc, service.http.slice("http://".length)].map((address) =>
      net.connect(Number(address.split(":").at(-1)), "127.0.0.1").on("error", () => {}),
    );
    await eventually(() => sockets.every(({ readyState }) => readyState === "open"));
    service.signal("SIGTERM");
    // Well before the 25 s that running calls would have.
    const late = setTimeout(() => service.signal("SIGKILL"), 15_000);
    expect(await service.exited).toBe(0);
    clearTimeout(late);
    await watch;
    client.close();
  });

  it("field:E25 fails no call on an open HTTP/2 connection through SIGTERM while a stream runs", async () => {
    const [service, other] = await Promise.all([startService(), startService()]);
    const session = http2.connect(`http://${service.grpc}`);
    let goaway = false;
    session.once("goaway", () => {
      goaway = true;
    });
    const spec = slow(80, 50);
    const running = rawCall(session, streamGenerate, { spec });
    const statuses: (string | undefined)[] = [];
    const call = async (over: http2.ClientHttp2Session): Promise<void> => {
      statuses.push(statusOf(await rawCall(over, generate, { spec: slow(1, 0) })));
      await new Promise((resolve) => setTimeout(resolve, 50));
    };
    await call(session);
    service.signal("SIGTERM");
    await eventually(() => service.log.some(({ event }) => event === "draining"));
    const before = statuses.length;
    while (!goaway) await call(session);
    // A client that is told goes to another replica; nothing repeats a call here.
    expect(statuses.length - before).toBeGreaterThan(3);
    const next = http2.connect(`http://${other.grpc}`);
    for (let calls = 0; calls < 5; calls++) await call(next);
    expect(statusOf(await running)).toBe("0");
    expect(new Set(statuses)).toEqual(new Set(["0"]));
    expect(await service.exited).toBe(0);
    next.destroy();
    await other.stop();
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
