import type { Part } from "../../gen/es/steer/v1/content_pb.js";
import type { Mode, Spec } from "./conformance/faults.ts";
import { type Answer, type CallEnd, type FieldStack, startFieldStack } from "./field-stack.ts";
import type { WireAnswer } from "./wire-answers.ts";

/** Servers of all dialects and types, each with an instance and a model `m-SERVER`. */
export const SERVERS = ["chat", "resp", "ant", "oai", "grok"] as const;
export type Server = (typeof SERVERS)[number];

/** The service with the shipped defaults before one scripted server of each dialect. */
export interface AdapterStack extends AsyncDisposable {
  readonly field: FieldStack;
  /** Makes one call to one server, which answers every request the same. */
  call(mode: Mode, server: Server, answer: Answer, spec?: object): Promise<CallEnd>;
  /** The body of the last request at the server. */
  sent(server: Server): Record<string, never>;
}

const PRICES = "prices: {currency: USD, input: 1, output: 10, cache_read: 0.1, date: 2026-11-01}";

/**
 * `oai` has OpenAI's built-in models, `ant` Anthropic's. `more` is appended to the configuration after the models.
 */
export async function startAdapterStack(more = ""): Promise<AdapterStack> {
  const field = await startFieldStack(
    SERVERS,
    (url) => `
providers:
  - {id: chat, type: openai, base_url: "${url("chat")}/v1", api_key_env: UP_KEY}
  - {id: resp, type: openai, base_url: "${url("resp")}/v1", api_key_env: UP_KEY, api: responses}
  - {id: ant, type: anthropic, base_url: "${url("ant")}", api_key_env: UP_KEY, builtin_models: true}
  - {id: oai, type: openai, base_url: "${url("oai")}/v1", api_key_env: UP_KEY, builtin_models: true, api: chat}
  - {id: grok, type: xai, base_url: "${url("grok")}/v1", api_key_env: UP_KEY}
models:
  - {id: m-chat, provider: chat, ${PRICES}}
  - {id: m-resp, provider: resp, efforts: [low, medium, high], ${PRICES}}
  - {id: m-grok, provider: grok, ${PRICES}}
${more}`,
  );
  return {
    field,
    async call(mode, server, answer, spec = {}) {
      await field.script({ [server]: answer });
      const model = {
        chat: "m-chat",
        resp: "m-resp",
        ant: "claude-haiku-4-5",
        oai: "oai/gpt-4o",
        grok: "m-grok",
      };
      const hasMessages = "messages" in spec;
      return field.call(mode, {
        model: model[server],
        ...(!hasMessages && { prompt: "hi" }),
        ...spec,
      } as Spec);
    },
    sent: (server) => JSON.parse(field.bodies(server).at(-1) ?? "null"),
    [Symbol.asyncDispose]: () => field[Symbol.asyncDispose](),
  };
}

/** Answers whole or as a stream, as the request asks. */
export function either(whole: WireAnswer, stream: WireAnswer): Answer {
  return (body) => (body.stream === true ? stream : whole);
}

/** A part in short form: `f {"a":1}`, `text hi`, `reasoning hm`. */
function inShort({ data }: Part): string {
  switch (data.case) {
    case "toolCall":
      return `${data.value.name} ${data.value.argumentsJson}`;
    case "text":
    case "reasoning":
    case "refusal":
      return `${data.case} ${data.value.text}`;
    default:
      return String(data.case);
  }
}

/** The parts of an answer in short form. */
export function partsOf({ generation, error }: CallEnd): readonly string[] {
  if (generation === undefined) throw new Error(`failed: ${error?.message}`);
  return (generation.message?.parts ?? []).map(inShort);
}

/** Identifiers of the calls in an answer. */
export function callIds({ generation }: CallEnd): readonly string[] {
  return (generation?.message?.parts ?? []).flatMap(({ data }) =>
    data.case === "toolCall" ? [data.value.id] : [],
  );
}
