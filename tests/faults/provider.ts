// The scripted provider, a process of its own: OpenAI's Chat dialect, one path per instance.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { chatDialect } from "../support/upstream/chat.ts";
import type { UpstreamAnswer } from "../support/upstream/script.ts";
import {
  type Outage,
  type ProviderFigures,
  type ProviderOrder,
  type Script,
  token,
} from "./harness/script.ts";

interface ChatBody {
  readonly stream?: boolean;
  readonly stream_options?: { readonly include_usage?: boolean };
  readonly messages: readonly { readonly role: string; readonly content: unknown }[];
}

const dialect = chatDialect(false);
const outages = new Map<string, Outage>();
const inFlight = new Map<string, number>();
const calls = new Map<string, number>();
const mostAtOnce = new Map<string, number>();
const callsOf = new Map<string, number>();
const tokensOf = new Map<string, number>();

const count = (counts: Map<string, number>, key: string, by = 1): number => {
  const next = (counts.get(key) ?? 0) + by;
  counts.set(key, next);
  return next;
};

function scriptOf({ messages }: ChatBody): Script {
  const content = messages.findLast(({ role }) => role === "user")?.content;
  const text = Array.isArray(content) ? (content[0] as { text: string }).text : String(content);
  return JSON.parse(text) as Script;
}

/** The index after a prefix that the answer is to go on from. */
function firstIndex({ messages }: ChatBody): number {
  const last = messages.at(-1);
  const indexes = last?.role === "assistant" ? String(last.content).matchAll(/:(\d+)>/g) : [];
  return 1 + Number([...indexes].at(-1)?.[1] ?? -1);
}

async function answer(instance: string, body: ChatBody, response: ServerResponse): Promise<void> {
  const script = scriptOf(body);
  const attempt = count(callsOf, script.rid);
  const outage = outages.get(instance);
  const isHalf = outage === "half" && attempt % 2 === 1;
  if (outage === "down") return void response.destroy();
  const fault = script.faults?.find((each) => each.attempt === attempt);
  const status = outage === "429" ? 429 : outage === "500" || isHalf ? 500 : fault?.status;
  if (status !== undefined) {
    response.writeHead(status, { "content-type": "application/json", "retry-after-ms": "300" });
    return void response.end('{"error":{"message":"scripted","type":"server_error"}}');
  }
  const from = firstIndex(body);
  const tokens = Array.from({ length: script.tokens - from }, (_, at) =>
    token(script.rid, from + at),
  );
  const whole: UpstreamAnswer = {
    id: `answer_${script.rid}_${attempt}`,
    model: "scripted",
    reasoning: "",
    refusal: "",
    tokens,
    tool: undefined,
    inputTokens: 12,
    outputTokens: tokens.length,
    withUsage: body.stream_options?.include_usage === true,
  };
  if (body.stream !== true) {
    await delay(script.paceMs);
    count(tokensOf, script.rid, tokens.length);
    response.writeHead(200, { "content-type": "application/json" });
    return void response.end(JSON.stringify(dialect.whole(whole)));
  }
  response.writeHead(200, { "content-type": "text/event-stream" });
  let index = from;
  for (const event of dialect.events(whole)) {
    if (response.destroyed) return;
    if (event.content) {
      if (fault?.stallAt === index) return;
      if (fault?.cutAt === index) return void response.destroy();
      if (fault?.errorAt === index) return void response.end(dialect.error());
      if (fault?.truncateAt === index) return void response.end();
      if (script.paceMs > 0) await delay(script.paceMs);
      index++;
      count(tokensOf, script.rid);
    }
    response.write(event.text);
  }
  response.end(dialect.terminator(whole, 0));
}

function serve(request: IncomingMessage, response: ServerResponse): void {
  const instance = (request.url ?? "").split("/")[1] ?? "";
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const atOnce = count(inFlight, instance);
    mostAtOnce.set(instance, Math.max(atOnce, mostAtOnce.get(instance) ?? 0));
    count(calls, instance);
    response.on("close", () => count(inFlight, instance, -1));
    const body = JSON.parse(Buffer.concat(chunks).toString("utf8")) as ChatBody;
    void answer(instance, body, response);
  });
}

const server = createServer(serve);
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => {
  process.send?.({ type: "listening", port: (server.address() as AddressInfo).port });
});

process.on("message", (order: ProviderOrder) => {
  if (order.type === "outage") {
    if (order.outage === undefined) outages.delete(order.instance);
    else outages.set(order.instance, order.outage);
    return;
  }
  const figures: ProviderFigures = {
    calls: Object.fromEntries(calls),
    mostAtOnce: Object.fromEntries(mostAtOnce),
    callsOf: Object.fromEntries(callsOf),
    tokensOf: Object.fromEntries(tokensOf),
  };
  for (const counts of [calls, callsOf, tokensOf]) if (order.takes) counts.clear();
  process.send?.({ type: "figures", figures });
});
process.on("disconnect", () => process.exit(0));
