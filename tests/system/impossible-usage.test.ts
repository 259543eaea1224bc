// Counts that no answer can have, from servers that speak each dialect: the answer is whole all
// the same, the impossible count is an estimate, and a warning says so.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AdminService, StreamPhase } from "../../gen/es/steer/admin/v1/admin_service_pb.js";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import type { StreamEvent } from "../../gen/es/steer/v1/stream_pb.js";
import { UsageSource } from "../../gen/es/steer/v1/usage_pb.js";
import { createGrpcClient, type GrpcClient } from "../support/grpc-client.ts";
import { type HttpUpstream, startHttpUpstream } from "../support/http-upstream.ts";
import { type ServiceProcess, startService } from "../support/service.ts";

const { generate, streamGenerate, resumeStream } = GenerationService.method;
const { getStreamState } = AdminService.method;

const TEXT = "hello there, dear friend";

type Counts = Readonly<Record<string, unknown>>;

/** How each dialect answers TEXT with these counts: as a whole, and as the events of a stream. */
interface Dialect {
  readonly model: string;
  /** Name of the output's count. */
  readonly output: string;
  readonly input: string;
  whole(usage: Counts): object;
  events(usage: Counts): readonly object[];
}

const chat = (model: string): Dialect => ({
  model,
  input: "prompt_tokens",
  output: "completion_tokens",
  whole: (usage) => ({
    id: "c1",
    object: "chat.completion",
    model: "m",
    choices: [{ index: 0, message: { role: "assistant", content: TEXT }, finish_reason: "stop" }],
    usage,
  }),
  events: (usage) => [
    { id: "c1", model: "m", choices: [{ index: 0, delta: { content: TEXT } }] },
    { id: "c1", model: "m", choices: [{ index: 0, delta: {}, finish_reason: "stop" }] },
    { choices: [], usage },
  ],
});

const responses: Dialect = {
  model: "responses",
  input: "input_tokens",
  output: "output_tokens",
  whole: (usage) => ({
    id: "r1",
    object: "response",
    status: "completed",
    model: "m",
    output: [
      { type: "message", role: "assistant", content: [{ type: "output_text", text: TEXT }] },
    ],
    usage,
  }),
  events: (usage) => [
    { type: "response.output_text.delta", output_index: 0, content_index: 0, delta: TEXT },
    { type: "response.completed", response: responses.whole(usage) },
  ],
};

const messages: Dialect = {
  model: "messages",
  input: "input_tokens",
  output: "output_tokens",
  whole: (usage) => ({
    id: "m1",
    type: "message",
    role: "assistant",
    model: "m",
    content: [{ type: "text", text: TEXT }],
    stop_reason: "end_turn",
    usage,
  }),
  events: (usage) => [
    { type: "message_start", message: { id: "m1", model: "m", content: [], usage: {} } },
    { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
    { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: TEXT } },
    { type: "content_block_stop", index: 0 },
    { type: "message_delta", delta: { stop_reason: "end_turn" }, usage },
    { type: "message_stop" },
  ],
};

const DIALECTS = [chat("chat"), chat("grok"), responses, messages] as const;

/** As text, since JSON has numbers that a double has not. */
const IMPOSSIBLE = ["4294967295", "2147483648", "-1", "1.5", "1e999", "9007199254740993"] as const;

let upstream: HttpUpstream;
let service: ServiceProcess;
let client: GrpcClient;

/** The prompt says what the upstream answers: dialect, and the counts as text. */
function answer(body: string): { readonly type: string; readonly text: string } {
  const request = JSON.parse(body) as { readonly model: string; readonly stream?: boolean };
  const counts = JSON.parse(/@@(.*?)@@/.exec(body)?.[1]?.replaceAll("\\", "") ?? "{}") as Record<
    string,
    string
  >;
  const dialect = DIALECTS.find(({ model }) => model === request.model);
  if (dialect === undefined) throw new Error(`no dialect ${request.model}`);
  const usage = Object.fromEntries(
    Object.entries(counts).map(([name, value]) => [name, `#${value}#`]),
  );
  const json = (value: object): string => JSON.stringify(value).replaceAll(/"#(.*?)#"/g, "$1");
  if (request.stream !== true)
    return { type: "application/json", text: json(dialect.whole(usage)) };
  const events = dialect.events(usage).map((event) => {
    const name = "type" in event ? `event: ${event.type}\n` : "";
    return `${name}data: ${json(event)}\n\n`;
  });
  const end = dialect.input === "prompt_tokens" ? "data: [DONE]\n\n" : "";
  return { type: "text/event-stream", text: `${events.join("")}${end}` };
}

beforeAll(async () => {
  upstream = await startHttpUpstream(({ body, response }) => {
    const { type, text } = answer(body);
    response.writeHead(200, { "content-type": type }).end(text);
  });
  const root = upstream.baseUrl.replace(/\/v1$/, "");
  const price = "prices: {currency: USD, input: 1, output: 10, date: 2026-11-01}";
  service = await startService({
    config: `
providers:
  - {id: chat, type: openai, base_url: "${root}/v1", api: chat}
  - {id: grok, type: xai, base_url: "${root}/v1"}
  - {id: responses, type: openai, base_url: "${root}/v1", api: responses}
  - {id: messages, type: anthropic, base_url: "${root}"}
models:
${DIALECTS.map(({ model }) => `  - {id: ${model}, provider: ${model}, ${price}}`).join("\n")}
`,
  });
  client = createGrpcClient(service.grpc);
});

afterAll(async () => {
  client.close();
  await service.stop();
  await upstream[Symbol.asyncDispose]();
});

const promptOf = (counts: Readonly<Record<string, string>>): string =>
  `@@${JSON.stringify(counts)}@@`;

async function collect(call: AsyncIterable<StreamEvent>): Promise<StreamEvent[]> {
  const all: StreamEvent[] = [];
  for await (const event of call) if (event.event.case !== "heartbeat") all.push(event);
  return all;
}

const cases = DIALECTS.flatMap((dialect) =>
  IMPOSSIBLE.map((count) => ({ name: `${dialect.model} ${count}`, dialect, count })),
);

describe("an output count that cannot be", () => {
  it.each(cases)("field:S1 unary answers are whole, estimated and warned: $name", async (each) => {
    const { dialect, count } = each;
    const prompt = promptOf({ [dialect.input]: "5", [dialect.output]: count });
    const spec = { model: dialect.model, prompt };
    const { generation } = await client.unary(generate, { spec });
    expect(generation).toMatchObject({ outputText: TEXT, usage: { source: UsageSource.MIXED } });
    expect(generation?.usage?.inputTokens).toBe(5);
    expect(generation?.usage?.outputTokens).toBeLessThan(50);
    expect(generation?.warnings.map(({ reason }) => reason)).toContain("USAGE_IMPOSSIBLE");
    const response = await fetch(`${service.http}/steer.v1.GenerationService/Generate`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ spec }),
    });
    const json = (await response.json()) as { generation: { usage: { outputTokens: number } } };
    expect(response.status).toBe(200);
    expect(json.generation.usage.outputTokens).toBe(generation?.usage?.outputTokens);
  });

  it.each(cases)("field:S2 field:S3 streams end whole, stored and not: $name", async (each) => {
    const { dialect, count } = each;
    const prompt = promptOf({ [dialect.input]: "5", [dialect.output]: count });
    const spec = { model: dialect.model, prompt };
    for (const ephemeral of [false, true]) {
      const options = { ephemeral, includeUsage: true };
      const events = await collect(client.stream(streamGenerate, { spec, options }));
      expect(events.at(-1)?.event.case).toBe("complete");
      expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, index) => index + 1));
      const [start] = events;
      if (ephemeral || start?.event.case !== "start") continue;
      const { streamId } = start.event.value;
      const rest = client.stream(resumeStream, { streamId, lastSequence: 1 });
      expect((await collect(rest)).at(-1)?.event.case).toBe("complete");
      const { streamState } = await client.unary(getStreamState, { streamId });
      expect(streamState?.phase).toBe(StreamPhase.SUCCEEDED);
    }
  });

  it("an impossible input count is an estimate, too, and counts that can be stay as they are", async () => {
    const spec = (counts: Readonly<Record<string, string>>) => ({
      model: "chat",
      prompt: promptOf(counts),
    });
    const wrong = await client.unary(generate, {
      spec: spec({ prompt_tokens: "4294967295", completion_tokens: "3" }),
    });
    expect(wrong.generation?.usage).toMatchObject({ outputTokens: 3, source: UsageSource.MIXED });
    expect(wrong.generation?.usage?.inputTokens).toBeLessThan(100);
    const right = await client.unary(generate, {
      spec: spec({ prompt_tokens: "2000000000", completion_tokens: "0" }),
    });
    expect(right.generation).toMatchObject({
      usage: { inputTokens: 2_000_000_000, outputTokens: 0, source: UsageSource.PROVIDER },
      warnings: [],
    });
  });
});
