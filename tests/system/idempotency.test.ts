import { type Client, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import grpc from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import { gatewayErrorOf } from "../support/grpc-client.ts";
import { eventually, type Stack, startStack } from "../support/stack.ts";
import { collect, refusalOf, spec, streamIdOf } from "../support/stream-calls.ts";
import { says } from "../support/upstream/script.ts";
import type { RecordedRequest } from "../support/upstream.ts";

const { generate, streamGenerate, resumeStream, cancelGeneration } = GenerationService.method;

let stack: Stack;
let http: Client<typeof GenerationService>;

beforeAll(async () => {
  stack = await startStack({ config: "stream: {max_readers: 128} # because: 100 read one" });
  const transport = createConnectTransport({ baseUrl: stack.service.http, httpVersion: "1.1" });
  http = createClient(GenerationService, transport);
});

afterAll(async () => {
  await stack[Symbol.asyncDispose]();
});

let serial = 0;
const newKey = (): string => `request-${String(serial++).padStart(6, "0")}`;

/** A new request, whose prompt names it to the upstream. */
function newRequest(adapter: string, script: object) {
  const requestId = newKey();
  return { spec: { ...spec(adapter, script), prompt: requestId }, requestId };
}

/** What the upstream has received for a request: calls of other tests may still be on their way. */
const received = ({ requestId }: { readonly requestId: string }): readonly RecordedRequest[] =>
  stack.upstream.requests.filter(({ body }) => says(body, requestId));

const thrown = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => undefined,
    (error: unknown) => error,
  );

const alreadyExists = { code: "ALREADY_EXISTS", reason: "REQUEST_ID_REUSED" };

describe("a repeated request_id", () => {
  it("of 100 callers at once is one unary generation with equal answers", async () => {
    const request = newRequest("chat", { tokens: 20, pace_ms: 5 });
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, index) =>
        index % 2 === 0 ? stack.client.unary(generate, request) : http.generate(request),
      ),
    );
    const [first] = answers;
    for (const { generation } of answers) expect(generation).toEqual(first?.generation);
    expect(answers.filter(({ replayed }) => !replayed)).toHaveLength(1);
    expect(first?.generation?.outputText).toContain("word19");
    expect(received(request)).toHaveLength(1);
  });

  it("of 100 callers at once is one stream with equal events", async () => {
    const request = newRequest("claude", { tokens: 20, pace_ms: 5 });
    const all = await Promise.all(
      Array.from({ length: 100 }, (_, index) =>
        collect(
          index % 2 === 0
            ? stack.client.stream(streamGenerate, request)
            : http.streamGenerate(request),
        ),
      ),
    );
    for (const { events, error } of all) {
      expect(error).toBeUndefined();
      expect(events).toEqual(all[0]?.events);
      expect(events.at(-1)?.event.case).toBe("complete");
    }
    expect(received(request)).toHaveLength(1);
  });

  it("is answered out of the log after a success, and says so", async () => {
    const unary = newRequest("chat", { tokens: 3 });
    const stream = newRequest("chat", { tokens: 3 });
    const first = await stack.client.unary(generate, unary);
    const events = await collect(stack.client.stream(streamGenerate, stream));
    expect(first.replayed).toBe(false);
    const again = await stack.client.unary(generate, unary);
    expect(again).toEqual({ ...first, replayed: true });
    // The first call's options hold for all.
    const replay = stack.client.stream(streamGenerate, {
      ...stream,
      options: { includeUsage: true },
    });
    expect((await replay.headers).get("x-steer-replayed")).toEqual(["true"]);
    expect(await collect(replay)).toEqual(events);
    expect([unary, stream].map((each) => received(each).length)).toEqual([1, 1]);
    const resumed = stack.client.stream(resumeStream, { streamId: streamIdOf(events.events) });
    // Nothing is repeated: the caller asks for a stream that exists.
    expect((await resumed.headers).get("x-steer-replayed")).toEqual([]);
    expect(await collect(resumed)).toEqual(events);
    const fresh = stack.client.stream(streamGenerate, { ...stream, requestId: newKey() });
    expect((await fresh.headers).get("x-steer-replayed")).toEqual([]);
    await collect(fresh);
  });

  it("for another request or another method is ALREADY_EXISTS, during the first and after it", async () => {
    const request = newRequest("chat", { tokens: 10, pace_ms: 50 });
    const { requestId } = request;
    const running = collect(stack.client.stream(streamGenerate, request));
    const others = async (): Promise<void> => {
      const other = { spec: { ...request.spec, prompt: "Ho" }, requestId };
      const { error } = await collect(stack.client.stream(streamGenerate, other));
      expect(refusalOf(error)).toMatchObject(alreadyExists);
      const unary = await thrown(stack.client.unary(generate, request));
      expect(refusalOf(unary)).toMatchObject(alreadyExists);
    };
    await eventually(() => received(request).length > 0);
    await others();
    expect((await running).error).toBeUndefined();
    await others();
  });

  it("is the same request however its maps are ordered", async () => {
    const request = newRequest("chat", { tokens: 2 });
    for (const labels of [
      { team: "a", env: "b" },
      { env: "b", team: "a" },
    ]) {
      await stack.client.unary(generate, { ...request, spec: { ...request.spec, labels } });
    }
    expect(received(request)).toHaveLength(1);
  });

  it.each(["unary", "stream"])("is free after a failure, %s", async (mode) => {
    const faults = [{ attempt: 1, status: 500, headers: { "x-test": mode } }];
    const request = newRequest("grok", { faults });
    const call = async (): Promise<unknown> =>
      mode === "unary"
        ? thrown(stack.client.unary(generate, request))
        : (await collect(stack.client.stream(streamGenerate, request))).error;
    expect(await call()).toMatchObject({ code: grpc.status.UNAVAILABLE });
    expect(await call()).toBeUndefined();
    expect(received(request)).toHaveLength(2);
  });

  it("is free after an abandonment", async () => {
    const request = {
      ...newRequest("chat", { tokens: 1_000, pace_ms: 20 }),
      options: { disconnectGrace: { seconds: 0n, nanos: 200_000_000 } },
    };
    const call = stack.client.stream(streamGenerate, request);
    const first = String((await call.headers).get("x-steer-stream-id")[0]);
    await eventually(() => received(request).length > 0);
    call.cancel();
    await eventually(() => received(request)[0]?.closedAt !== undefined);
    const again = stack.client.stream(streamGenerate, request);
    const second = await again.headers;
    expect(second.get("x-steer-stream-id")).not.toEqual([first]);
    expect(second.get("x-steer-replayed")).toEqual([]);
    again.cancel();
  });

  it("of a unary call whose only connection was lost runs anew", async () => {
    // The first of the two is never answered.
    const script = { tokens: 3, faults: [{ attempt: 1, stall_after_events: 0, text: "lost" }] };
    const request = newRequest("chat", script);
    const lost = new AbortController();
    const first = thrown(http.generate(request, { signal: lost.signal }));
    await eventually(() => received(request).length > 0);
    lost.abort();
    expect(await first).toBeDefined();
    await eventually(() => received(request)[0]?.closedAt !== undefined);
    expect(await stack.client.unary(generate, request)).toMatchObject({ replayed: false });
    expect(received(request)).toHaveLength(2);
  });

  it("answers CANCELLED after CancelGeneration, and to another request still that it is taken", async () => {
    const request = newRequest("chat", { tokens: 1_000, pace_ms: 20 });
    const { requestId } = request;
    const call = stack.client.stream(streamGenerate, request);
    const reading = collect(call);
    await eventually(() => received(request).length > 0);
    const target = { case: "requestId", value: requestId } as const;
    expect(await stack.client.unary(cancelGeneration, { target })).toMatchObject({
      cancelled: true,
    });
    const { events, error } = await reading;
    const again = await collect(stack.client.stream(streamGenerate, request));
    expect(again.events).toEqual(events);
    expect(refusalOf(again.error)).toEqual(refusalOf(error));
    expect(gatewayErrorOf(again.error)?.reason).toBe("CANCELLED_BY_CALLER");
    expect(received(request)).toHaveLength(1);
    const other = { ...request, spec: spec("chat", {}) };
    const refused = await collect(stack.client.stream(streamGenerate, other));
    expect(refusalOf(refused.error)).toMatchObject(alreadyExists);
  });

  it("cannot name an ephemeral stream", async () => {
    const request = { spec: spec("chat", {}), requestId: newKey(), options: { ephemeral: true } };
    const { error } = await collect(stack.client.stream(streamGenerate, request));
    expect(error).toMatchObject({ code: grpc.status.INVALID_ARGUMENT });
  });

  it("keeps a whole answer that is longer than the store takes as done, and makes it no second time", async () => {
    const config = "stream: {max_bytes: 16KiB} # because: one answer is more";
    await using small = await startStack({ config });
    const text = "0123456789abcdef".repeat(2_048);
    const request = { spec: spec("chat", { text }), requestId: newKey() };
    const { generation } = await small.client.unary(generate, request);
    expect(generation?.outputText === text).toBe(true);
    const again = await thrown(small.client.unary(generate, request));
    expect(refusalOf(again)).toMatchObject({
      code: "FAILED_PRECONDITION",
      reason: "RESULT_NOT_KEPT",
    });
    expect(small.upstream.requests).toHaveLength(1);
  });
});

describe("a unary generation with a request_id", () => {
  it("ends with the last call that waits for it, and its key is free then", async () => {
    const request = newRequest("chat", { tokens: 1_000, first_token_ms: 60_000 });
    const controllers = [new AbortController(), new AbortController()];
    const calls: Promise<unknown>[] = [];
    for (const { signal } of controllers) {
      calls.push(thrown(stack.client.unary(generate, request, { signal })));
      await eventually(() => received(request).length > 0);
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(received(request)).toHaveLength(1);
    controllers[0]?.abort();
    await new Promise((resolve) => setTimeout(resolve, 300));
    const [provider] = received(request);
    expect(provider?.closedAt).toBeUndefined();
    controllers[1]?.abort();
    await eventually(() => provider?.closedAt !== undefined);
    for (const error of await Promise.all(calls)) expect(error).toMatchObject({ code: 1 });
    const again = stack.client.unary(generate, request, { timeoutMs: 500 });
    expect(await thrown(again)).toMatchObject({ code: grpc.status.DEADLINE_EXCEEDED });
    expect(received(request)).toHaveLength(2);
  });

  it("is ended for every waiter by CancelGeneration", async () => {
    const request = newRequest("chat", { first_token_ms: 60_000 });
    const waiting = Array.from({ length: 5 }, () => thrown(stack.client.unary(generate, request)));
    await eventually(() => received(request).length > 0);
    const target = { case: "requestId", value: request.requestId } as const;
    await stack.client.unary(cancelGeneration, { target });
    for (const error of await Promise.all(waiting)) {
      expect(refusalOf(error)).toMatchObject({
        code: "CANCELLED",
        reason: "CANCELLED_BY_CALLER",
      });
    }
  });
});

describe("the header Idempotency-Key", () => {
  it("stands for an empty request_id, over both listeners", async () => {
    const named = newRequest("chat", { tokens: 2 });
    const headers = { "idempotency-key": named.requestId };
    const request = { spec: named.spec };
    const first = await http.generate(request, { headers });
    const second = await stack.client.unary(generate, request, { metadata: headers });
    const third = await stack.client.unary(generate, named);
    const both = await http.generate(named, { headers });
    expect(first.replayed).toBe(false);
    for (const again of [second, third, both]) {
      expect([again.replayed, again.generation]).toEqual([true, first.generation]);
    }
    expect(received(named)).toHaveLength(1);
  });

  it("is INVALID_ARGUMENT where it says another thing, or is no key", async () => {
    const named = newRequest("chat", { tokens: 2 });
    for (const [requestId, key] of [
      [named.requestId, newKey()],
      ["", "short"],
      ["", "a key with blanks"],
      ["", "x".repeat(65)],
    ] as const) {
      const metadata = { "idempotency-key": key };
      const call = stack.client.unary(generate, { ...named, requestId }, { metadata });
      expect(await thrown(call)).toMatchObject({ code: grpc.status.INVALID_ARGUMENT });
    }
    expect(received(named)).toEqual([]);
  });
});

describe("the stream of a request_id", () => {
  it("is joined where only the answer to the call was lost", async () => {
    const request = newRequest("chat", { tokens: 20, pace_ms: 20 });
    const call = stack.client.stream(streamGenerate, request);
    const id = String((await call.headers).get("x-steer-stream-id")[0]);
    call.cancel();
    const { events, error } = await collect(stack.client.stream(streamGenerate, request));
    expect([streamIdOf(events), error]).toEqual([id, undefined]);
    expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, index) => index + 1));
  });
});
