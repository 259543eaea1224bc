// Calls at a gateway as its callers make them: streams and whole answers, failures, failovers and cancelled streams.
import { setTimeout as delay } from "node:timers/promises";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import { DisconnectPolicy } from "../../gen/es/steer/v1/stream_pb.js";
import { createGrpcClient, type GrpcClient } from "../support/grpc-client.ts";

export interface Load {
  stop(): Promise<void>;
}

/** Time between two calls of a worker, in milliseconds. */
const PAUSE_MS = 150;
const WORKERS = 3;

interface Asked {
  readonly model: string;
  readonly script?: Readonly<Record<string, unknown>>;
  readonly restarts?: boolean;
}

/** What the workers ask in turn. */
const ROUND: readonly Asked[] = [
  { model: "fast", script: { tokens: 40, pace_ms: 20 } },
  { model: "careful", script: { tokens: 12, first_token_ms: 120, pace_ms: 10 } },
  { model: "flaky", script: { tokens: 20 } },
  { model: "fast", script: { tokens: 5, faults: [{ attempt: 1, status: 503 }] } },
  { model: "no-such-model" },
  { model: "fast", script: { tokens: 200, pace_ms: 25 } },
  {
    model: "careful",
    script: { tokens: 60, faults: [{ attempt: 1, cut_after_bytes: 900 }] },
    restarts: true,
  },
];

/** "" for a service without callers. */
function metadataOf(key: string): Record<string, string> {
  return key === "" ? {} : { authorization: `Bearer ${key}` };
}

async function ask(
  client: GrpcClient,
  { model, script = {}, restarts = false }: Asked,
  options: { readonly metadata: Record<string, string>; readonly signal: AbortSignal },
): Promise<void> {
  const spec = {
    model,
    prompt: "load of the console's test",
    labels: { feature: "search", title: `"><script>alert(1)</script>` },
    providerOptions: { simulator: script as never },
    ...(restarts && { routing: { midStreamRecovery: 2 } }),
  };
  const request = { spec, acceptsDiscard: true };
  // Every event is read and none is looked at.
  for await (const _ of client.stream(GenerationService.method.streamGenerate, request, options));
}

/** Calls until it is stopped. */
export function startLoad(address: string, key: string): Load {
  const client = createGrpcClient(address);
  const ending = new AbortController();
  const { signal } = ending;
  const options = { metadata: metadataOf(key), signal };

  async function work(offset: number): Promise<void> {
    for (let turn = offset; !signal.aborted; turn++) {
      const asked = ROUND[turn % ROUND.length];
      // Refused and failed calls are a part of the load.
      if (asked !== undefined) await ask(client, asked, options).catch(() => {});
      await delay(PAUSE_MS, undefined, { signal }).catch(() => {});
    }
  }

  const working = Array.from({ length: WORKERS }, (_, index) => work(index * 2));
  return {
    async stop() {
      ending.abort();
      await Promise.all(working);
      client.close();
    },
  };
}

/** Makes streams that end at once. */
export async function makeStreams(address: string, key: string, count: number): Promise<void> {
  const client = createGrpcClient(address);
  const ending = new AbortController();
  const options = { metadata: metadataOf(key), signal: ending.signal };
  const asked = { model: "simulator", script: { tokens: 3 } };
  for (let made = 0; made < count; made++) await ask(client, asked, options);
  client.close();
}

/** Starts a stream that continues until it is ended. Returns its identifier. */
export async function startEndless(
  address: string,
  key: string,
  model: string,
  labels: Readonly<Record<string, string>> = {},
): Promise<string> {
  const client = createGrpcClient(address);
  const spec = {
    model,
    prompt: "endless",
    labels,
    providerOptions: { simulator: { tokens: 100_000, pace_ms: 50 } },
  };
  const request = { spec, options: { onDisconnect: DisconnectPolicy.CONTINUE } };
  const call = client.stream(GenerationService.method.streamGenerate, request, {
    metadata: metadataOf(key),
  });
  try {
    for await (const { event } of call) {
      if (event.case === "start") return event.value.streamId;
    }
  } finally {
    call.cancel();
    client.close();
  }
  throw new Error("the stream did not start");
}
