import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Reconnect } from "../../clients/typescript/read-stream.ts";
import {
  generate,
  resumeStream,
  type StreamReadOptions,
  streamGenerate,
} from "../../clients/typescript/steer.ts";
import { Code, SteerError, type StreamCursor } from "../../clients/typescript/steer-error.ts";
import { MidStreamRecovery } from "../../gen/es/steer/v1/generation_pb.js";
import { DisconnectPolicy, type StreamEvent } from "../../gen/es/steer/v1/stream_pb.js";
import { type CutProxy, startCutProxy } from "../support/cut-proxy.ts";
import {
  CALLER_CONFIG,
  helperClient,
  impatient,
  TRANSPORTS,
  type Transport,
} from "../support/helper-clients.ts";
import { eventually, type Stack, startStack } from "../support/stack.ts";

const TOKENS = 24;
const WHOLE_TEXT = Array.from({ length: TOKENS }, (_, index) => `word${index} `).join("");
const SWEEP = 96;
const AT_ONCE = 4;

let stack: Stack;

beforeAll(async () => {
  stack = await startStack({ config: CALLER_CONFIG });
});

afterAll(async () => {
  await stack[Symbol.asyncDispose]();
});

function targetOf(transport: Transport): string {
  return transport === "grpc-js" ? stack.service.grpc : stack.service.http.slice("http://".length);
}

/** An answer of `TOKENS` words; its name makes its request at the upstream, and a fault, its own. */
function specOf(name: string, fault?: object, paceMs = 0) {
  const headers = { "x-test": name };
  const faults = fault === undefined ? [] : [{ attempt: 1, headers, ...fault }];
  return {
    model: "m-chat",
    prompt: name,
    providerOptions: { chat: { simulator: { tokens: TOKENS, pace_ms: paceMs, faults } as never } },
  };
}

const requestsOf = (name: string) =>
  stack.upstream.requests.filter(({ body }) => JSON.stringify(body["messages"]).includes(name));

class Reader {
  text = "";
  readonly sequences: number[] = [];
  cursor: StreamCursor = { streamId: "", sequence: 0, writer: 0 };
  last: StreamEvent["event"]["case"];

  apply({ sequence, writer, event }: StreamEvent): void {
    this.sequences.push(sequence);
    const streamId = event.case === "start" ? event.value.streamId : this.cursor.streamId;
    this.cursor = { streamId, sequence, writer };
    if (event.case === "textDelta") this.text += event.value.text;
    if (event.case === "attemptNotice" && event.value.discardOutput) this.text = "";
    this.last = event.case;
  }

  async read(events: AsyncIterable<StreamEvent>): Promise<void> {
    for await (const event of events) this.apply(event);
  }

  expectWhole(): void {
    expect(this.last).toBe("complete");
    expect(this.text).toBe(WHOLE_TEXT);
    expect(this.sequences).toEqual(this.sequences.map((_, index) => index + 1));
  }
}

async function readThrough(
  transport: Transport,
  proxy: CutProxy,
  name: string,
  options: StreamReadOptions = {},
): Promise<Reader> {
  const { client, close } = helperClient(transport, proxy.address);
  const reader = new Reader();
  try {
    const request = { spec: specOf(name) };
    await reader.read(streamGenerate(client, request, { runtime: impatient, ...options }));
  } finally {
    close();
  }
  return reader;
}

describe.each(TRANSPORTS)("the helper over %s", (transport) => {
  it("A-69: ends with the whole text wherever its connection is cut", {
    timeout: 120_000,
  }, async () => {
    await using whole = await startCutProxy(targetOf(transport));
    (await readThrough(transport, whole, `${transport} whole`)).expectWhole();
    const offsets = Array.from({ length: SWEEP }, (_, index) =>
      Math.floor((index * whole.bytes) / SWEEP),
    );
    let cuts = 0;
    let reconnects = 0;
    const onReconnect = (): void => void reconnects++;
    const worker = async (): Promise<void> => {
      for (let offset = offsets.pop(); offset !== undefined; offset = offsets.pop()) {
        await using proxy = await startCutProxy(targetOf(transport));
        proxy.cutNext(offset);
        const name = `${transport} cut at ${offset};`;
        (await readThrough(transport, proxy, name, { onReconnect })).expectWhole();
        expect(requestsOf(name)).toHaveLength(1);
        cuts += proxy.cuts;
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    // The last offsets can lie behind the end of a shorter answer.
    expect(cuts).toBeGreaterThan(SWEEP * 0.9);
    expect(reconnects).toBeGreaterThan(SWEEP / 2);
  });

  it.each([0, 60, 400])("generates in spite of a cut after %i bytes", async (bytes) => {
    await using proxy = await startCutProxy(targetOf(transport));
    const { client, close } = helperClient(transport, proxy.address);
    proxy.cutNext(bytes);
    const spec = specOf(`${transport} unary ${bytes}`);
    const { generation } = await generate(client, { spec }, { runtime: impatient });
    expect(generation?.outputText).toBe(WHOLE_TEXT);
    expect(proxy.cuts).toBe(1);
    close();
  });

  it("is cut after every fifth event and tells where it stood", async () => {
    await using proxy = await startCutProxy(targetOf(transport));
    const { client, close } = helperClient(transport, proxy.address);
    const name = `${transport} again and again`;
    const told: Reconnect[] = [];
    const reader = new Reader();
    const options = { runtime: impatient, onReconnect: (each: Reconnect) => void told.push(each) };
    const request = { spec: specOf(name, undefined, 10) };
    for await (const event of streamGenerate(client, request, options)) {
      reader.apply(event);
      if (event.sequence % 5 === 0 && event.event.case === "textDelta") proxy.cut();
    }
    close();
    reader.expectWhole();
    expect(requestsOf(name)).toHaveLength(1);
    expect(told.length).toBeGreaterThan(2);
    for (const { streamId, tries, cause } of told) {
      expect([streamId, tries]).toEqual([reader.cursor.streamId, 1]);
      expect(cause.isFromGateway).toBe(false);
    }
  });

  it("goes on from a position that another process kept", async () => {
    const first = helperClient(transport, targetOf(transport));
    const reader = new Reader();
    for await (const event of streamGenerate(first.client, { spec: specOf(`${transport} kept`) })) {
      reader.apply(event);
      if (event.sequence === 6) break;
    }
    first.close();
    const second = helperClient(transport, targetOf(transport));
    await reader.read(resumeStream(second.client, reader.cursor));
    reader.expectWhole();
    // From the last event on, nothing is left.
    await reader.read(resumeStream(second.client, reader.cursor));
    reader.expectWhole();
    second.close();
  });

  it("is read in several short calls", async () => {
    const { client, close } = helperClient(transport, targetOf(transport));
    const name = `${transport} in short calls`;
    const codes: number[] = [];
    const reader = new Reader();
    await reader.read(
      streamGenerate(
        client,
        { spec: specOf(name, undefined, 30) },
        {
          runtime: impatient,
          deliveryTimeoutMs: 250,
          onReconnect: ({ cause }) => void codes.push(cause.code),
        },
      ),
    );
    close();
    reader.expectWhole();
    expect(codes.length).toBeGreaterThan(1);
    expect(new Set(codes)).toEqual(new Set([4]));
    expect(requestsOf(name)).toHaveLength(1);
  });

  it("does not repeat an ephemeral stream", async () => {
    await using proxy = await startCutProxy(targetOf(transport));
    const { client, close } = helperClient(transport, proxy.address);
    const name = `${transport} ephemeral`;
    const spec = specOf(name, { stall_after_events: 2 });
    const reading = (async () => {
      for await (const { event } of streamGenerate(client, {
        spec,
        options: { ephemeral: true },
      })) {
        if (event.case === "textDelta") proxy.cut();
      }
    })();
    await expect(reading).rejects.toMatchObject({ code: 9, reason: "STREAM_NOT_RESUMABLE" });
    expect(requestsOf(name)).toHaveLength(1);
    close();
  });

  it.each([
    ["is left", false],
    ["throws", true],
  ])("closes the provider's connection when its loop %s", async (how, throws) => {
    const { client, close } = helperClient(transport, targetOf(transport));
    const name = `${transport} loop ${how}`;
    const spec = specOf(name, { stall_after_events: 3 });
    const options = { onDisconnect: DisconnectPolicy.CANCEL };
    const reading = async (): Promise<void> => {
      for await (const { event } of streamGenerate(client, { spec, options })) {
        if (event.case !== "textDelta") continue;
        if (throws) throw new Error("the consumer's own");
        break;
      }
    };
    if (throws) await expect(reading()).rejects.toThrow("the consumer's own");
    else await reading();
    const [request] = requestsOf(name);
    await eventually(() => request?.closedAt !== undefined);
    close();
  });

  it("ends by the caller's signal with its position", async () => {
    const { client, close } = helperClient(transport, targetOf(transport));
    const spec = specOf(`${transport} signal`, { stall_after_events: 3 });
    const controller = new AbortController();
    const reason = new Error("enough");
    const reader = new Reader();
    const reading = reader.read(streamGenerate(client, { spec }, controller));
    await eventually(() => reader.last === "textDelta");
    controller.abort(reason);
    const error = await reading.catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: Code.CANCELLED, cause: reason, cursor: reader.cursor });
    close();
  });

  it("A-34: throws the typed error with the position, after the output", async () => {
    const { client, close } = helperClient(transport, targetOf(transport));
    // Where nothing is named the helper asks for RESTART, and the stream goes on.
    const routing = { midStreamRecovery: MidStreamRecovery.FAIL };
    const spec = { ...specOf(`${transport} fails`, { error_at: 4 }), routing };
    const reader = new Reader();
    const error = await reader
      .read(streamGenerate(client, { spec }))
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(SteerError);
    expect(reader.last).toBe("error");
    expect(reader.text).not.toBe("");
    expect(error).toMatchObject({ cursor: reader.cursor, isFromGateway: true });
    expect((error as SteerError).detail?.attempts).not.toHaveLength(0);
    close();
  });

  it("says at once what no repetition can change", async () => {
    const { client, close } = helperClient(transport, targetOf(transport));
    const reading = new Reader().read(
      streamGenerate(client, { spec: { model: "none", prompt: "" } }),
    );
    await expect(reading).rejects.toMatchObject({ isFromGateway: true, retryable: false });
    const unknown = { streamId: `s.${"0".repeat(32)}`, sequence: 1, writer: 0 };
    await expect(new Reader().read(resumeStream(client, unknown))).rejects.toMatchObject({
      code: 5,
      reason: "STREAM_NOT_FOUND",
    });
    close();
  });
});

describe("a connection that is dead and does not say so", () => {
  it.each([
    ["grpc-js", "an unanswered ping", { silenceMs: 0 }, 200],
    ["Connect", "the missing heartbeats", { silenceMs: 400 }, 60_000],
    ["gRPC-Web", "the missing heartbeats", { silenceMs: 400 }, 60_000],
  ] as const)("A-65: is noticed over %s by %s", async (transport, _by, options, keepaliveMs) => {
    await using proxy = await startCutProxy(targetOf(transport));
    const { client, close } = helperClient(transport, proxy.address, keepaliveMs);
    stack.upstream.hold();
    stack.upstream.release(4);
    const reader = new Reader();
    let reconnects = 0;
    const onReconnect = (): void => {
      reconnects++;
      stack.upstream.release(1_000_000);
    };
    const name = `${transport} dead by ${_by}`;
    const events = streamGenerate(
      client,
      {
        spec: specOf(name),
        options: { heartbeatInterval: { seconds: 0n, nanos: 100_000_000 } },
      },
      { runtime: impatient, onReconnect, ...options },
    );
    for await (const event of events) {
      reader.apply(event);
      if (event.event.case === "textDelta" && reconnects === 0) proxy.freeze();
    }
    close();
    reader.expectWhole();
    expect(reconnects).toBeGreaterThan(0);
    expect(requestsOf(name)).toHaveLength(1);
  });
});
