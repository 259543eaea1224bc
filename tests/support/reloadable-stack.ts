import type { MessageInitShape } from "@bufbuild/protobuf";
import type { GenerationSpecSchema } from "../../gen/es/steer/v1/generation_pb.js";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import { startService } from "../../src/service.ts";
import { fromExplainedFile } from "./config-file.ts";
import { createGrpcClient, type GrpcClient } from "./grpc-client.ts";
import { createManualClock, type ManualClock } from "./manual-clock.ts";
import { eventually } from "./stack.ts";
import { stopAtOnce } from "./stop-at-once.ts";
import type { UpstreamFault } from "./upstream/script.ts";
import { startUpstream, type Upstream } from "./upstream.ts";

/** Changeable parts of the configuration file, as text. */
export interface ReloadableConfig {
  /** Value of the header `x-version` that instance `one` sends. */
  readonly one?: string;
  /** Value of the header `x-version` that instance `two` sends. */
  readonly two?: string;
  /** Key file of instance `one`. */
  readonly keyFile?: string;
  /** Further sections of the file. */
  readonly more?: string;
}

/**
 * The service as in production, in this process and with a clock that only the test moves, between a real gRPC
 * client and a real HTTP server. Model `p` is at instance `one`, model `q` at instance `two`, model `claude` (whose
 * server counts tokens) at instance `ant`.
 */
export interface ReloadableStack extends AsyncDisposable {
  readonly upstream: Upstream;
  readonly clock: ManualClock;
  readonly client: GrpcClient;
  /** Lines of the log. */
  readonly log: readonly Readonly<Record<string, unknown>>[];
  /** Changes the configuration and reloads. */
  reload(config: ReloadableConfig): Promise<void>;
  /** Resolves when the server has received this many requests. */
  received(requests: number): Promise<void>;
  /** The header `x-version` of each request so far, in order. */
  versions(): readonly unknown[];
  /** Advances the clock second by second until a call has ended. */
  settled<T>(call: Promise<T>): Promise<T>;
  /** The text of a unary call to `p`, whose requests to instance `one` fail as the script says. */
  generate(call?: ReloadableCall): Promise<string>;
}

type Spec = MessageInitShape<typeof GenerationSpecSchema>;

export interface ReloadableCall {
  readonly faults?: readonly UpstreamFault[];
  readonly retry?: Spec["retry"];
  readonly routing?: Spec["routing"];
  readonly abort?: Spec["abort"];
}

/** A request to `p` that instance `one` answers as the script says, and `two` with success. */
export function reloadableSpec(call: ReloadableCall): Spec {
  const { faults = [], retry, routing, abort } = call;
  return {
    model: "p",
    prompt: "Hi",
    providerOptions: { one: { simulator: { faults } } } as never,
    ...(retry !== undefined && { retry }),
    ...(routing !== undefined && { routing }),
    ...(abort !== undefined && { abort }),
  };
}

/** The configuration of a reloadable stack with the server at this address. */
export function reloadableConfig(url: string, config: ReloadableConfig): string {
  const { one = "1", two = "1", keyFile, more = "" } = config;
  const ofOne = keyFile === undefined ? "api_key_env: UP_KEY" : `api_key_file: "${keyFile}"`;
  const chat = (id: string, version: string, key = "api_key_env: UP_KEY"): string =>
    `  - {id: ${id}, type: openai, base_url: "${url}/v1", ${key}, headers: {x-version: "${version}"}}`;
  return `
providers:
${chat("one", one, ofOne)}
${chat("two", two)}
  - {id: ant, type: anthropic, base_url: "${url}", api_key_env: UP_KEY, headers: {x-version: "${one}"}}
models:
  - {id: p, provider: one}
  - {id: q, provider: two}
  - {id: claude, provider: ant}
${more}`;
}

export async function startReloadableStack(
  initial: ReloadableConfig = {},
): Promise<ReloadableStack> {
  const upstream = await startUpstream();
  const clock = createManualClock();
  const log: Readonly<Record<string, unknown>>[] = [];
  const environment = {
    UP_KEY: "secret-key",
    STEER_GRPC_ADDRESS: "127.0.0.1:0",
    STEER_HTTP_ADDRESS: "127.0.0.1:0",
  };
  let config = initial;
  const service = await startService(
    (line) => void log.push(line),
    clock,
    () => fromExplainedFile(reloadableConfig(upstream.url, config), environment),
  );
  const client = createGrpcClient(String(log[0]?.["grpc"]));
  return {
    upstream,
    clock,
    client,
    log,
    async reload(next) {
      config = next;
      await service.reload();
    },
    received: (requests) => eventually(() => upstream.requests.length >= requests),
    versions: () => upstream.requests.map(({ headers }) => headers["x-version"]),
    async settled(call) {
      let hasEnded = false;
      const end = (): void => {
        hasEnded = true;
      };
      call.then(end, end);
      await eventually(async () => {
        await clock.advance(1_000);
        return hasEnded;
      });
      return call;
    },
    async generate(call = {}) {
      const spec = reloadableSpec(call);
      const { generation } = await client.unary(GenerationService.method.generate, { spec });
      return generation?.outputText ?? "";
    },
    async [Symbol.asyncDispose]() {
      client.close();
      await stopAtOnce(service, clock);
      await upstream.close();
    },
  };
}
