// A gateway in front of servers that nobody here has written.
import { startService } from "../support/service.ts";
import type { Asked } from "./clients.ts";
import { startAimock } from "./start-aimock.ts";
import { startLitellm } from "./start-litellm.ts";

export interface PublishedProviders extends AsyncDisposable {
  readonly asked: Asked;
}

/** An instance and its only model, which has the instance's name. */
interface Instance {
  readonly id: string;
  /** Type, and dialect if the type has several. */
  readonly type: string;
  readonly url: string;
  readonly providerModel?: string;
  /** Undefined: all that succeeds. */
  readonly scenarios?: string;
}

const ABLE = "capabilities: [generate, stream, tools, json-object, json-schema]";
const FAILURES = "limited,broken,rubbish,gone";
const PLAIN = "text,stream";
const CHAT = "type: openai";
const RESPONSES = "type: openai, api: responses";
const CLAUDE = "type: anthropic";

/** Instances whose calls fail have circuits of their own. */
function instances(aimock: string, litellm: string): Instance[] {
  const mock = { providerModel: "mock", scenarios: PLAIN };
  return [
    { id: "aimock-chat", type: CHAT, url: `${aimock}/v1` },
    { id: "aimock-responses", type: RESPONSES, url: `${aimock}/v1` },
    { id: "aimock-claude", type: CLAUDE, url: aimock },
    { id: "aimock-router", type: "type: openrouter", url: `${aimock}/api/v1` },
    { id: "failing-chat", type: CHAT, url: `${aimock}/v1`, scenarios: FAILURES },
    { id: "failing-responses", type: RESPONSES, url: `${aimock}/v1`, scenarios: FAILURES },
    { id: "failing-claude", type: CLAUDE, url: aimock, scenarios: FAILURES },
    { id: "litellm-chat", type: CHAT, url: `${litellm}/v1`, ...mock },
    { id: "litellm-responses", type: RESPONSES, url: `${litellm}/v1`, ...mock },
    { id: "litellm-claude", type: CLAUDE, url: litellm, ...mock },
    { id: "litellm-vllm", type: "type: vllm", url: `${litellm}/v1`, ...mock },
  ];
}

function configuration(all: readonly Instance[]): string {
  const providers = all.map(
    ({ id, type, url }) => `  - {id: ${id}, ${type}, base_url: "${url}", api_key_env: UP_KEY}`,
  );
  const models = all.map(
    ({ id, providerModel = id }) =>
      `  - {id: ${id}, provider: ${id}, provider_model: ${providerModel}, ${ABLE}}`,
  );
  return ["providers:", ...providers, "models:", ...models, ""].join("\n");
}

/** Rejects once both are up or given up, so that none is left to start later. */
async function startServers(servers: AsyncDisposableStack): Promise<readonly string[]> {
  const started = await Promise.allSettled([startAimock(), startLitellm()]);
  return started.map((each) => {
    if (each.status === "rejected") throw each.reason;
    return servers.use(each.value).url;
  });
}

/** Installs and starts the servers, and a gateway that has them as providers. */
export async function startPublishedProviders(): Promise<PublishedProviders> {
  await using servers = new AsyncDisposableStack();
  const [aimock = "", litellm = ""] = await startServers(servers);
  const all = instances(aimock, litellm);
  const config = configuration(all);
  const service = await startService({ config, env: { UP_KEY: "secret-key" } });
  servers.defer(() => service.stop());
  const models = all.map(({ id, scenarios }) =>
    scenarios === undefined ? id : `${id}=${scenarios}`,
  );
  const asked: Asked = { base: service.http, models, least: { node: 200, python: 240 } };
  const owned = servers.move();
  return { asked, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
