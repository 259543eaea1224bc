// What the programs talk to: replicas over one Redis, a gateway under TLS, one as
// README starts it, and a provider whose every word is known.
import { createHash } from "node:crypto";
import { type Certificates, makeCertificates } from "../support/certificates.ts";
import { createGrpcClient, type GrpcClient } from "../support/grpc-client.ts";
import { type RedisServer, startRedis } from "../support/redis.ts";
import { type ServiceProcess, startService } from "../support/service.ts";
import { startUpstream, type Upstream } from "../support/upstream.ts";

export const TOKEN = "key-of-a-caller";
const OPERATOR_TOKEN = "key-of-an-operator";
export const AS_OPERATOR = { authorization: `Bearer ${OPERATOR_TOKEN}` };
export const OPERATOR = { STEER_TOKEN: OPERATOR_TOKEN };

/** What the known models say: text over many events, JSON, 3 MiB. */
export const KNOWN_TEXT = Array.from({ length: 12 }, (_, index) =>
  `${index}: jede Welle trägt ein Wort vom fernen Ufer, 東京 より, cafe\u0301 🚀👩‍🚀.`.trim(),
).join(" ");
export const KNOWN_JSON = '{"title":"Köln – 東京","legs":[{"by":"train","to":"Paris"},{"by":"✈"}]}';
export const LARGE_TEXT = "0123456789abcde é ".repeat(3 * 1024 * 64).slice(0, 2_980_000);

export interface World extends AsyncDisposable {
  readonly replicas: readonly [ServiceProcess, ServiceProcess];
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

function startReplica(upstream: Upstream, redis: RedisServer): Promise<ServiceProcess> {
  const models = ["known-text", "known-json", "large"].map(
    (id) => `  - {id: ${id}, provider: known}\n`,
  );
  const config = `
faults: {allow: true}
providers:
  - {id: simulator, type: simulator}
  - {id: known, type: openai, base_url: "${upstream.url}/v1", api_key_env: UP_KEY, api: chat}
models:
  - {id: simulator, provider: simulator}
${models.join("")}
stream: {store: "${redis.url}"}
${CALLERS}`;
  return startService({ config, env: { UP_KEY: "secret" } });
}

export async function startWorld(): Promise<World> {
  const stack = new AsyncDisposableStack();
  const stopped = async (starting: Promise<ServiceProcess>): Promise<ServiceProcess> => {
    const service = await starting;
    stack.defer(() => service.stop());
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
  const [first, second, tls, open] = await Promise.all([
    stopped(startReplica(upstream, redis)),
    stopped(startReplica(upstream, redis)),
    stopped(
      startService({
        config: `${CALLERS}
grpc: {tls: {cert_file: ${certificates.serverCert}, key_file: ${certificates.serverKey}}}`,
      }),
    ),
    stopped(
      startService({
        config: `
providers:
  - {id: known, type: openai, base_url: "${upstream.url}/v1", api_key_env: UP_KEY, api: chat}
models:
  - {id: simulator, provider: known, provider_model: known-text}
`,
        env: { UP_KEY: "secret" },
      }),
    ),
  ]);
  const operator = createGrpcClient(first.grpc);
  stack.defer(() => operator.close());
  return {
    replicas: [first, second],
    operator,
    tls,
    certificates,
    open,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
