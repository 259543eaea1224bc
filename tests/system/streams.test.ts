import { type Client, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import grpc from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import type { StreamEvent } from "../../gen/es/steer/v1/stream_pb.js";
import { gatewayErrorOf } from "../support/grpc-client.ts";
import { eventually, type Stack, startStack } from "../support/stack.ts";
import {
  collect,
  messageOf,
  refusalOf,
  spec,
  statusOf,
  streamIdOf,
} from "../support/stream-calls.ts";

const { streamGenerate, resumeStream } = GenerationService.method;

let stack: Stack;

beforeAll(async () => {
  stack = await startStack();
});

afterAll(async () => {
  await stack[Symbol.asyncDispose]();
});

function connectClients(): readonly [string, Client<typeof GenerationService>][] {
  const { http, grpc: address } = stack.service;
  const transports: Record<string, Transport> = {
    connect: createConnectTransport({ baseUrl: http, httpVersion: "1.1" }),
    "connect json": createConnectTransport({
      baseUrl: http,
      httpVersion: "1.1",
      useBinaryFormat: false,
    }),
    grpc: createGrpcTransport({ baseUrl: `http://${address}` }),
  };
  return Object.entries(transports).map(([name, transport]) => [
    name,
    createClient(GenerationService, transport),
  ]);
}

/** Events without their bytes' origin: what every consumer has to agree on. */
const plain = (events: readonly StreamEvent[]) => events.map((event) => ({ ...event }));

describe("ResumeStream", () => {
  it("gives exactly the rest from every sequence, over every protocol", async () => {
    const { events } = await collect(
      stack.client.stream(streamGenerate, { spec: spec("chat", { tokens: 30 }) }),
    );
    const streamId = streamIdOf(events);
    expect(events.length).toBeGreaterThan(30);
    for (let lastSequence = 0; lastSequence <= events.length; lastSequence++) {
      const lastWriter = events[lastSequence - 1]?.writer ?? 0;
      const rest = await collect(
        stack.client.stream(resumeStream, { streamId, lastSequence, lastWriter }),
      );
      expect(plain(rest.events)).toEqual(plain(events.slice(lastSequence)));
      expect(rest.error).toBeUndefined();
    }
    for (const [name, client] of connectClients()) {
      for (const lastSequence of [0, 1, 17, events.length - 1, events.length]) {
        const rest = await collect(client.resumeStream({ streamId, lastSequence }));
        expect(plain(rest.events), name).toEqual(plain(events.slice(lastSequence)));
      }
    }
  });

  it("goes on where a connection was cut, whichever event it was cut at", async () => {
    const tokens = 20;
    for (let cut = 1; cut <= tokens; cut++) {
      const request = { spec: spec("chat", { tokens, pace_ms: 2 }) };
      const [, overConnect] = connectClients()[0] ?? [];
      const seen: StreamEvent[] = [];
      const abort = new AbortController();
      const first =
        cut % 2 === 0
          ? overConnect?.streamGenerate(request, { signal: abort.signal })
          : stack.client.stream(streamGenerate, request, { signal: abort.signal });
      if (first === undefined) throw new Error("no client");
      try {
        for await (const event of first) {
          seen.push(event);
          if (seen.length === cut) break;
        }
      } finally {
        abort.abort();
      }
      const rest = await collect(
        stack.client.stream(resumeStream, {
          streamId: streamIdOf(seen),
          lastSequence: cut,
          lastWriter: seen.at(-1)?.writer ?? 0,
        }),
      );
      const all = [...seen, ...rest.events];
      expect(all.map(({ sequence }) => sequence)).toEqual(all.map((_, index) => index + 1));
      const text = all.flatMap(({ event }) =>
        event.case === "textDelta" ? [event.value.text] : [],
      );
      expect(text).toEqual(Array.from({ length: tokens }, (_, index) => `word${index} `));
      expect(messageOf(all)).toBe(text.join(""));
    }
  });

  it("shows many readers of a running stream the same events", async () => {
    stack.upstream.hold();
    const first = stack.client.stream(streamGenerate, { spec: spec("chat", { tokens: 40 }) });
    const begun = collect(first);
    const streamId = String((await first.headers).get("x-steer-stream-id")[0]);
    const readers = Array.from({ length: 20 }, (_, index) =>
      collect(
        index % 2 === 0
          ? stack.client.stream(resumeStream, { streamId })
          : (connectClients()[index % 3]?.[1].resumeStream({ streamId }) ?? first),
      ),
    );
    stack.upstream.release(1_000_000);
    const { events } = await begun;
    for (const reader of readers) expect(plain((await reader).events)).toEqual(plain(events));
  });

  it("A-34: gives the same events and the same status again after an error", async () => {
    const faults = [{ attempt: 1, error_at: 3, headers: { "x-test": "resume after error" } }];
    const first = await collect(
      stack.client.stream(streamGenerate, { spec: spec("chat", { faults }) }),
    );
    expect(first.events.at(-1)?.event.case).toBe("error");
    const streamId = streamIdOf(first.events);
    for (let lastSequence = 0; lastSequence <= first.events.length; lastSequence++) {
      const again = await collect(stack.client.stream(resumeStream, { streamId, lastSequence }));
      expect(plain(again.events)).toEqual(plain(first.events.slice(lastSequence)));
      expect(statusOf(again.error)).toEqual(statusOf(first.error));
      expect(gatewayErrorOf(again.error)).toEqual(gatewayErrorOf(first.error));
    }
  });

  it("ends a stream that outgrows the store with a typed error, and no other", async () => {
    await using small = await startStack({
      config: "stream: {max_bytes: 64KiB} # because: one stream fills it",
    });
    const fits = collect(small.client.stream(streamGenerate, { spec: spec("chat", {}) }));
    const { events, error } = await collect(
      small.client.stream(streamGenerate, { spec: spec("chat", { tokens: 20_000 }) }),
    );
    expect(events.at(-1)?.event.case).toBe("error");
    expect(error).toMatchObject({ code: grpc.status.RESOURCE_EXHAUSTED });
    expect(gatewayErrorOf(error)?.reason).toBe("STREAM_TOO_LARGE");
    const [request] = small.upstream.requests.slice(-1);
    await eventually(() => request?.closedAt !== undefined);
    expect((await fits).error).toBeUndefined();
    const again = await collect(
      small.client.stream(resumeStream, { streamId: streamIdOf(events), lastSequence: 100 }),
    );
    expect(plain(again.events)).toEqual(plain(events.slice(100)));
    expect(gatewayErrorOf(again.error)?.reason).toBe("STREAM_TOO_LARGE");
  });
});

describe("bad input of a resumption", () => {
  async function refused(request: {
    streamId: string;
    lastSequence?: number;
    lastWriter?: number;
  }) {
    const { events, error } = await collect(stack.client.stream(resumeStream, request));
    expect(events).toEqual([]);
    return refusalOf(error);
  }

  it("is the same NOT_FOUND for an unknown stream and for what is no name of one", async () => {
    const ids = [`s.${"0".repeat(32)}`, "s.", "nonsense", "s.../../etc", "名前", "E.1"];
    for (const streamId of ids) {
      expect(await refused({ streamId })).toMatchObject({
        code: "NOT_FOUND",
        reason: "STREAM_NOT_FOUND",
        message: "no such stream",
      });
    }
    for (const [name, client] of connectClients()) {
      const { error } = await collect(client.resumeStream({ streamId: "nonsense" }));
      expect(ConnectError.from(error).code, name).toBe(5);
    }
  });

  it("is OUT_OF_RANGE or DATA_LOSS, with the last sequence that there is", async () => {
    const { events } = await collect(
      stack.client.stream(streamGenerate, { spec: spec("chat", { tokens: 5 }) }),
    );
    const streamId = streamIdOf(events);
    const writer = events[0]?.writer ?? 0;
    const tail = { last_sequence: String(events.length) };
    expect(await refused({ streamId, lastSequence: events.length + 1 })).toMatchObject({
      code: "OUT_OF_RANGE",
      reason: "SEQUENCE_AHEAD",
      metadata: tail,
    });
    const other = { streamId, lastSequence: 3, lastWriter: (writer ^ 1) >>> 0 };
    const lost = { code: "DATA_LOSS", reason: "STREAM_LOG_INCOMPLETE", metadata: tail };
    expect(await refused(other)).toMatchObject(lost);
    const ahead = { streamId, lastSequence: events.length + 1, lastWriter: writer };
    expect(await refused(ahead)).toMatchObject(lost);
  });

  it("is FAILED_PRECONDITION for an ephemeral stream, which says so from its start", async () => {
    const { events } = await collect(
      stack.client.stream(streamGenerate, {
        spec: spec("chat", { tokens: 5 }),
        options: { ephemeral: true },
      }),
    );
    expect(events[0]).toMatchObject({ writer: 0, event: { value: { resumable: false } } });
    expect(await refused({ streamId: streamIdOf(events) })).toMatchObject({
      code: "FAILED_PRECONDITION",
      reason: "STREAM_NOT_RESUMABLE",
    });
  });

  it("is STREAM_EXPIRED for a stream whose events are deleted", async () => {
    await using small = await startStack({
      config: "stream: {max_total_bytes: 32KiB} # because: a few streams fill it",
    });
    const call = () =>
      collect(small.client.stream(streamGenerate, { spec: spec("chat", { tokens: 300 }) }));
    const { events } = await call();
    // Finished streams make room for running ones.
    for (let count = 0; count < 3; count++) await call();
    const { error } = await collect(
      small.client.stream(resumeStream, { streamId: streamIdOf(events) }),
    );
    expect(refusalOf(error)).toMatchObject({ code: "NOT_FOUND", reason: "STREAM_EXPIRED" });
  });
});
