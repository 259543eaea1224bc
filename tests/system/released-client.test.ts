// A caller with the stubs of the last release, and one with older ones, at the service of today.
import type { DescService } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { StreamEvent } from "../../gen/es/steer/v1/stream_pb.js";
import {
  generateReleasedStubs,
  methodOf,
  type ReleasedStubs,
  serviceWithoutEvents,
} from "../support/released-stubs.ts";
import { type Stack, startStack } from "../support/stack.ts";
import { spec, streamIdOf } from "../support/stream-calls.ts";

const HEARTBEAT = { seconds: 0n, nanos: 40_000_000 };

let stubs: ReleasedStubs;
let stack: Stack;

beforeAll(async () => {
  stubs = await generateReleasedStubs();
  stack = await startStack();
});

afterAll(async () => {
  await stack[Symbol.asyncDispose]();
  stubs[Symbol.dispose]();
});

type Request = Record<string, unknown>;

interface Caller {
  unary(name: string, request: Request): Promise<Record<string, never>>;
  stream(name: string, request: Request): AsyncIterable<StreamEvent>;
}

/** A caller that knows nothing but the descriptors of its stubs. */
function overGrpc(service: DescService): Caller {
  return {
    unary: (name, request) =>
      stack.client.unary(methodOf(service, name), request) as Promise<never>,
    stream: (name, request) =>
      stack.client.stream(methodOf(service, name), request) as AsyncIterable<never>,
  };
}

function overConnect(service: DescService): Caller {
  const transport = createConnectTransport({ baseUrl: stack.service.http, httpVersion: "1.1" });
  const client = createClient(service, transport) as Record<string, (request: Request) => unknown>;
  const call = (name: string, request: Request) => client[name]?.(request);
  return {
    unary: (name, request) => call(name, request) as Promise<never>,
    stream: (name, request) => call(name, request) as AsyncIterable<never>,
  };
}

const CALLERS = { "grpc-js": overGrpc, Connect: overConnect };

/** The upstream counts attempts by what is scripted for them. */
let serial = 0;

/** Requests whose streams have every kind of event between them. */
function requests(): Request[] {
  const scripted = (script: object, more: object = {}) => ({ ...spec("chat", script), ...more });
  const headers = { "x-test": `released ${serial++}` };
  const parameters = '{"type":"object","properties":{"city":{"type":"string"}}}';
  const tool = { name: "get_weather", parametersJsonSchema: parameters };
  return [
    {
      spec: scripted(
        { tokens: 10, reasoning: "Hm.", first_token_ms: 300 },
        { reasoning: { includeText: true } },
      ),
      options: { heartbeatInterval: HEARTBEAT, includeUsage: true },
    },
    {
      spec: scripted(
        {},
        {
          tools: [{ kind: { case: "function", value: tool } }],
          toolChoice: { choice: { case: "functionName", value: tool.name } },
        },
      ),
    },
    {
      spec: scripted(
        { text: '{"city": "Lima"}' },
        { outputFormat: { format: { case: "jsonObject", value: {} } } },
      ),
      options: { jsonMode: 3 },
    },
    {
      spec: scripted(
        { tokens: 5, faults: [{ attempt: 1, status: 503, headers }] },
        { retry: { maxAttempts: 2 } },
      ),
    },
    { spec: scripted({ tokens: 5, faults: [{ attempt: 1, error_at: 3, headers }] }) },
  ];
}

/** All events of a stream, whether it ends with an error or not. */
async function eventsOf(call: AsyncIterable<StreamEvent>): Promise<StreamEvent[]> {
  const events: StreamEvent[] = [];
  try {
    for await (const event of call) events.push(event);
  } catch {
    if (events.at(-1)?.event.case !== "error") throw new Error("the stream has no error event");
  }
  return events;
}

const stored = (events: readonly StreamEvent[]) =>
  events.filter(({ event }) => event.case !== "heartbeat");

const textOf = (events: readonly StreamEvent[]): string =>
  events.map(({ event }) => (event.case === "textDelta" ? event.value.text : "")).join("");

describe.each(Object.entries(CALLERS))("a client of the last release over %s", (_name, connect) => {
  it("generates", async () => {
    const answer = await connect(stubs.GenerationService).unary("generate", {
      spec: spec("chat", { text: "An answer." }),
    });
    expect(answer).toMatchObject({
      generation: { outputText: "An answer.", finishReason: 1, usage: { source: 1 } },
    });
    expect(answer).not.toHaveProperty("$unknown");
  });

  it("knows every event of every stream, and resumes it anywhere", async () => {
    const caller = connect(stubs.GenerationService);
    const kinds = new Set<unknown>();
    for (const request of requests()) {
      const events = await eventsOf(caller.stream("streamGenerate", request));
      for (const { event } of events) kinds.add(event.case);
      const all = stored(events);
      expect(all.map(({ sequence }) => sequence)).toEqual(all.map((_event, index) => index + 1));
      const middle = all[Math.floor(all.length / 2)];
      const rest = await eventsOf(
        caller.stream("resumeStream", {
          streamId: streamIdOf(all),
          lastSequence: middle?.sequence,
          lastWriter: middle?.writer,
        }),
      );
      expect(stored(rest)).toEqual(all.slice(middle?.sequence));
    }
    const { fields } = stubs.GenerationService.method.streamGenerate.output.oneofs[0] ?? {};
    expect(kinds).toEqual(new Set(fields?.map(({ localName }) => localName)));
  });

  it("skips events of a kind that is newer than its stubs, and counts them", async () => {
    const older = ["reasoning_delta", "usage", "heartbeat"];
    const caller = connect(serviceWithoutEvents(older));
    const [request = {}] = requests();
    const events = await eventsOf(caller.stream("streamGenerate", request));
    const unknown = events.filter(({ event }) => event.case === undefined);
    // Heartbeats repeat a sequence; the other two have their own.
    expect(new Set(unknown.map(({ sequence }) => sequence)).size).toBeGreaterThanOrEqual(2);
    const sequences = events.map(({ sequence }) => sequence);
    const last = sequences.at(-1) ?? 0;
    expect(sequences).toEqual(sequences.toSorted((one, other) => one - other));
    expect(new Set(sequences).size).toBe(last);
    expect(events.at(-1)?.event).toMatchObject({
      case: "complete",
      value: { generation: { outputText: textOf(events) } },
    });
    expect(textOf(events)).not.toBe("");
  });
});
