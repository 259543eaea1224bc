// The tables of docs/doors.md: what becomes of a field at a target of each dialect, found out by sending it there.
import { GatewayError } from "../../../src/domain/gateway-error.ts";
import type { JsonObject } from "../../../src/domain/json.ts";
import { decodeRequest as decodeMessages } from "../../../src/doors/anthropic-messages/decode-request.ts";
import { decodeRequest as decodeChat } from "../../../src/doors/openai-chat/decode-request.ts";
import { decodeRequest as decodeResponses } from "../../../src/doors/openai-responses/decode-request.ts";
import type { RequestOfApi } from "../../../src/ports/contract.ts";
import { anthropic } from "../../../src/providers/anthropic/provider.ts";
import { encodeMessagesBody } from "../../../src/providers/anthropic/request.ts";
import { openai } from "../../../src/providers/openai/provider.ts";
import { encodeChatBody } from "../../../src/providers/shared/chat-request.ts";
import { COMPATIBLE_SERVER, chatWire } from "../../../src/providers/shared/chat-server.ts";
import { encodeResponsesBody } from "../../../src/providers/shared/responses-request.ts";
import type { PageTable } from "../page-tables.ts";
import { ableModel, sendTo } from "./send-to.ts";

/** Stands in each field that is looked for. */
const MARK = "mark7";
const COUNT = 4_711;
const SHARE = 0.4711;
const MARKS = [MARK, String(COUNT), String(SHARE)];

const signed = { goesBack: { reasoning: "signed", annotations: true } } as const;
const TARGETS = {
  Chat: {
    model: ableModel("chat", {
      parameters: new Set(openai.dialects["chat"]),
      wire: { reasoningField: "reasoning_content" },
    }),
    encode: (request: Parameters<typeof encodeMessagesBody>[0]) =>
      encodeChatBody(request, chatWire(request, COMPATIBLE_SERVER)),
  },
  Responses: {
    model: ableModel("responses", { parameters: new Set(openai.dialects["responses"]), ...signed }),
    encode: encodeResponsesBody,
  },
  Messages: {
    model: ableModel("messages", {
      parameters: new Set(anthropic.dialects["messages"]),
      ...signed,
    }),
    encode: encodeMessagesBody,
  },
} as const;

type Dialect = keyof typeof TARGETS;
const DIALECTS = Object.keys(TARGETS) as Dialect[];

/** What becomes of a field. */
function fate(decode: () => RequestOfApi, dialect: Dialect): string {
  const { model, encode } = TARGETS[dialect];
  try {
    const { body, warnings } = sendTo(decode(), model, encode);
    const text = JSON.stringify(body);
    const isThere = MARKS.some((mark) => text.includes(mark));
    const reasons = [...new Set(warnings.map(({ reason }) => `\`${reason}\``))].join(", ");
    if (isThere) return reasons === "" ? "carried" : `carried, with ${reasons}`;
    return reasons === "" ? "lost" : `left out: ${reasons}`;
  } catch (error) {
    if (error instanceof GatewayError) return "refused";
    throw error;
  }
}

const CACHE_MARK = "`cache_control`";

type Fields = Readonly<Record<string, JsonObject>>;

function tableOf(fields: Fields, decode: (more: JsonObject) => RequestOfApi): PageTable {
  const rows = Object.entries(fields).map(([name, more]) => [
    name,
    ...DIALECTS.map((dialect) => {
      const found = fate(() => decode(more), dialect);
      // A hint, without which an answer is the same.
      return name === CACHE_MARK && found === "lost" ? "if the model takes marks" : found;
    }),
  ]);
  return { head: ["field", ...DIALECTS.map((dialect) => `at a ${dialect} target`)], rows };
}

const none = (): undefined => undefined;
const image = `https://example.com/${MARK}`;
const schema = { type: "object", properties: { [MARK]: { type: "string" } } };
const user = { role: "user", content: "hi" };
const chatMessages = (...messages: JsonObject[]): JsonObject => ({ messages: [...messages, user] });
const chatPart = (part: JsonObject): JsonObject => chatMessages({ role: "user", content: [part] });

const CHAT: Fields = {
  "`system`, `developer`": chatMessages({ role: "developer", content: MARK }),
  "`image_url`": chatPart({ type: "image_url", image_url: { url: image } }),
  "`input_audio`": chatPart({ type: "input_audio", input_audio: { data: MARK, format: "wav" } }),
  "`reasoning_content`": chatMessages({ role: "assistant", content: "a", reasoning_content: MARK }),
  "`name` of a message": chatMessages({ role: "user", content: "a", name: MARK }),
  "functions in `tools`": { tools: [{ type: "function", function: { name: MARK } }] },
  "custom tools": { tools: [{ type: "custom", custom: { name: MARK } }] },
  "`max_completion_tokens`": { max_completion_tokens: COUNT },
  "`temperature`": { temperature: SHARE },
  "`frequency_penalty`": { frequency_penalty: SHARE },
  "`seed`": { seed: COUNT },
  "`stop`": { stop: [MARK] },
  "`response_format` with a schema": {
    response_format: { type: "json_schema", json_schema: { name: "n", schema } },
  },
  "`user`": { user: MARK },
  "any other field": { x_unknown: MARK },
};

const block = (content: JsonObject): JsonObject => ({
  messages: [{ role: "user", content: [{ type: "text", text: "t" }, content] }],
});

const MESSAGES: Fields = {
  "`system`": { system: MARK },
  "`role: system` amid messages": { messages: [user, { role: "system", content: MARK }, user] },
  "a coding agent's attribution": {
    system: [{ type: "text", text: `x-anthropic-billing-header: ${MARK}` }],
  },
  [CACHE_MARK]: {
    system: [{ type: "text", text: "s", cache_control: { type: "ephemeral", ttl: MARK } }],
  },
  "`cache_control` of a tool": {
    tools: [{ name: "t", input_schema: { type: "object" }, cache_control: { type: MARK } }],
  },
  "`image`": block({ type: "image", source: { type: "url", url: image } }),
  "`document`": block({ type: "document", source: { type: "url", url: image } }),
  "`search_result` and other blocks": block({ type: "search_result", source: MARK }),
  "`thinking` with its signature": {
    messages: [
      user,
      { role: "assistant", content: [{ type: "thinking", thinking: "t", signature: MARK }] },
      user,
    ],
  },
  "functions in `tools`": { tools: [{ name: MARK, input_schema: { type: "object" } }] },
  "tools of the vendor": { tools: [{ type: "web_search_20250305", name: MARK }] },
  "`max_tokens`": { max_tokens: COUNT },
  "`temperature`": { temperature: SHARE },
  "`top_k`": { top_k: COUNT },
  "`stop_sequences`": { stop_sequences: [MARK] },
  "`thinking` with a budget": { thinking: { type: "enabled", budget_tokens: COUNT } },
  "`output_config.format`": { output_config: { format: { type: "json_schema", schema } } },
  "`metadata.user_id`": { metadata: { user_id: MARK } },
  "any other field": { x_unknown: MARK },
};

const items = (...input: JsonObject[]): JsonObject => ({ input: [...input, user] });

const RESPONSES: Fields = {
  "`instructions`": { instructions: MARK },
  "`input_image`": items({ role: "user", content: [{ type: "input_image", image_url: image }] }),
  "`reasoning` items with `encrypted_content`": items({
    type: "reasoning",
    summary: [],
    encrypted_content: MARK,
  }),
  "`function_call`": items({ type: "function_call", call_id: "c", name: MARK, arguments: "{}" }),
  "items of other kinds": items({ type: "web_search_call", id: MARK }),
  "functions in `tools`": {
    tools: [{ type: "function", name: MARK, parameters: { type: "object" }, strict: true }],
  },
  "other `tools`": { tools: [{ type: MARK }] },
  "`max_output_tokens`": { max_output_tokens: COUNT },
  "`temperature`": { temperature: SHARE },
  "`text.format` with a schema": { text: { format: { type: "json_schema", name: "n", schema } } },
  "`text.verbosity`": { text: { verbosity: MARK } },
  "`reasoning.summary` but `auto`": { reasoning: { summary: MARK } },
  "`include`": { include: [MARK] },
  "`safety_identifier`": { safety_identifier: MARK },
  "any other field": { x_unknown: MARK },
};

/** By the names of their marks in the page. */
export const carriedTables: Readonly<Record<string, PageTable>> = {
  "carried-chat": tableOf(CHAT, (more) =>
    decodeChat({ model: "m", messages: [user], ...more }, none),
  ),
  "carried-responses": tableOf(RESPONSES, (more) =>
    decodeResponses({ model: "m", input: "hi", ...more }, none, true),
  ),
  "carried-messages": tableOf(MESSAGES, (more) =>
    decodeMessages({ model: "m", max_tokens: 9, messages: [user], ...more }, none),
  ),
};
