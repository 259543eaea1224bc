// Calls of every kind that a dashboard shows.
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import { JsonStreamMode } from "../../gen/es/steer/v1/stream_pb.js";
import { createGrpcClient, type GrpcClient } from "../support/grpc-client.ts";
import { collect } from "../support/stream-calls.ts";

const { generate, resumeStream, streamGenerate } = GenerationService.method;

/** What the load needs of a configuration. */
export const LOAD_CONFIG = `
faults: {allow: true} # because: scripted faults are the failures of the load
stream: {retention: 1s} # because: streams are removed while somebody looks
limits: {defaults: {concurrency: 7}} # because: calls are refused beside the long streams, and nowhere else
providers:
  - {id: simulator, type: simulator}
  - {id: shaky, type: simulator}
models:
  - {id: priced, provider: simulator, provider_model: simulator, prices: {currency: USD, input: 1, output: 4, date: 2026-11-01}}
  - {id: broken, provider: shaky, provider_model: simulator}
`;

const PAUSE_MS = 250;
/** Longer than two seconds, which count as a stall. */
const STALL_MS = 2_100;

const spec = (script: object, { model = "priced", provider = "simulator" } = {}) => ({
  model,
  prompt: "Hello",
  providerOptions: { [provider]: script as never },
});

const failing = (attempts: readonly number[]) => ({
  faults: attempts.map((attempt) => ({ attempt, status: 503 })),
});

/** Reads a stream, and what follows its third event once more. */
async function readTwice(client: GrpcClient): Promise<void> {
  const { events } = await collect(client.stream(streamGenerate, { spec: spec({ tokens: 20 }) }));
  const [start] = events;
  if (start?.event.case !== "start") return;
  const cursor = { streamId: start.event.value.streamId, lastSequence: 3 };
  await collect(client.stream(resumeStream, cursor));
}

/** Leaves an answer in the middle, so that nobody reports its tokens. */
async function leave(client: GrpcClient): Promise<void> {
  const options = { ephemeral: true };
  const call = client.stream(streamGenerate, { spec: spec({ tokens: 50, pace_ms: 20 }), options });
  let events = 0;
  for await (const _ of call) if (++events === 5) return call.cancel();
}

function readJson(client: GrpcClient): Promise<unknown> {
  const json = { ...spec({ text: '{"a": 1} {"b":' }), outputFormat: { format: JSON_OBJECT } };
  const options = { jsonMode: JsonStreamMode.VALUES };
  return collect(client.stream(streamGenerate, { spec: json, options }));
}

const JSON_OBJECT = { case: "jsonObject" as const, value: {} };

const round = (client: GrpcClient): Promise<unknown>[] => [
  client.unary(generate, { spec: spec({}) }),
  client.unary(generate, { spec: spec(failing([1])) }),
  client.unary(generate, {
    spec: spec(failing([1, 2, 3, 4, 5, 6]), { model: "broken", provider: "shaky" }),
  }),
  client.unary(generate, { spec: { model: "unknown", prompt: "Hello" } }),
  readTwice(client),
  readJson(client),
  leave(client),
];

const pause = () => new Promise((resolve) => setTimeout(resolve, PAUSE_MS));

/** A stream of one replica that is read at both. */
async function readElsewhere(owner: GrpcClient, other: GrpcClient): Promise<void> {
  const stream = owner.stream(streamGenerate, { spec: spec({ tokens: 600, pace_ms: 100 }) });
  try {
    for await (const { event } of stream) {
      if (event.case !== "start") continue;
      void collect(other.stream(resumeStream, { streamId: event.value.streamId }));
    }
  } catch {
    // The replica is lost: that is what the stream is for.
  }
}

/** Streams that outlive the stop of their replica, with readers at another. */
export function startLongStreams(owner: string, other: string): () => void {
  const clients = [createGrpcClient(owner), createGrpcClient(other)] as const;
  for (let index = 0; index < 3; index++) void readElsewhere(...clients);
  return () => {
    for (const client of clients) client.close();
  };
}

/** Calls the replicas until the returned function is called. Failures are part of the load. */
export function startLoad(addresses: readonly string[]): () => Promise<void> {
  let isOver = false;
  const runs = addresses.map(async (address) => {
    const client = createGrpcClient(address);
    const slow = collect(
      client.stream(streamGenerate, { spec: spec({ tokens: 4, pace_ms: STALL_MS }) }),
    );
    while (!isOver) {
      await Promise.allSettled(round(client));
      await pause();
    }
    await slow;
    client.close();
  });
  return async () => {
    isOver = true;
    await Promise.all(runs);
  };
}
