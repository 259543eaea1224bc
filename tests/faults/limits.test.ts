// Limits over processes: three replicas, one Redis, many callers at once, and a replica that is killed.
import { createHash } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { MidStreamRecovery } from "../../gen/es/steer/v1/generation_pb.js";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import { createGrpcClient, type GrpcClient, gatewayErrorOf } from "../support/grpc-client.ts";
import { isNightly } from "../support/nightly.ts";
import { type RedisServer, startRedis } from "../support/redis.ts";
import { type ServiceProcess, startService } from "../support/service.ts";
import { eventually } from "../support/stack.ts";

const REPLICAS = 3;
const SLOW_MS = 120_000;
const { generate, streamGenerate } = GenerationService.method;
const sha256 = (key: string): string => createHash("sha256").update(key).digest("hex");

/** Seven tokens of output cost 0.07; input costs nothing. */
const PRICES = { "m-one": { input: 0, output: 10_000 } };
const OUTPUT_TOKENS = 7;
const LIMITS = {
  requests: "{requests: 50/m}",
  concurrency: "{concurrency: 5}",
  spend: "{spend: {total: USD 1.00}}",
  moved: "{concurrency: 1, tokens: 1000/d}",
};
type CallerId = keyof typeof LIMITS;

function answer(field: "message" | "delta"): string {
  return JSON.stringify({
    id: "chat-1",
    object: field === "delta" ? "chat.completion.chunk" : "chat.completion",
    created: 1,
    model: "m-one",
    choices: [{ index: 0, [field]: { role: "assistant", content: "hi" }, finish_reason: "stop" }],
    usage: { prompt_tokens: 3, completion_tokens: OUTPUT_TOKENS, total_tokens: 10 },
  });
}

/** A provider that knows how many requests run at a time. */
class CountingProvider {
  readonly #server: Server;
  running = 0;
  peak = 0;
  answerMs = 0;

  constructor() {
    this.#server = createServer((request, response) => {
      this.running++;
      this.peak = Math.max(this.peak, this.running);
      let isOpen = true;
      const close = (): void => {
        if (isOpen) this.running--;
        isOpen = false;
      };
      response.once("close", close);
      text(request).then(async (body) => {
        await delay(this.answerMs);
        // Before the answer goes out: the gateway can begin the next call as soon as it has the answer.
        close();
        const { stream } = JSON.parse(body) as { readonly stream?: boolean };
        response.setHeader("content-type", stream ? "text/event-stream" : "application/json");
        response.end(stream ? `data: ${answer("delta")}\n\ndata: [DONE]\n\n` : answer("message"));
      }, close);
    });
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

let redis: RedisServer;
const provider = new CountingProvider();
const services: ServiceProcess[] = [];
const clients: GrpcClient[] = [];

beforeAll(async () => {
  redis = await startRedis();
  const url = await provider.listen();
  const callers = Object.entries(LIMITS).map(
    ([id, limits]) =>
      `  - {id: ${id}, role: caller, key_sha256: ${sha256(`key-of-${id}`)}, limits: ${limits}}`,
  );
  const config = `
providers:
  - {id: one, type: openai, base_url: "${url}/v1", api_key_env: UP_KEY}
models:
  - {id: m-one, provider: one}
limit: {max_in_flight: 64} # because: a hundred calls run at once
callers:
${callers.join("\n")}
stream:
  store: "${redis.url}"
  session_ttl: 2s # because: the test waits for the end of a killed replica's session
  store_timeout: 5s # because: a busy machine is no store that is away
`;
  const env = { UP_KEY: "key", STEER_PRICING_OVERRIDES_JSON: JSON.stringify(PRICES) };
  services.push(
    ...(await Promise.all(Array.from({ length: REPLICAS }, () => startService({ config, env })))),
  );
  clients.push(...services.map(({ grpc }) => createGrpcClient(grpc)));
}, SLOW_MS);

afterAll(async () => {
  for (const client of clients) client.close();
  await Promise.all(services.map((service) => service.stop()));
  await provider.close();
  await redis[Symbol.asyncDispose]();
}, SLOW_MS);

/** The reason of the refusal; "" for an answer. */
async function call(caller: CallerId, replica: number): Promise<string> {
  const spec = {
    model: "m-one",
    prompt: "hi",
    sampling: { maxOutputTokens: OUTPUT_TOKENS },
  };
  const metadata = { authorization: `Bearer key-of-${caller}` };
  try {
    await clients[replica % REPLICAS]?.unary(generate, { spec }, { metadata });
    return "";
  } catch (error) {
    return gatewayErrorOf(error)?.reason ?? String(error);
  }
}

async function callAtOnce(caller: CallerId, count: number): Promise<Record<string, number>> {
  const all = await Promise.all(Array.from({ length: count }, (_, index) => call(caller, index)));
  const counts: Record<string, number> = {};
  for (const reason of all) counts[reason] = (counts[reason] ?? 0) + 1;
  return counts;
}

it(
  "50 requests a minute: of a hundred at once exactly 50 pass, and of the next ones none",
  async () => {
    expect(await callAtOnce("requests", 100)).toEqual({ "": 50, REQUESTS_LIMIT: 50 });
    expect(await callAtOnce("requests", 10)).toEqual({ REQUESTS_LIMIT: 10 });
    if (!isNightly) return;
    await delay(61_000);
    expect(await callAtOnce("requests", 100)).toEqual({ "": 50, REQUESTS_LIMIT: 50 });
  },
  SLOW_MS,
);

it(
  "1.00 to spend: of 40 calls of 0.07 at once exactly 14 pass",
  async () => {
    expect(await callAtOnce("spend", 40)).toEqual({ "": 14, SPEND_LIMIT: 26 });
    expect(await callAtOnce("spend", 3)).toEqual({ SPEND_LIMIT: 3 });
  },
  SLOW_MS,
);

/** Calls of 20 callers, each at one replica, until so many have passed. */
async function load(replicas: readonly number[], passes: number): Promise<void> {
  let passed = 0;
  const callers = Array.from({ length: 20 }, async (_, index) => {
    while (passed < passes) {
      const replica = replicas[index % replicas.length] ?? 0;
      if ((await call("concurrency", replica)) === "") passed++;
      await delay(10);
    }
  });
  await Promise.all(callers);
}

const PASSES = isNightly ? 1_000 : 30;

it(
  "5 calls at a time: never 6, also when a replica is killed with all of them, and its places come back",
  async () => {
    provider.peak = 0;
    provider.answerMs = 60;
    await load([0, 1, 2], PASSES);
    expect(provider.peak).toBe(5);

    // Every place is taken by a call of the replica that dies.
    provider.answerMs = 60_000;
    const lost = Array.from({ length: 5 }, () => call("concurrency", 0));
    await eventually(() => provider.running === 5);
    expect(await call("concurrency", 1)).toBe("CONCURRENCY_LIMIT");
    services[0]?.signal("SIGKILL");
    await Promise.all(lost);
    await eventually(() => provider.running === 0);
    provider.answerMs = 60;
    // Until the session of the dead replica ends nobody knows that it is dead.
    expect(await call("concurrency", 1)).toBe("CONCURRENCY_LIMIT");
    await eventually(async () => (await call("concurrency", 2)) === "");
    await load([1, 2], PASSES);
    expect(provider.peak).toBe(5);
  },
  SLOW_MS,
);

it(
  "a place moves with its generation: nobody else has it before the replica that took over has ended",
  async () => {
    provider.peak = 0;
    provider.answerMs = 60_000;
    const spec = {
      model: "m-one",
      prompt: "hi",
      sampling: { maxOutputTokens: OUTPUT_TOKENS },
      routing: { midStreamRecovery: MidStreamRecovery.RESTART },
    };
    const request = { spec, acceptsDiscard: true };
    const metadata = { authorization: "Bearer key-of-moved" };
    const stream = clients[1]?.stream(streamGenerate, request, { metadata });
    const lost = (async () => {
      for await (const _ of stream ?? []);
    })().catch((error: unknown) => error);
    await eventually(() => provider.running === 1);
    provider.answerMs = 500;
    services[1]?.signal("SIGKILL");
    await lost;
    const reasons = new Set<string>();
    await eventually(async () => {
      const reason = await call("moved", 2);
      reasons.add(reason);
      return reason === "";
    });
    const lines = () => services[2]?.log.filter(({ event }) => event === "takeover") ?? [];
    await eventually(() => lines().length > 0);
    expect(lines()).toMatchObject([{ result: "taken" }]);
    expect([...reasons]).toEqual(["CONCURRENCY_LIMIT", ""]);
    expect(provider.peak).toBe(1);
  },
  SLOW_MS,
);
