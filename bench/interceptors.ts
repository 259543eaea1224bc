// The cost that the interceptors around every call add to its handler, in a separate process: `node
// bench/interceptors.ts`. The floor is the handler alone.
import { ActivityCounters } from "../src/activity/activity-counters.ts";
import type { Call, CallHead } from "../src/calls/call.ts";
import { CallChain } from "../src/calls/call-chain.ts";
import { createCalls } from "../src/calls/calls.ts";
import { createOriginCheck } from "../src/calls/check-origin.ts";
import type { Operation } from "../src/calls/operation.ts";
import { systemClock } from "../src/clock.ts";
import { noTelemetry } from "../src/telemetry/telemetry.ts";
import { compare, print } from "./in-process.ts";

const CALLS = 100_000;
const STREAMS = 400;
const STREAM_EVENTS = 500;

const operation: Operation = { name: "bench.v1.Bench/Ask", kind: "unary", audience: "callers" };
const headers = new Map([["authorization", "Bearer key"]]);
const header = (name: string): string | undefined => headers.get(name);
const caller = { id: "bench", role: "caller" } as const;

const calls = createCalls({
  checkOrigin: createOriginCheck([]),
  authenticate: () => caller,
  checkHeaders: () => {},
  telemetry: noTelemetry,
  counts: new ActivityCounters(),
  clock: systemClock,
  // Writing lines is measured with the log.
  log: () => {},
  replica: "bench",
  version: "0",
});
const chain = new CallChain({ ...calls, toRefusal: () => new Error("refused") });

const head: CallHead = {
  operation,
  system: "grpc",
  peer: { address: "127.0.0.1", certificateNames: [] },
  hosts: ["localhost"],
  header,
  headerNames: () => headers.keys(),
};

function callOf(): Call {
  const { signal } = new AbortController();
  const none = (): void => {};
  return {
    operation,
    system: "grpc",
    header,
    caller,
    timeoutMs: undefined,
    signal,
    abort: none,
    setResponseHeader: none,
    setTrailer: none,
  };
}

async function answer(): Promise<string> {
  return "answer";
}

async function* events(): AsyncGenerator<number> {
  for (let index = 0; index < STREAM_EVENTS; index++) yield index;
}

async function read(stream: AsyncIterable<number>): Promise<void> {
  for await (const _ of stream);
}

const call = await compare(
  CALLS,
  async () => {
    chain.identify(head).check();
    await chain.begin(callOf()).unary(answer);
  },
  async () => {
    callOf();
    await answer();
  },
);
const streamed = await compare(
  STREAMS,
  async () => {
    chain.identify(head).check();
    await read(chain.begin(callOf()).serverStream(async () => events()));
  },
  () => read(events()),
);
print({
  call,
  event: { value: streamed.value / STREAM_EVENTS, floor: streamed.floor / STREAM_EVENTS },
});
