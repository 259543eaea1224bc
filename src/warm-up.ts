import { once } from "node:events";
import type { AddressInfo } from "node:net";
import type { Clock } from "./clock.ts";
import { loadConfig } from "./config/load-config.ts";
import type { LogLine } from "./domain/log-line.ts";
import * as providerTypes from "./providers/registry.ts";
import { sampleRequests } from "./rpc/sample-requests.ts";
import { startService } from "./service.ts";
import { createStandIn } from "./warm-up/stand-in.ts";
import { type WarmCall, WarmCalls, type WarmedAddresses } from "./warm-up/warm-calls.ts";

const MODEL = "warm-up";
const PROMPT = "Say a word.";
const KEY = "WARM_UP_KEY";
/** Calls at a time. */
const WIDTH = 8;
/** Time in milliseconds for the calls that run at the end: the first ones take a second on a busy machine. */
const LAST_CALLS_MS = 10_000;

const configuration = (port: number): string => `
providers:
  - {id: ${MODEL}, type: openai, base_url: "http://127.0.0.1:${port}/v1", api_key_env: ${KEY}}
models:
  - {id: ${MODEL}, provider: ${MODEL}}
console: {enabled: false}
`;

/** No variable of the process has a part in the service that is warmed. */
const ENVIRONMENT = {
  STEER_GRPC_ADDRESS: "127.0.0.1:0",
  STEER_HTTP_ADDRESS: "127.0.0.1:0",
  [KEY]: "none",
};

/** The forms of a call that callers use most; gRPC is used most of all. */
function callsOf(): readonly WarmCall[] {
  const { generate, streamGenerate, generateAsJson } = sampleRequests({
    model: MODEL,
    prompt: PROMPT,
  });
  const chat = { model: MODEL, messages: [{ role: "user", content: PROMPT }] };
  const chats = [chat, { ...chat, stream: true }].map((body) => ({
    path: "/v1/chat/completions",
    body: JSON.stringify(body),
  }));
  return [generateAsJson, ...chats].flatMap((call) => [
    { over: "grpc", ...generate },
    { over: "grpc", ...streamGenerate },
    { over: "http", ...call },
  ]);
}

/** Calls the service for a time. Rejects if a call fails. */
async function callFor(addresses: WarmedAddresses, forMs: number, clock: Clock): Promise<void> {
  const calls = new WarmCalls(addresses, callsOf());
  const until = clock.now() + forMs;
  const cancel = clock.schedule(forMs + LAST_CALLS_MS, () => calls.close());
  const all = Array.from({ length: WIDTH }, async () => {
    while (clock.now() < until) await calls.next();
  });
  const results = await Promise.allSettled(all);
  cancel();
  calls.close();
  for (const result of results) if (result.status === "rejected") throw result.reason;
}

async function warmUp(forMs: number, clock: Clock): Promise<void> {
  const provider = createStandIn();
  provider.listen(0, "127.0.0.1");
  await once(provider, "listening");
  try {
    const { port } = provider.address() as AddressInfo;
    let addresses: WarmedAddresses | undefined;
    const log = (line: LogLine): void => {
      if (line.event === "listening") addresses = line;
    };
    const load = () => loadConfig(providerTypes, ENVIRONMENT, configuration(port));
    const service = await startService(log, clock, load);
    try {
      if (addresses !== undefined) await callFor(addresses, forMs, clock);
    } finally {
      // Nothing is worth a wait.
      await service.stop(AbortSignal.abort());
    }
  } finally {
    provider.closeAllConnections();
    provider.close();
  }
}

/**
 * Makes calls for `forMs` milliseconds; 0: none. Without a warm-up, the first callers wait for the compilation of the
 * code of a call. The calls go to a second service that has a log, stores, limits, metrics and listeners of its own and
 * ends with the warm-up: the real service has the compiled code, and nothing else. Resolves with the reason if the
 * warm-up ended early; the real service can start all the same.
 */
export async function warmUpFor(forMs: number, clock: Clock): Promise<string | undefined> {
  if (forMs === 0) return undefined;
  try {
    await warmUp(forMs, clock);
    return undefined;
  } catch (error) {
    return `the warm-up ended early: ${error instanceof Error ? error.message : String(error)}`;
  }
}
