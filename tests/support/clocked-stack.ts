import { type AddressInfo, createServer, type Socket } from "node:net";
import { type Client, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { AdminService } from "../../gen/es/steer/admin/v1/admin_service_pb.js";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import { startService } from "../../src/service.ts";
import { fromExplainedFile } from "./config-file.ts";
import { createGrpcClient, type GrpcClient } from "./grpc-client.ts";
import { createManualClock, type ManualClock } from "./manual-clock.ts";
import { ADAPTERS, type Adapter } from "./stack.ts";
import { stopAtOnce } from "./stop-at-once.ts";
import { startUpstream, type Upstream } from "./upstream.ts";

/** A clock whose waits take no time: each advances the clock and is recorded. */
export interface EagerClock extends ManualClock {
  /** Milliseconds of each `sleep`, in order. */
  readonly waits: number[];
}

export function createEagerClock(): EagerClock {
  const clock = createManualClock();
  const waits: number[] = [];
  return Object.assign(clock, {
    waits,
    async sleep(ms: number, signal: AbortSignal) {
      signal.throwIfAborted();
      waits.push(ms);
      await clock.advance(ms);
      signal.throwIfAborted();
    },
  });
}

/**
 * The service as in production, in this process and with a clock of the test, between real clients and a real
 * scripted provider. Adapter `x` has the model `m-x` at instance `x`, `sister-x` beside it, `spare-x` with a larger
 * window at instance `x-spare`, `dead-x` at an instance where nothing listens, and `mute-x` at one that accepts
 * connections and sends nothing, not even for TLS.
 */
export interface ClockedStack extends AsyncDisposable {
  readonly upstream: Upstream;
  /** Number of connections at the mute instances. */
  readonly mute: { readonly connections: number };
  readonly clock: EagerClock;
  readonly grpc: GrpcClient;
  readonly connect: Client<typeof GenerationService>;
  readonly admin: Client<typeof AdminService>;
  /** Address of the doors. */
  readonly http: string;
  /** Forgets the learned state of an adapter's targets, and the recorded waits. */
  reset(adapter: Adapter): Promise<void>;
}

const TYPES = {
  chat: { type: "openai", api: "", path: "/v1" },
  responses: { type: "openai", api: ", api: responses", path: "/v1" },
  claude: { type: "anthropic", api: "", path: "" },
  grok: { type: "xai", api: "", path: "/xai/v1" },
} as const;

/** No server listens at this address. */
const NOWHERE = "http://127.0.0.1:1";

async function startMute() {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket.on("error", () => {}));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get connections() {
      return sockets.length;
    },
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

function configuration(url: string, muteUrl: string): string {
  const providers = ADAPTERS.flatMap((adapter) => {
    const { type, api, path } = TYPES[adapter];
    const at = (id: string, base: string): string =>
      `  - {id: ${id}, type: ${type}, base_url: "${base}${path}", api_key_env: UP_KEY${api}}`;
    return [
      at(adapter, url),
      at(`${adapter}-spare`, url),
      at(`${adapter}-dead`, NOWHERE),
      at(`${adapter}-mute`, muteUrl),
    ];
  });
  const models = ADAPTERS.flatMap((adapter) => [
    `  - {id: m-${adapter}, provider: ${adapter}, context_window: 1000}`,
    `  - {id: sister-${adapter}, provider: ${adapter}, context_window: 1000}`,
    `  - {id: spare-${adapter}, provider: ${adapter}-spare, context_window: 2000}`,
    `  - {id: dead-${adapter}, provider: ${adapter}-dead}`,
    `  - {id: mute-${adapter}, provider: ${adapter}-mute}`,
  ]);
  return ["providers:", ...providers, "models:", ...models, ""].join("\n");
}

export async function startClockedStack(): Promise<ClockedStack> {
  await using starting = new AsyncDisposableStack();
  const upstream = starting.adopt(await startUpstream(), (each) => each.close());
  const mute = starting.adopt(await startMute(), (each) => each.close());
  const clock = createEagerClock();
  const environment = {
    UP_KEY: "secret-key",
    STEER_GRPC_ADDRESS: "127.0.0.1:0",
    STEER_HTTP_ADDRESS: "127.0.0.1:0",
  };
  const lines: Readonly<Record<string, unknown>>[] = [];
  const service = await startService(
    (line) => void lines.push(line),
    clock,
    () => fromExplainedFile(configuration(upstream.url, mute.url), environment),
  );
  const [listening] = lines;
  const grpc = createGrpcClient(String(listening?.["grpc"]));
  const baseUrl = `http://${String(listening?.["http"])}`;
  const transport = createConnectTransport({ baseUrl, httpVersion: "1.1" });
  const admin = createClient(AdminService, transport);
  const servers = starting.move();
  return {
    upstream,
    mute,
    clock,
    grpc,
    connect: createClient(GenerationService, transport),
    admin,
    http: baseUrl,
    async reset(adapter) {
      const instances = [adapter, `${adapter}-spare`, `${adapter}-dead`, `${adapter}-mute`];
      // An empty retry budget refills within a minute.
      await clock.jump(60_000);
      await Promise.all(instances.map((provider) => admin.resetCircuit({ provider })));
      clock.waits.length = 0;
    },
    async [Symbol.asyncDispose]() {
      grpc.close();
      // Closed before the service, which would wait for its connections.
      mute.close();
      await stopAtOnce(service, clock);
      await servers.disposeAsync();
    },
  };
}
