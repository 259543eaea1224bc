// Three gateways, a redis-server and a provider, with a fault proxy on every link.
import { type RedisServer, startRedis } from "../../support/redis.ts";
import { connectEndpoint, type Endpoint, grpcEndpoint } from "./endpoint.ts";
import { type GatewayProcess, startGateway } from "./gateway-process.ts";
import { type ProviderProcess, startProvider } from "./provider-process.ts";
import { type FaultProxy, startProxy } from "./proxy.ts";

export interface Replica {
  readonly process: GatewayProcess;
  /** Between the replica and its store; undefined: a store of its own. */
  readonly store: FaultProxy | undefined;
  /** Between clients and its two listeners. */
  readonly grpc: FaultProxy;
  readonly http: FaultProxy;
  /** Sends another header to every provider instance from now on. */
  reload(version: string): Promise<void>;
  /** Stays dead when it dies. */
  isHeldDown: boolean;
}

export interface ClusterOptions {
  readonly replicas?: number;
  /** Unset: a session is shorter, since a run waits for many lost owners. */
  readonly isSessionShipped?: boolean;
  /** Unset: 500 ms. */
  readonly storeTimeout?: string;
  readonly isStoreTimeoutShipped?: boolean;
  /** More lines of the section `stream`. */
  readonly stream?: string;
  /** Address of the store, where it is no Redis of this cluster. */
  readonly store?: string;
  readonly isStoreStarted?: boolean;
  /** Shared with another cluster, which ends it. */
  readonly provider?: ProviderProcess;
}

export interface Cluster extends AsyncDisposable {
  readonly replicas: readonly Replica[];
  /** The server that the replicas use now. */
  redis: RedisServer;
  readonly provider: ProviderProcess;
  readonly providerLink: FaultProxy;
  /** All replicas, each over both protocols, from this one on. */
  endpoints(from: number): readonly Endpoint[];
  /** The replica runs, or does again. */
  revive(index: number): Promise<void>;
  /** Leads the replicas to another server. */
  useRedis(server: RedisServer): void;
  /** Nothing is broken any more. */
  heal(): Promise<void>;
}

/** Instances of the provider; each is a model of the same name. */
const INSTANCES = ["main", "script", "outage", "first", "second"] as const;
/** An instance that can continue a text. */
const PREFILL = "prefill";
/** Most calls at once of a replica to an instance. */
export const MAX_IN_FLIGHT = 16;

const REVIVE_AFTER_MS = 200;

function configuration(
  providerUrl: string,
  store: string,
  options: ClusterOptions,
  version: string,
): string {
  const { storeTimeout = "500ms" } = options;
  const rest = `api_key_env: UP_KEY, headers: {x-version: "${version}"}`;
  const providers = [...INSTANCES, PREFILL].map((id) => {
    const more = id === PREFILL ? `${rest}, prefill: true` : rest;
    return `  - {id: ${id}, type: openai, base_url: "${providerUrl}/${id}/v1", ${more}}`;
  });
  const models = [
    ...INSTANCES.slice(0, 3).map((id) => `  - {id: ${id}, provider: ${id}}`),
    `  - {id: ${PREFILL}, provider: ${PREFILL}}`,
    "  - {id: pair, provider: first}",
    "  - {id: pair, provider: second}",
  ];
  return [
    "providers:",
    ...providers,
    "models:",
    ...models,
    `limit: {max_in_flight: ${MAX_IN_FLIGHT}} # because: the storm of a run fills it`,
    "health: {ejection: 1s, max_ejection: 2s} # because: the outages of a run are short, and what follows too",
    "stream:",
    `  store: "${store}"`,
    options.isStoreTimeoutShipped === true
      ? ""
      : `  store_timeout: ${storeTimeout} # because: a busy machine is no store that is away`,
    options.isSessionShipped === true
      ? ""
      : "  session_ttl: 2s # because: a run waits for many lost owners",
    options.stream ?? "",
    "",
  ].join("\n");
}

async function startReplica(
  providerUrl: string,
  redis: RedisServer,
  options: ClusterOptions,
  started: AsyncDisposableStack,
): Promise<Replica> {
  const startLink = async (port: number): Promise<FaultProxy> =>
    started.use(await startProxy(port));
  const store = options.store === undefined ? await startLink(redis.port) : undefined;
  const address = options.store ?? `redis://${store?.address}`;
  const of = (version: string): string => configuration(providerUrl, address, options, version);
  const process = await startGateway(of("0"));
  started.defer(() => process.kill());
  const portOf = (listener: string): number => Number(listener.split(":").at(-1));
  return {
    process,
    store,
    grpc: await startLink(portOf(process.grpc)),
    http: await startLink(portOf(process.http)),
    reload: (version) => process.reload(of(version)),
    isHeldDown: false,
  };
}

/** All results once every start has ended, also if one has failed. */
async function settled<T>(starts: readonly Promise<T>[]): Promise<readonly T[]> {
  await Promise.allSettled(starts);
  return Promise.all(starts);
}

export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  // Ends what has started also if the rest of the cluster does not start.
  await using starting = new AsyncDisposableStack();
  const provider = options.provider ?? starting.use(await startProvider());
  const providerLink = starting.use(await startProxy(provider.port));
  const redis = starting.use(
    await startRedis({
      isStarted: options.store === undefined && options.isStoreStarted !== false,
    }),
  );
  const providerUrl = `http://${providerLink.address}`;
  const replicas = await settled(
    Array.from({ length: options.replicas ?? 3 }, () =>
      startReplica(providerUrl, redis, options, starting),
    ),
  );
  const endpoints = replicas.map((replica) => [
    grpcEndpoint(replica.grpc.address),
    connectEndpoint(replica.http.address),
  ]);
  const reviving = new Map<number, Promise<void>>();
  let isClosed = false;

  async function revive(index: number): Promise<void> {
    const running = reviving.get(index);
    if (running !== undefined) return running;
    const replica = replicas[index];
    if (replica === undefined || replica.process.isRunning || isClosed) return;
    // One that is killed while it starts is started again by the next look.
    const start = replica.process
      .start()
      .catch(() => {})
      .finally(() => reviving.delete(index));
    reviving.set(index, start);
    return start;
  }

  // As whatever supervises processes does.
  const supervisor = setInterval(() => {
    replicas.forEach((replica, index) => {
      if (replica.isHeldDown || replica.process.isRunning) return;
      void revive(index);
    });
  }, REVIVE_AFTER_MS);

  const cluster: Cluster = {
    replicas,
    redis,
    provider,
    providerLink,
    endpoints(from) {
      // Of neighbours, one is reached over gRPC and one over Connect.
      return replicas.flatMap((_, step) => {
        const index = (from + step) % replicas.length;
        const both = endpoints[index] ?? [];
        const first = (from + step) % 2;
        return [both[first], both[1 - first]].filter((endpoint) => endpoint !== undefined);
      });
    },
    revive,
    useRedis(server) {
      cluster.redis = server;
      for (const { store } of replicas) store?.setTarget(server.port);
    },
    async heal() {
      for (const replica of replicas) {
        replica.isHeldDown = false;
        replica.store?.set({});
        replica.grpc.set({});
        replica.http.set({});
        replica.process.signal("SIGCONT");
      }
      providerLink.set({});
      for (const instance of INSTANCES) provider.outage(instance, undefined);
      while (replicas.some(({ process }) => !process.isRunning)) {
        await Promise.all(replicas.map((_, index) => revive(index)));
      }
    },
    async [Symbol.asyncDispose]() {
      isClosed = true;
      clearInterval(supervisor);
      await Promise.allSettled(reviving.values());
      for (const both of endpoints) for (const endpoint of both) endpoint.close();
      await Promise.all(replicas.map(({ process }) => process.kill()));
      await started.disposeAsync();
      await cluster.redis[Symbol.asyncDispose]();
    },
  };
  const started = starting.move();
  return cluster;
}
