// What the programs talk to: replicas over one Redis, a gateway under TLS, one as
// README starts it, and a provider whose every word is known.
import { createHash } from "node:crypto";
import { type Certificates, makeCertificates } from "../support/certificates.ts";
import { freePort } from "../support/free-port.ts";
import { createGrpcClient, type GrpcClient } from "../support/grpc-client.ts";
import { type RedisServer, startRedis } from "../support/redis.ts";
import { type ServiceProcess, startService } from "../support/service.ts";
import { startUpstream, type Upstream } from "../support/upstream.ts";

export const TOKEN = "key-of-a-caller";
const OPERATOR_TOKEN = "key-of-an-operator";
export const AS_OPERATOR = { authorization: `Bearer ${OPERATOR_TOKEN}` };
export const OPERATOR = { STEER_API_KEY: OPERATOR_TOKEN };

/** What the known models say: text over many events, JSON, 3 MiB. */
export const KNOWN_TEXT = Array.from({ length: 12 }, (_, index) =>
  `${index}: jede Welle trägt ein Wort vom fernen Ufer, 東京 より, cafe\u0301 🚀👩‍🚀.`.trim(),
).join(" ");
export const KNOWN_JSON = '{"title":"Köln – 東京","legs":[{"by":"train","to":"Paris"},{"by":"✈"}]}';
export const LARGE_TEXT = "0123456789abcde é ".repeat(3 * 1024 * 64).slice(0, 2_980_000);

/** A replica starts beside the loops of a program, which leave it little of a small machine. */
const START_TIMEOUT_MS = 60_000;

export type Replicas = readonly [ServiceProcess, ServiceProcess];

export interface World extends AsyncDisposable {
  readonly replicas: Replicas;
  /** Two more replicas over a Redis of their own, for a scenario that does them harm: no other replica takes over what they lose. */
  startReplicas(): Promise<Replicas>;
  /** Ends a replica by SIGTERM, waits, and starts the next one at its address. */
  restart(replica: ServiceProcess): Promise<ServiceProcess>;
  /** A client of the first replica. */
  readonly operator: GrpcClient;
  readonly tls: ServiceProcess;
  readonly certificates: Certificates;
  /** No callers, and `simulator` is the name of a model that says `KNOWN_TEXT`. */
  readonly open: ServiceProcess;
}

const sha256 = (key: string): string => createHash("sha256").update(key).digest("hex");

const CALLERS = `
callers:
  - {id: team, role: caller, key_sha256: ${sha256(TOKEN)}}
  - {id: operator, role: operator, key_sha256: ${sha256(OPERATOR_TOKEN)}}
`;

function startReplica(upstream: Upstream, redis: RedisServer, port = 0): Promise<ServiceProcess> {
  const models = ["known-text", "known-json", "large"].map(
    (id) => `  - {id: ${id}, provider: known}\n`,
  );
  const config = `
faults: {allow: true} # because: the simulator shall fail
providers:
  - {id: simulator, type: simulator}
  - {id: known, type: openai, base_url: "${upstream.url}/v1", api_key_env: UP_KEY, api: chat}
models:
  - {id: simulator, provider: simulator}
${models.join("")}
stream: {store: "${redis.url}", store_timeout: 2s} # because: a busy machine is no store that is away
routing: {mid_stream_recovery: restart} # because: the clients' second attempts are looked for
${CALLERS}`;
  return startService({
    config,
    env: { UP_KEY: "secret", STEER_GRPC_ADDRESS: `127.0.0.1:${port}` },
    startTimeoutMs: START_TIMEOUT_MS,
  });
}

export async function startWorld(): Promise<World> {
  // Ends what has started if something does not start.
  await using stack = new AsyncDisposableStack();
  let owner: AsyncDisposableStack = stack;
  const stopped = async (starting: Promise<ServiceProcess>): Promise<ServiceProcess> => {
    const service = await starting;
    owner.defer(() => service.stop());
    return service;
  };
  const upstream = await startUpstream();
  stack.defer(() => upstream.close());
  for (const [model, text] of [
    ["known-text", KNOWN_TEXT],
    ["known-json", KNOWN_JSON],
    ["large", LARGE_TEXT],
  ] as const) {
    upstream.outages.set(model, { attempt: 0, text });
  }
  const redis = stack.use(await startRedis());
  const certificates = stack.use(makeCertificates("team"));
  // One after another, here and in `startReplicas`: on a machine that has much to do they would keep each other from starting.
  const first = await stopped(startReplica(upstream, redis));
  const second = await stopped(startReplica(upstream, redis));
  const tls = await stopped(
    startService({
      config: `${CALLERS}
grpc: {tls: {cert_file: ${certificates.serverCert}, key_file: ${certificates.serverKey}}}`,
    }),
  );
  const open = await stopped(
    startService({
      config: `
providers:
  - {id: known, type: openai, base_url: "${upstream.url}/v1", api_key_env: UP_KEY, api: chat}
models:
  - {id: simulator, provider: known, provider_model: known-text}
`,
      env: { UP_KEY: "secret" },
    }),
  );
  /** The last replicas that were asked for. */
  let started: Promise<unknown> = Promise.resolve();
  const stores = new Map<ServiceProcess, RedisServer>();
  const startOver = async (store: RedisServer, port: number): Promise<ServiceProcess> => {
    const replica = await stopped(startReplica(upstream, store, port));
    stores.set(replica, store);
    return replica;
  };
  const startTwo = async (): Promise<Replicas> => {
    const store = owner.use(await startRedis());
    return [await startOver(store, await freePort()), await startOver(store, await freePort())];
  };
  const operator = createGrpcClient(first.grpc);
  stack.defer(() => operator.close());
  owner = stack.move();
  return {
    replicas: [first, second],
    startReplicas() {
      const two = started.then(startTwo);
      started = two.catch(() => {});
      return two;
    },
    async restart(replica) {
      replica.signal("SIGTERM");
      await replica.exited;
      return startOver(stores.get(replica) ?? redis, Number(replica.grpc.split(":").at(-1)));
    },
    operator,
    tls,
    certificates,
    open,
    [Symbol.asyncDispose]: () => owner.disposeAsync(),
  };
}
