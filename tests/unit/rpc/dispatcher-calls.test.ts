import { create, type Message, toBinary } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import {
  Health,
  HealthCheckRequestSchema,
  HealthCheckResponseSchema,
} from "../../../gen/service/grpc/health/v1/health_pb.ts";
import { GenerationService } from "../../../gen/service/steer/v1/generation_service_pb.ts";
import {
  GetModelResponseSchema,
  ModelService,
} from "../../../gen/service/steer/v1/model_service_pb.ts";
import { GatewayError } from "../../../src/domain/gateway-error.ts";
import { GenerationFailed } from "../../../src/domain/generation.ts";
import { type CallHead, type IncomingCall, RpcStatusError } from "../../../src/rpc/call.ts";
import { createDispatcher, type DispatcherDependencies } from "../../../src/rpc/dispatcher.ts";
import { encodeGatewayError } from "../../../src/rpc/encode-error.ts";
import type { HandlerCall } from "../../../src/rpc/handlers.ts";
import { StreamFailed } from "../../../src/rpc/stream-failure.ts";
import { noTelemetry } from "../../../src/telemetry/telemetry.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { generation } from "../../support/served-generations.ts";

const { getModel } = ModelService.method;
const { watch } = Health.method;
const GET_MODEL = "steer.v1.ModelService/GetModel";
const TRACE = "0af7651916cd43dd8448eb211c80319c";
const REFUSED = new GatewayError("permission-denied", "no", { reason: "NOT_OWNER" });

interface Handlers {
  unary?(request: Message, call: HandlerCall): Promise<Message>;
  stream?(request: Message, call: HandlerCall): AsyncIterable<Message | Uint8Array>;
}

/** A dispatcher over these handlers, with everything that it tells somebody. */
function setUp(handlers: Handlers = {}, more: Partial<DispatcherDependencies> = {}) {
  const clock = createManualClock();
  const lines: Record<string, unknown>[] = [];
  const spans: unknown[] = [];
  const aborted: unknown[] = [];
  const headers: Record<string, string> = {};
  const trailers: Record<string, string> = {};
  const dispatcher = createDispatcher({
    services: [
      { service: ModelService, handlers: { getModel: handlers.unary } },
      { service: Health, handlers: { watch: handlers.stream } },
    ],
    checkOrigin: () => {},
    authenticate: () => ({ id: "alice", role: "caller" }),
    authorize: () => {},
    telemetry: {
      ...noTelemetry,
      startCall: (info) => ({
        traceId: noTelemetry.startCall(info).traceId,
        end: (end) => void spans.push(end),
      }),
    },
    clock,
    requestBytes: 1_000,
    log: (line) => void lines.push(line as never),
    replica: "here",
    version: "1.2.3",
    endGenerations: async () => {},
    ...more,
  });
  const head = (method: CallHead["method"], sent: Record<string, string> = {}): CallHead => ({
    method,
    system: "grpc",
    peer: { address: "127.0.0.1", certificateNames: [] },
    hosts: [],
    header: (name) => sent[name],
    headerNames: () => Object.keys(sent),
  });
  /** A call whose request is whole. */
  async function arrive(method: CallHead["method"], sent: Record<string, string> = {}) {
    const arrival = await dispatcher.admit(head(method, sent), {});
    const controller = new AbortController();
    const call: IncomingCall = {
      method,
      system: "grpc",
      arrival,
      header: (name) => sent[name],
      timeoutMs: 500,
      signal: controller.signal,
      abort: (error) => void aborted.push(error),
      setResponseHeader: (name, value) => void Object.assign(headers, { [name]: value }),
      setTrailer: (name, value) => void Object.assign(trailers, { [name]: value }),
    };
    return call;
  }
  const text = (json: object) => Buffer.from(JSON.stringify(json));
  return {
    clock,
    lines,
    spans,
    aborted,
    headers,
    trailers,
    dispatcher,
    head,
    arrive,
    async unary(sent: Record<string, string> = {}) {
      const call = await arrive(getModel, sent);
      const request = { format: "json", bytes: text({ model: "m" }) } as const;
      return dispatcher.unary(call, request, (response) => response.$typeName);
    },
    async stream() {
      const call = await arrive(watch);
      return dispatcher.serverStream(call, { format: "json", bytes: text({}) });
    },
  };
}

const found = async () => create(GetModelResponseSchema, {});

/** Of a call that was refused: its status, and what its line says. */
async function refusal(call: Promise<unknown>) {
  const error = await call.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(RpcStatusError);
  return (error as RpcStatusError).status;
}

describe("a unary call", () => {
  it("has its answer, its headers, its span and its line", async () => {
    const { unary, headers, lines, spans, clock, dispatcher } = setUp({
      async unary(request, call) {
        expect(request).toMatchObject({ model: "m" });
        expect(call).toMatchObject({ caller: { id: "alice" }, timeoutMs: 500 });
        expect(call.header("x-request-id")).toBe("req-1");
        expect(dispatcher.activeCalls).toBe(1);
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
    expect(await unary(sent)).toBe("steer.v1.GetModelResponse");
    expect(headers).toEqual({
      "x-steer-replica": "here",
      "x-steer-version": "1.2.3",
      "x-request-id": "req-1",
    });
    expect(lines).toEqual([
      {
        event: "call",
        method: GET_MODEL,
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
    expect(spans).toEqual([{ code: "OK", reason: undefined }]);
    expect(dispatcher.activeCalls).toBe(0);
  });

  it("that fails has the status of its error, and the error on its line", async () => {
    const { unary, lines, spans } = setUp({ unary: () => Promise.reject(REFUSED) });
    expect(await refusal(unary())).toMatchObject({ code: 7, message: "no" });
    expect(lines).toMatchObject([
      { event: "call", code: "PERMISSION_DENIED", error: "permission-denied", reason: "NOT_OWNER" },
    ]);
    expect(spans).toEqual([{ code: "PERMISSION_DENIED", reason: "permission-denied" }]);
  });

  it("whose answer cannot be encoded fails, and is told of as a defect", async () => {
    const { arrive, dispatcher, lines } = setUp({ unary: found });
    const call = await arrive(getModel);
    const request = { format: "json", bytes: Buffer.from('{"model":"m"}') } as const;
    const defect = new RangeError("secret");
    const answer = dispatcher.unary(call, request, () => {
      throw defect;
    });
    expect(await refusal(answer)).toMatchObject({ code: 13, message: "internal error" });
    expect(lines).toMatchObject([
      { event: "call", code: "INTERNAL", error: "internal", reason: "INTERNAL" },
      { event: "defect", method: GET_MODEL, error: "RangeError" },
    ]);
  });

  it("that a generation or a stream has told of is no second defect", async () => {
    const error = new GatewayError("internal", "x");
    const detail = encodeGatewayError(error, undefined);
    for (const thrown of [
      new GenerationFailed({ error, partial: generation() }),
      new StreamFailed(detail),
    ]) {
      const { unary, lines, spans } = setUp({ unary: () => Promise.reject(thrown) });
      expect(await refusal(unary())).toMatchObject({ code: 13 });
      expect(lines).toMatchObject([{ event: "call", error: "internal", reason: "INTERNAL" }]);
      expect(spans).toEqual([{ code: "INTERNAL", reason: "internal" }]);
    }
  });

  it("that breaks a rule says what it was asked for", async () => {
    const handlers = {};
    const { arrive, dispatcher, lines } = setUp(
      {},
      { services: [{ service: GenerationService, handlers }] },
    );
    const spec = { model: "m", prompt: "Hi", sampling: { temperature: 99 } };
    const call = await arrive(GenerationService.method.countTokens);
    const request = { format: "json", bytes: Buffer.from(JSON.stringify({ spec })) } as const;
    expect(await refusal(dispatcher.unary(call, request, () => 0))).toMatchObject({ code: 3 });
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
    const { unary, lines } = setUp({ unary: found }, { telemetry });
    await unary();
    expect(lines).toMatchObject([
      { event: "defect", method: GET_MODEL, error: "TypeError" },
      { event: "call", code: "OK" },
    ]);
  });
});

describe("a call that is not let in", () => {
  const refuse = () => {
    throw REFUSED;
  };

  it.each<[string, Partial<DispatcherDependencies>, Record<string, string>, object]>([
    ["for its origin", { checkOrigin: refuse }, {}, { code: "PERMISSION_DENIED" }],
    ["for its credential", { authenticate: refuse }, {}, { code: "PERMISSION_DENIED" }],
    ["for its role", { authorize: refuse }, {}, { code: "PERMISSION_DENIED", caller: "alice" }],
    [
      "for its name of the call",
      {},
      { "x-request-id": "ü" },
      { code: "INVALID_ARGUMENT", caller: "alice" },
    ],
    [
      "for its deadline",
      {},
      { "grpc-timeout": "soon" },
      { code: "INVALID_ARGUMENT", caller: "alice", field: "grpc-timeout" },
    ],
  ])("%s has a line", async (_name, more, sent, expected) => {
    const { dispatcher, head, lines, spans } = setUp({}, more);
    await refusal(dispatcher.admit(head(getModel, sent), {}));
    expect(lines).toMatchObject([
      { event: "call", method: GET_MODEL, duration_ms: 0, ...expected },
    ]);
    expect(lines[0] && "caller" in lines[0]).toBe("caller" in expected);
    expect([spans.length, dispatcher.activeCalls]).toEqual([1, 0]);
  });

  it("is one that is ended before its request is whole", async () => {
    const { arrive, dispatcher, lines } = setUp({ unary: found });
    const call = await arrive(getModel);
    const { arrival } = call;
    arrival.receive(2_001);
    expect(arrival.error?.status).toMatchObject({ code: 8 });
    expect(lines).toMatchObject([
      { code: "RESOURCE_EXHAUSTED", reason: "UNFINISHED_REQUESTS", caller: "alice" },
    ]);
    const request = { format: "json", bytes: Buffer.from("{}") } as const;
    const answer = (async () => dispatcher.unary(call, request, () => 0))();
    await expect(answer).rejects.toBe(arrival.error);
    expect(lines).toHaveLength(1);
  });

  it("of a replica that drains is refused even if its request was on its way", async () => {
    const { arrive, dispatcher, lines } = setUp({ unary: found });
    const call = await arrive(getModel);
    dispatcher.startDraining();
    const request = { format: "json", bytes: Buffer.from("{}") } as const;
    const answer = (async () => dispatcher.unary(call, request, () => 0))();
    expect(await refusal(answer)).toMatchObject({
      code: 14,
      message: "this replica is draining; call again to reach another one",
    });
    expect(lines).toMatchObject([{ error: "draining", reason: "DRAINING", caller: "alice" }]);
    expect(dispatcher.activeCalls).toBe(0);
  });

  it("may ask for no credential, and nobody is told", async () => {
    const { dispatcher, lines } = setUp({}, { authenticate: refuse });
    const arrival = await dispatcher.expect({});
    arrival.receive(4 * 1024 * 1024);
    arrival.receive(1);
    expect(arrival.error?.status).toMatchObject({ code: 8 });
    expect(lines).toEqual([]);
  });

  it("may be refused by a listener, and its line is written alike", async () => {
    const { dispatcher, lines } = setUp();
    const method = undefined;
    for (let times = 0; times < 15; times++) {
      dispatcher.unserved({ system: "grpc", method, header: () => undefined, cause: "address" });
    }
    expect(lines).toHaveLength(10);
    expect(lines[0]).toMatchObject({ event: "call", reason: "ADDRESS_MALFORMED" });
    dispatcher.close();
    expect(lines.at(-1)).toMatchObject({ event: "calls left out", calls: 5 });
  });
});

describe("the lines of calls that end with an error", () => {
  /** So many calls that end so, and how many have a line. */
  async function linesOf(error: unknown, fields: object): Promise<number> {
    const { unary, lines } = setUp({
      unary(_request, call) {
        call.log(fields);
        return Promise.reject(error);
      },
    });
    for (let calls = 0; calls < 15; calls++) await unary().catch(() => {});
    return lines.length;
  }

  it("are bounded where nothing was generated, and no caller has left", async () => {
    expect(await linesOf(REFUSED, {})).toBe(10);
    expect(await linesOf(REFUSED, { generation_id: "g.1" })).toBe(15);
    expect(await linesOf(new GatewayError("cancelled", "x"), {})).toBe(15);
  });
});

describe("a stream", () => {
  const message = create(HealthCheckResponseSchema, {});

  it("hands its messages on, and has its line at its end", async () => {
    const { stream, lines, dispatcher } = setUp({
      async *stream() {
        yield message;
        yield message;
      },
    });
    const read = [];
    for await (const each of await stream()) {
      read.push(each);
      expect([lines.length, dispatcher.activeCalls]).toEqual([0, 1]);
    }
    expect(read).toEqual([message, message]);
    expect(lines).toMatchObject([{ method: "grpc.health.v1.Health/Watch", code: "OK" }]);
    expect(lines[0]).not.toHaveProperty("error");
  });

  it("that fails ends with the status of its error", async () => {
    const { stream, lines } = setUp({
      async *stream() {
        yield message;
        throw REFUSED;
      },
    });
    const read = (async () => {
      for await (const _ of await stream());
    })();
    expect(await refusal(read)).toMatchObject({ code: 7 });
    expect(lines).toMatchObject([{ code: "PERMISSION_DENIED", reason: "NOT_OWNER" }]);
  });

  it("that its reader leaves is cancelled, once", async () => {
    const { stream, lines, dispatcher } = setUp({
      async *stream() {
        yield message;
        yield message;
      },
    });
    for await (const _ of await stream()) break;
    expect(lines).toMatchObject([{ code: "CANCELLED", error: "cancelled" }]);
    expect([lines.length, dispatcher.activeCalls]).toEqual([1, 0]);
  });
});

describe("a generation that its call has begun", () => {
  it("has a line of its own if it ends after the call", async () => {
    let ended: HandlerCall["generationEnded"] = () => {};
    const { unary, lines } = setUp({
      async unary(_request, call) {
        ended = call.generationEnded;
        call.log({ stream_id: "s.1", provider: "not this one" });
        ended({ generation: generation(), error: undefined });
        return found();
      },
    });
    await unary();
    expect(lines).toHaveLength(1);
    ended({ generation: generation(), error: new GatewayError("network", "x") });
    expect(lines[1]).toMatchObject({
      event: "generation",
      caller: "alice",
      stream_id: "s.1",
      outcome: "failed",
      provider: "a",
    });
  });
});

describe("the end of calls", () => {
  it("of a caller that was removed tells their work, and them", async () => {
    const waits = Promise.withResolvers<void>();
    const set = setUp({
      async unary() {
        await waits.promise;
        return found();
      },
    });
    const error = new GatewayError("unauthenticated", "the caller was removed");
    const answer = set.unary();
    const unwhole = await set.dispatcher.admit(set.head(getModel), {});
    await new Promise((resolve) => setImmediate(resolve));
    set.dispatcher.endCallsOf((caller) => caller === "bob", error);
    expect([set.aborted, unwhole.error]).toEqual([[], undefined]);
    set.dispatcher.endCallsOf((caller) => caller === "alice", error);
    expect(set.aborted).toEqual([error]);
    expect(unwhole.error?.status).toMatchObject({ code: 16 });
    // Whatever the work ends with.
    waits.reject(new GatewayError("cancelled", "aborted"));
    expect(await refusal(answer)).toMatchObject({ code: 16, message: "the caller was removed" });
    set.dispatcher.endCallsOf(() => true, error);
    expect(set.aborted).toHaveLength(1);
  });

  it("is waited for, by as many as want to know", async () => {
    const waits = Promise.withResolvers<Message>();
    const { unary, dispatcher } = setUp({ unary: () => waits.promise });
    await dispatcher.idle();
    const answers = [unary(), unary()];
    await new Promise((resolve) => setImmediate(resolve));
    let told = 0;
    const idle = [dispatcher.idle(), dispatcher.idle()].map((each) => each.then(() => told++));
    expect([dispatcher.activeCalls, told]).toEqual([2, 0]);
    waits.resolve(await found());
    await Promise.all(answers);
    await Promise.all(idle);
    expect([dispatcher.activeCalls, told]).toEqual([0, 2]);
  });

  it("of a replica that shuts down is that of its generations", async () => {
    const ends: unknown[] = [];
    const { dispatcher } = setUp({}, { endGenerations: async (error) => void ends.push(error) });
    await dispatcher.endCalls();
    expect(ends).toMatchObject([
      {
        kind: "owner-lost",
        message: "this replica shuts down and the stream cannot go on",
      },
    ]);
  });
});

it("takes requests in both formats", async () => {
  const seen: unknown[] = [];
  const { arrive, dispatcher } = setUp({
    async *stream(request) {
      seen.push(request);
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
