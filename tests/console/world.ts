// Gateways in processes of their own, with callers, failures and load.
import { createHash } from "node:crypto";
import { type RedisServer, startRedis } from "../support/redis.ts";
import { type ReplicaSet, startReplicas } from "../support/replica-set.ts";
import { type ServiceOptions, type ServiceProcess, startService } from "../support/service.ts";
import { type Load, startLoad } from "./load.ts";

export const OPERATOR_KEY = "operator-key";
export const CALLER_KEY = "billing-key";
export const CALLER = "billing";
/** A model whose name is markup. */
export const HOSTILE_MODEL = `<img/src=x/onerror="alert(1)">`;

export interface World extends AsyncDisposable {
  /** With callers, groups, priced models and a provider that fails. */
  readonly keyed: ServiceProcess;
  /** Without callers. */
  readonly open: ServiceProcess;
  /** Two replicas on one Redis, with the callers of `keyed`. */
  readonly replicas: ReplicaSet;
  /** Calls at `keyed`, until its end. */
  readonly load: Load;
}

const hashOf = (key: string): string => createHash("sha256").update(key).digest("hex");

const CALLERS = `
callers:
  - {id: ops, role: operator, key_sha256: ${hashOf(OPERATOR_KEY)}}
  - id: ${CALLER}
    role: caller
    group: finance
    key_sha256: ${hashOf(CALLER_KEY)}
    limits: {requests: 100000/m, spend: {day: USD 3}, allow_unpriced: true}
groups:
  - {id: finance, limits: {spend: {month: USD 900}, allow_unpriced: true}}
`;

/** Nothing listens at the port of discard. */
const TARGETS = `
providers:
  - {id: simulator, type: simulator}
  - {id: second, type: simulator}
  - {id: broken, type: openai, base_url: "http://127.0.0.1:9/v1"}
models:
  - {id: fast, provider: simulator, provider_model: simulator, prices: {currency: USD, input: 1, output: 4, date: 2026-11-01}}
  - {id: careful, provider: second, provider_model: simulator, prices: {currency: USD, input: 5, output: 20, date: 2026-11-01}}
  - {id: flaky, provider: broken}
  - {id: flaky, provider: second, provider_model: simulator}
  - {id: '${HOSTILE_MODEL}', provider: simulator, provider_model: simulator, display_name: '<b>bold</b>'}
`;

const FAULTS = "faults: {allow: true} # because: attempts of the simulator shall fail\n";

async function startReplicated(redis: RedisServer): Promise<ReplicaSet> {
  return startReplicas(2, {
    config: `${CALLERS}stream: {store: "${redis.url}"}\n`,
  });
}

export async function startWorld(): Promise<World> {
  await using started = new AsyncDisposableStack();
  const own = async (options: ServiceOptions): Promise<ServiceProcess> =>
    started.adopt(await startService(options), (service) => service.stop());
  const redis = started.use(await startRedis());
  const replicas = started.use(await startReplicated(redis));
  const open = await own({});
  const keyed = await own({ config: CALLERS + TARGETS + FAULTS });
  const load = started.adopt(startLoad(keyed.grpc, CALLER_KEY), (calls) => calls.stop());
  const all = started.move();
  return { keyed, open, replicas, load, [Symbol.asyncDispose]: () => all.disposeAsync() };
}
