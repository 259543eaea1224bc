import { create, toBinary } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import {
  Health,
  HealthCheckRequestSchema,
  HealthCheckResponseSchema,
} from "../../../gen/service/grpc/health/v1/health_pb.ts";
import { GenerationService } from "../../../gen/service/steer/v1/generation_service_pb.ts";
import { generationLine } from "../../../src/calls/generation-fields.ts";
import type { HandlerCall } from "../../../src/calls/handler-call.ts";
import { GatewayError } from "../../../src/domain/gateway-error.ts";
import { GenerationFailed } from "../../../src/domain/generation.ts";
import { encodeGatewayError } from "../../../src/rpc/encode-error.ts";
import { StreamFailed } from "../../../src/rpc/stream-failed.ts";
import { noTelemetry } from "../../../src/telemetry/telemetry.ts";
import { refusalOf, setUpDispatcher } from "../../support/dispatched-calls.ts";
import { generation } from "../../support/served-generations.ts";

const { check, watch } = Health.method;
const CHECK = "grpc.health.v1.Health/Check";
const TRACE = "0af7651916cd43dd8448eb211c80319c";
const REFUSED = new GatewayError("permission-denied", "no", { reason: "NOT_OWNER" });
const found = async () => create(HealthCheckResponseSchema, {});

describe("a unary call", () => {
  it("does not begin for a caller who was removed while its request was read", async () => {
    const served: unknown[] = [];
    const { arrive, dispatcher, calls } = setUpDispatcher({
      async unary(request) {
        served.push(request);
        return found();
      },
    });
    const request = { format: "json", bytes: Buffer.from("{}") } as const;
    const answer = dispatcher.unary(await arrive(check), request, () => "");
    calls.accepted.endOf(() => true, REFUSED);
    expect(await refusalOf(answer)).toMatchObject({ code: 7 });
    expect(served).toEqual([]);
  });

  it("has its answer, its headers, its span and its line", async () => {
    const { unary, headers, lines, spans, clock, calls } = setUpDispatcher({
      async unary(request, call) {
        expect(request).toMatchObject({ service: "m" });
        expect(call).toMatchObject({ caller: { id: "alice" }, timeoutMs: 500 });
        expect(call.header("x-request-id")).toBe("req-1");
        expect(calls.draining.running.active).toBe(1);
        await clock.advance(12);
        call.log({ provider: "a" });
        return found();
      },
    });
    const sent = {
      "x-request-id": "req-1",
      traceparent: `00-${TRACE}-b7ad6b7169203331-01`,
      "idempotency-key": "key-00001",
    };
    expect(await unary(sent)).toBe("grpc.health.v1.HealthCheckResponse");
    expect(headers).toEqual({
      "x-steer-replica": "here",
      "x-steer-version": "1.2.3",
      "x-request-id": "req-1",
    });
    expect(lines).toEqual([
      {
        event: "call",
        method: CHECK,
        system: "grpc",
        code: "OK",
        duration_ms: 12,
        caller: "alice",
        trace_id: TRACE,
        request_id: "key-00001",
        x_request_id: "req-1",
        provider: "a",
      },
    ]);
    expect(spans).toEqual([{ code: "OK", reason: undefined, caller: "alice" }]);
    expect(calls.draining.running.active).toBe(0);
  });

  it("that fails has the status of its error, and the error on its line", async () => {
    const { unary, lines, spans } = setUpDispatcher({ unary: () => Promise.reject(REFUSED) });
    expect(await refusalOf(unary())).toMatchObject({ code: 7, message: "no" });
    expect(lines).toMatchObject([
      { event: "call", code: "PERMISSION_DENIED", error: "permission-denied", reason: "NOT_OWNER" },
    ]);
    expect(spans).toEqual([
      { code: "PERMISSION_DENIED", reason: "permission-denied", caller: "alice" },
    ]);
  });

  it("whose answer cannot be encoded fails, and is told of as a defect", async () => {
    const { arrive, dispatcher, lines } = setUpDispatcher({ unary: found });
    const call = await arrive(check);
    const request = { format: "json", bytes: Buffer.from('{"service":"m"}') } as const;
    const defect = new RangeError("secret");
    const answer = dispatcher.unary(call, request, () => {
      throw defect;
    });
    expect(await refusalOf(answer)).toMatchObject({ code: 13, message: "internal error" });
    expect(lines).toMatchObject([
      { event: "call", code: "INTERNAL", error: "internal", reason: "INTERNAL" },
      { event: "defect", method: CHECK, error: "RangeError" },
    ]);
  });

  it("that a generation or a stream has told of is no second defect", async () => {
    const error = new GatewayError("internal", "x");
    const detail = encodeGatewayError(error, undefined);
    for (const thrown of [
      new GenerationFailed({ error, partial: generation() }),
      new StreamFailed(detail),
    ]) {
      const { unary, lines, spans } = setUpDispatcher({ unary: () => Promise.reject(thrown) });
      expect(await refusalOf(unary())).toMatchObject({ code: 13 });
      expect(lines).toMatchObject([{ event: "call", error: "internal", reason: "INTERNAL" }]);
      expect(spans).toEqual([{ code: "INTERNAL", reason: "internal", caller: "alice" }]);
    }
  });

  it("that breaks a rule says what it was asked for", async () => {
    const handlers = {};
    const { arrive, dispatcher, lines } = setUpDispatcher({}, {}, [
      { service: GenerationService, handlers },
    ]);
    const spec = { model: "m", prompt: "Hi", sampling: { temperature: 99 } };
    const call = await arrive(GenerationService.method.countTokens);
    const request = { format: "json", bytes: Buffer.from(JSON.stringify({ spec })) } as const;
    expect(await refusalOf(dispatcher.unary(call, request, () => 0))).toMatchObject({ code: 3 });
    expect(lines).toMatchObject([
      {
        code: "INVALID_ARGUMENT",
        error: "validation",
        field: "spec.sampling.temperature",
        requested_model: "m",
      },
    ]);
  });

  it("outlives a defect of telemetry", async () => {
    const end = () => {
      throw new TypeError("no span");
    };
    const telemetry = { ...noTelemetry, startCall: () => ({ end }) };
    const { unary, lines } = setUpDispatcher({ unary: found }, { telemetry });
    await unary();
    expect(lines).toMatchObject([
      { event: "defect", method: CHECK, error: "TypeError" },
      { event: "call", code: "OK" },
    ]);
  });
});

describe("a stream", () => {
  const message = create(HealthCheckResponseSchema, {});

  it("hands its messages on, and has its line at its end", async () => {
    const { stream, lines, calls } = setUpDispatcher({
      async *stream() {
        yield message;
        yield message;
      },
    });
    const read = [];
    for await (const each of await stream()) {
      read.push(each);
      expect([lines.length, calls.draining.running.active]).toEqual([0, 1]);
    }
    expect(read).toEqual([message, message]);
    expect(lines).toMatchObject([{ method: "grpc.health.v1.Health/Watch", code: "OK" }]);
    expect(lines[0]).not.toHaveProperty("error");
  });

  it("that fails ends with the status of its error", async () => {
    const { stream, lines } = setUpDispatcher({
      async *stream() {
        yield message;
        throw REFUSED;
      },
    });
    const read = (async () => {
      for await (const _ of await stream());
    })();
    expect(await refusalOf(read)).toMatchObject({ code: 7 });
    expect(lines).toMatchObject([{ code: "PERMISSION_DENIED", reason: "NOT_OWNER" }]);
  });

  it("that its reader leaves is cancelled, once", async () => {
    const { stream, lines, calls } = setUpDispatcher({
      async *stream() {
        yield message;
        yield message;
      },
    });
    for await (const _ of await stream()) break;
    expect(lines).toMatchObject([{ code: "CANCELLED", error: "cancelled" }]);
    expect([lines.length, calls.draining.running.active]).toEqual([1, 0]);
  });
});

describe("a generation that its call has begun", () => {
  it("has a line of its own if it ends after the call", async () => {
    let ended: HandlerCall["generationEnded"] = () => {};
    const { unary, lines } = setUpDispatcher({
      async unary(_request, call) {
        ended = call.generationEnded;
        call.log({ stream_id: "s.1", provider: "not this one" });
        ended(() => generationLine({ generation: generation(), error: undefined }));
        return found();
      },
    });
    await unary();
    expect(lines).toHaveLength(1);
    const error = new GatewayError("network", "x");
    ended(() => generationLine({ generation: generation(), error }));
    expect(lines[1]).toMatchObject({
      event: "generation",
      caller: "alice",
      stream_id: "s.1",
      outcome: "failed",
      provider: "a",
    });
  });
});

it("takes requests in both formats", async () => {
  const seen: unknown[] = [];
  const { arrive, dispatcher } = setUpDispatcher({
    async *stream(request) {
      seen.push(request);
      yield create(HealthCheckResponseSchema, {});
    },
  });
  const message = create(HealthCheckRequestSchema, { service: "x" });
  for (const request of [
    { format: "proto", bytes: toBinary(HealthCheckRequestSchema, message) },
    { format: "json", bytes: Buffer.from('{"service":"x"}') },
  ] as const) {
    for await (const _ of dispatcher.serverStream(await arrive(watch), request));
  }
  expect(seen).toEqual([message, message]);
});
