import type { Mode } from "./conformance/faults.ts";
import { type Answer, type CallEnd, type FieldStack, startFieldStack } from "./field-stack.ts";
import { chatStream, chatWhole, responsesStream, responsesWhole } from "./wire-answers.ts";

/** Types that are records over OpenAI's dialects. */
export const TYPES = [
  "cerebras",
  "deepseek",
  "fireworks",
  "gemini",
  "groq",
  "llamacpp",
  "lmstudio",
  "mistral",
  "moonshot",
  "ollama",
  "openrouter",
  "perplexity",
  "together",
  "vllm",
] as const;
export type Type = (typeof TYPES)[number];

const message = {
  type: "message",
  role: "assistant",
  content: [{ type: "output_text", text: "ok" }],
};

/** "ok" in the dialect of a type. */
function okOf(type: Type): Answer {
  return type === "perplexity"
    ? ({ stream }) => (stream === true ? responsesStream([message]) : responsesWhole([message]))
    : ({ stream }) =>
        stream === true ? chatStream({ content: "ok" }) : chatWhole({ content: "ok" });
}

type Sent = Readonly<Record<string, unknown>>;

/** The service with one scripted server for each type, with a model `m-TYPE`. */
export interface TypeStack extends AsyncDisposable {
  readonly field: FieldStack;
  /** Makes one call, and returns the body that the server received. */
  call(
    mode: Mode,
    type: Type,
    spec?: object,
    answer?: Answer,
  ): Promise<{ readonly end: CallEnd; readonly sent: Sent }>;
}

/** `more` is appended after the models. */
export async function startTypeStack(more = ""): Promise<TypeStack> {
  const entry = (type: Type, url: string): string => `
  - {id: ${type}, type: ${type}, base_url: "${url}/v1", api_key_env: UP_KEY}`;
  const field = await startFieldStack(
    TYPES,
    (url) => `
providers:${TYPES.map((type) => entry(type, url(type))).join("")}
models:${TYPES.map((type) => `\n  - {id: m-${type}, provider: ${type}}`).join("")}
${more}`,
  );
  return {
    field,
    async call(mode, type, spec = {}, answer = okOf(type)) {
      await field.script({ [type]: answer });
      const end = await field.call(mode, {
        model: `m-${type}`,
        ...(!("messages" in spec) && { prompt: "hi" }),
        ...spec,
      } as never);
      return { end, sent: JSON.parse(field.bodies(type).at(-1) ?? "null") };
    },
    [Symbol.asyncDispose]: () => field[Symbol.asyncDispose](),
  };
}
