// A gateway in front of servers that nobody here has written.
import { startService } from "../support/service.ts";
import type { Asked } from "./clients.ts";
import { SAYS_NO_TIME } from "./outcome.ts";
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
  /** Variable with the server's key. */
  readonly keyVariable: string;
  readonly providerModel?: string;
  /** Undefined: all that succeeds. */
  readonly scenarios?: string;
}

const ABLE = "capabilities: [generate, stream, tools, json-object, json-schema]";
const FAILURES = ["limited", "broken", "rubbish", "gone"];
const PLAIN = "text,stream";
const CHAT = "type: openai";
const RESPONSES = "type: openai, api: responses";
const CLAUDE = "type: anthropic";

/** Each failure has instances of its own: a pause or a circuit changes no other. LiteLLM 1.110 cannot stream Responses of its own answers. */
function instancesOf(aimock: string, litellm: string): Instance[] {
  const mock = { keyVariable: "AIMOCK_KEY" };
  const proxy = { keyVariable: "LITELLM_KEY", providerModel: "mock", scenarios: PLAIN };
  const failing = FAILURES.flatMap((scenarios): Instance[] => [
    { id: `${scenarios}-chat`, type: CHAT, url: `${aimock}/v1`, ...mock, scenarios },
    { id: `${scenarios}-responses`, type: RESPONSES, url: `${aimock}/v1`, ...mock, scenarios },
    { id: `${scenarios}-claude`, type: CLAUDE, url: aimock, ...mock, scenarios },
  ]);
  const limited = { ...proxy, providerModel: "limited", scenarios: "limited" };
  return [
    { id: "aimock-chat", type: CHAT, url: `${aimock}/v1`, ...mock },
    { id: "aimock-responses", type: RESPONSES, url: `${aimock}/v1`, ...mock },
    { id: "aimock-claude", type: CLAUDE, url: aimock, ...mock },
    { id: "aimock-router", type: "type: openrouter", url: `${aimock}/api/v1`, ...mock },
    ...failing,
    { id: "litellm-chat", type: CHAT, url: `${litellm}/v1`, ...proxy },
    { id: "litellm-claude", type: CLAUDE, url: litellm, ...proxy },
    { id: "litellm-vllm", type: "type: vllm", url: `${litellm}/v1`, ...proxy },
    { id: SAYS_NO_TIME, type: CHAT, url: `${litellm}/v1`, ...limited },
  ];
}

function configuration(all: readonly Instance[]): string {
  const providers = all.map(
    ({ id, type, url, keyVariable }) =>
      `  - {id: ${id}, ${type}, base_url: "${url}", api_key_env: ${keyVariable}}`,
  );
  const models = all.map(
    ({ id, providerModel = id }) =>
      `  - {id: ${id}, provider: ${id}, provider_model: ${providerModel}, ${ABLE}}`,
  );
  return ["providers:", ...providers, "models:", ...models, ""].join("\n");
}

/** The servers, once both are up. Rejects once one is given up and the other is not left to start later. */
async function startServers(servers: AsyncDisposableStack) {
  const [aimock, litellm] = await Promise.allSettled([startAimock(), startLitellm()]);
  for (const each of [aimock, litellm]) if (each.status === "fulfilled") servers.use(each.value);
  if (aimock.status === "rejected") throw aimock.reason;
  if (litellm.status === "rejected") throw litellm.reason;
  return { aimock: aimock.value, litellm: litellm.value };
}

/** Installs and starts the servers, and a gateway that has them as providers. */
export async function startPublishedProviders(): Promise<PublishedProviders> {
  await using servers = new AsyncDisposableStack();
  const { aimock, litellm } = await startServers(servers);
  const instances = instancesOf(aimock.url, litellm.url);
  const service = await startService({
    config: configuration(instances),
    env: { AIMOCK_KEY: "unused", LITELLM_KEY: litellm.key },
  });
  servers.defer(() => service.stop());
  const models = instances.map(({ id, scenarios }) =>
    scenarios === undefined ? id : `${id}=${scenarios}`,
  );
  const asked: Asked = { base: service.http, models, least: { node: 200, python: 240 } };
  const owned = servers.move();
  return { asked, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
