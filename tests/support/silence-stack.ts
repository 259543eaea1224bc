import type { MessageInitShape } from "@bufbuild/protobuf";
import { ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { AdminService } from "../../gen/es/steer/admin/v1/admin_service_pb.js";
import { type GatewayError, GatewayErrorSchema } from "../../gen/es/steer/v1/error_pb.js";
import type { Generation, GenerationSpecSchema } from "../../gen/es/steer/v1/generation_pb.js";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import type { StreamEvent } from "../../gen/es/steer/v1/stream_pb.js";
import type { Clock } from "../../src/clock.ts";
import { startService } from "../../src/service.ts";
import { fromExplainedFile } from "./config-file.ts";
import { type SeenRequest, startHttpUpstream } from "./http-upstream.ts";
import { createManualClock } from "./manual-clock.ts";
import { eventually } from "./stack.ts";
import { stopAtOnce } from "./stop-at-once.ts";
import { chatDialect } from "./upstream/chat.ts";
import { messagesDialect } from "./upstream/messages.ts";
import { responsesDialect } from "./upstream/responses.ts";
import type { UpstreamAnswer, WireDialect } from "./upstream/script.ts";

export const SILENCE_ADAPTERS = {
  chat: { type: "openai, api: chat", path: "/v1", dialect: chatDialect(false) },
  responses: { type: "openai, api: responses", path: "/v1", dialect: responsesDialect },
  claude: { type: "anthropic", path: "", dialect: messagesDialect },
  grok: { type: "xai", path: "/v1", dialect: chatDialect(true) },
} as const satisfies Readonly<Record<string, { type: string; path: string; dialect: WireDialect }>>;

export type SilenceAdapter = keyof typeof SILENCE_ADAPTERS;

/** An answer of five tokens. */
export function answerOf(text: string): UpstreamAnswer {
  return {
    id: "id_1",
    model: "p",
    reasoning: "",
    refusal: "",
    tokens: text.match(/\S+\s*/g) ?? [],
    tool: undefined,
    inputTokens: 10,
    outputTokens: 5,
    withUsage: true,
  };
}

/** Answers a request in its dialect, whole or as a stream. */
export function answer(
  { response, body }: SeenRequest,
  dialect: WireDialect,
  whole = answerOf("the answer"),
): void {
  if (JSON.parse(body).stream !== true) {
    response.writeHead(200, { "content-type": "application/json" });
    return void response.end(JSON.stringify(dialect.whole(whole)));
  }
  const events = dialect.events(whole);
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.end(
    events.map((event) => event.text).join("") + dialect.terminator(whole, events.length),
  );
}

export type SilenceSpec = MessageInitShape<typeof GenerationSpecSchema>;

/** The end of a call. */
export interface SilenceOutcome {
  /** Connect's code; 0: success. */
  readonly code: number;
  readonly typed: GatewayError | undefined;
  readonly generation: Generation | undefined;
  readonly text: string;
  readonly events: readonly StreamEvent[];
}

/** Reaction of the scripted provider to the requests of an instance. Unset: it never answers. */
export type Behaviour = Partial<Record<"one" | "two", (seen: SeenRequest) => void>>;

/** Text appended to the lines of both instances and both models, and to the file. */
export interface SilenceSettings {
  readonly instance?: string;
  readonly model?: string;
  readonly file?: string;
}

/**
 * The service in this process with its defaults and a clock of the test: model `p` at instance `one`, model `q` at
 * instance `two`, real HTTP on both sides.
 */
export async function startSilenceStack(adapter: SilenceAdapter, more: SilenceSettings = {}) {
  const { type, path, dialect } = SILENCE_ADAPTERS[adapter];
  const behaviour: Behaviour = {};
  const seen: Record<"one" | "two", SeenRequest[]> = { one: [], two: [] };
  const upstream = await startHttpUpstream((request) => {
    const instance = request.request.url?.startsWith("/one") ? "one" : "two";
    seen[instance].push(request);
    behaviour[instance]?.(request);
  });
  const origin = new URL(upstream.baseUrl).origin;
  const instance = (id: string): string =>
    `  - {id: ${id}, type: ${type}, base_url: "${origin}/${id}${path}", api_key_env: UP_KEY${more.instance ?? ""}\n    }`;
  const file = [
    "providers:",
    instance("one"),
    instance("two"),
    "models:",
    `  - {id: p, provider: one${more.model ?? ""}\n    }`,
    `  - {id: q, provider: two${more.model ?? ""}\n    }`,
    more.file ?? "",
    "",
  ].join("\n");
  const manual = createManualClock();
  /** Delays of the started timers, in order. */
  const timers: number[] = [];
  const clock: Clock & Pick<typeof manual, "advance"> = {
    ...manual,
    schedule(ms, callback) {
      timers.push(ms);
      return manual.schedule(ms, callback);
    },
  };
  const lines: Readonly<Record<string, unknown>>[] = [];
  const environment = {
    UP_KEY: "secret-key",
    STEER_GRPC_ADDRESS: "127.0.0.1:0",
    STEER_HTTP_ADDRESS: "127.0.0.1:0",
  };
  const service = await startService(
    (line) => void lines.push(line),
    clock,
    () => fromExplainedFile(file, environment),
  );
  const baseUrl = `http://${String(lines[0]?.["http"])}`;
  const transport = createConnectTransport({ baseUrl, httpVersion: "1.1" });
  const client = createClient(GenerationService, transport);

  function failure(thrown: unknown): Pick<SilenceOutcome, "code" | "typed"> {
    const error = ConnectError.from(thrown);
    const [typed] = error.findDetails(GatewayErrorSchema);
    return { code: error.code, typed };
  }

  async function unary(spec: SilenceSpec, timeoutMs?: number): Promise<SilenceOutcome> {
    try {
      const { generation } = await client.generate({ spec }, { ...(timeoutMs && { timeoutMs }) });
      const text = generation?.outputText ?? "";
      return { code: 0, typed: undefined, generation, text, events: [] };
    } catch (thrown) {
      return { ...failure(thrown), generation: undefined, text: "", events: [] };
    }
  }

  async function stream(
    spec: SilenceSpec,
    timeoutMs?: number,
    events: StreamEvent[] = [],
  ): Promise<SilenceOutcome> {
    let end: Pick<SilenceOutcome, "code" | "typed"> = { code: 0, typed: undefined };
    try {
      const options = { ...(timeoutMs && { timeoutMs }) };
      for await (const event of client.streamGenerate({ spec }, options)) events.push(event);
    } catch (thrown) {
      end = failure(thrown);
    }
    const last = events.at(-1)?.event;
    const text = events
      .map(({ event }) => (event.case === "textDelta" ? event.value.text : ""))
      .join("");
    const generation = last?.case === "complete" ? last.value.generation : undefined;
    return { ...end, generation, text, events };
  }

  return {
    adapter,
    dialect,
    behaviour,
    seen,
    clock,
    timers,
    client,
    admin: createClient(AdminService, transport),
    call: { unary, stream },
    /** Waits until the instance has received this many requests in total. */
    arrived: (at: "one" | "two", count = 1) => eventually(() => seen[at].length >= count),
    async [Symbol.asyncDispose]() {
      await stopAtOnce(service, clock);
      await upstream[Symbol.asyncDispose]();
    },
  };
}

export type SilenceStack = Awaited<ReturnType<typeof startSilenceStack>>;
