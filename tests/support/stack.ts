import { createGrpcClient, type GrpcClient } from "./grpc-client.ts";
import { type ServiceOptions, type ServiceProcess, startService } from "./service.ts";
import { startUpstream, type Upstream } from "./upstream.ts";

/** The real service with a scripted upstream, with one instance and one model per adapter. */
export interface Stack extends AsyncDisposable {
  readonly upstream: Upstream;
  readonly service: ServiceProcess;
  readonly client: GrpcClient;
}

/** Models by adapter. The instance has the model's name without `m-`. */
export const ADAPTERS = ["chat", "responses", "claude", "grok"] as const;

export type Adapter = (typeof ADAPTERS)[number];

/** Everything that a request can need: by default, a model in the file takes no media. */
const ABLE =
  "capabilities: [generate, stream, image-input, file-input, tools, parallel-tools, json-object, json-schema, reasoning]";

function configuration(url: string): string {
  return `
providers:
  - {id: chat, type: openai, base_url: "${url}/v1", api_key_env: UP_KEY}
  - {id: responses, type: openai, base_url: "${url}/v1", api_key_env: UP_KEY, api: responses}
  - {id: claude, type: anthropic, base_url: "${url}", api_key_env: UP_KEY}
  - {id: grok, type: xai, base_url: "${url}/xai/v1", api_key_env: UP_KEY}
models:
  - {id: m-chat, provider: chat, efforts: [none, low, high], ${ABLE}}
  - {id: m-responses, provider: responses, efforts: [none, low, high], ${ABLE}}
  - {id: m-claude, provider: claude, efforts: [none, low, high], ${ABLE}}
  - {id: m-grok, provider: grok, efforts: [none, low, high], ${ABLE}}
`;
}

/** `config` of the options is appended to `providersAndModels`. */
export async function startStack(
  options: ServiceOptions = {},
  providersAndModels = configuration,
): Promise<Stack> {
  await using starting = new AsyncDisposableStack();
  const upstream = starting.adopt(await startUpstream(), (each) => each.close());
  const started = await startService({
    config: `${providersAndModels(upstream.url)}${options.config ?? ""}`,
    env: { UP_KEY: "secret-key", ...options.env },
  });
  const service = starting.adopt(started, (each) => each.stop());
  const client = starting.adopt(createGrpcClient(service.grpc), (each) => each.close());
  const all = starting.move();
  return { upstream, service, client, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

/** Waits until `condition` holds; fails after `timeoutMs`. */
export async function eventually(
  condition: () => boolean | Promise<boolean>,
  timeoutMs = 60_000,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error("the condition does not come true");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
