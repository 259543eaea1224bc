// A request for a target of its own dialect arrives there as it came.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isJsonObject, type JsonObject, type JsonValue } from "../../../src/domain/json.ts";
import * as messages from "../../../src/doors/anthropic-messages/decode-request.ts";
import * as chat from "../../../src/doors/openai-chat/decode-request.ts";
import * as responses from "../../../src/doors/openai-responses/decode-request.ts";
import { encodeMessagesBody } from "../../../src/providers/anthropic/request.ts";
import { encodeChatBody } from "../../../src/providers/shared/chat-request.ts";
import { COMPATIBLE_SERVER, chatWire } from "../../../src/providers/shared/chat-server.ts";
import { encodeResponsesBody } from "../../../src/providers/shared/responses-request.ts";
import { chatRequest } from "../../support/door-requests/chat-requests.ts";
import { messagesRequest } from "../../support/door-requests/messages-requests.ts";
import { responsesRequest } from "../../support/door-requests/responses-requests.ts";
import { ableModel, sendTo } from "../../support/door-requests/send-to.ts";

/** What the target is sent, of which nothing was left out. */
function sent(...asked: Parameters<typeof sendTo>): JsonObject {
  const { body, warnings, ignored } = sendTo(...asked);
  expect([warnings, ignored]).toEqual([[], []]);
  return body;
}

type Change = (value: JsonValue, path: string) => JsonValue | undefined;

/** The value with changes from the inside out; fields that are undefined then, or null, are left out. */
function changed(value: JsonValue, change: Change, path = ""): JsonValue | undefined {
  if (Array.isArray(value)) {
    const all = value.map((each) => changed(each, change, `${path}[]`) ?? null);
    return change(all, path);
  }
  if (!isJsonObject(value)) return change(value, path);
  const fields = Object.entries(value).flatMap(([name, each]) => {
    const field = each === null ? undefined : changed(each, change, `${path}.${name}`);
    return field === undefined || field === null ? [] : [[name, field] as const];
  });
  return change(Object.fromEntries(fields), path);
}

/** Forms that the vendors take for the same, by the paths where they stand. Each is exempt for the reason beside it. */
type Exempt = Readonly<Record<string, Change>>;

const gone: Change = () => undefined;

/** An object without a field says nothing. */
const notEmpty: Change = (value) =>
  Object.keys(value as JsonObject).length === 0 ? undefined : value;

/** The default where there are tools. */
const notAuto: Change = (value) => (value === "auto" ? undefined : value);

function normal(body: JsonObject, exempt: Exempt): JsonValue | undefined {
  return changed(JSON.parse(JSON.stringify(body)) as JsonValue, (value, path) => {
    const rule = exempt[path];
    return rule === undefined ? value : rule(value, path);
  });
}

const oneTextAsList =
  (type: string): Change =>
  (value) =>
    typeof value === "string" ? [{ type, text: value }] : value;

const CHAT_EXEMPT: Exempt = {
  // A text is the short form of a list with one.
  ".messages[].content": (value) =>
    Array.isArray(value) || value === "" ? value : [{ type: "text", text: value }],
  ".stop": (value) => (Array.isArray(value) ? value : [value]),
  // The gateway's own: whether it reads a stream.
  ".stream": gone,
  ".tool_choice": notAuto,
  // One answer is what there is without it.
  ".n": gone,
};

const MESSAGES_EXEMPT: Exempt = {
  ".metadata": notEmpty,
  ".output_config": notEmpty,
  // A text is the short form of a list with one.
  ".system": oneTextAsList("text"),
  ".messages[].content": oneTextAsList("text"),
  ".messages[].content[].content": oneTextAsList("text"),
  // The gateway's own.
  ".stream": gone,
};

const RESPONSES_EXEMPT: Exempt = {
  ".reasoning": notEmpty,
  ".text": notEmpty,
  ".tool_choice": notAuto,
  ".stream": gone,
  // Identifiers are the door's own, and the vendor stores nothing under them.
  ".input[]": (value) => {
    const { id: _, status: __, ...item } = value as JsonObject;
    const isOwn = typeof item["type"] === "string" && item["type"].startsWith("web_");
    return isOwn ? value : { ...item, type: item["type"] ?? "message" };
  },
  ".input[].content": oneTextAsList("input_text"),
  ".input[].output": oneTextAsList("input_text"),
  // Asked for always, so that thoughts can come back.
  ".include": (value) => {
    const asked = (value as JsonValue[]).filter((each) => each !== "reasoning.encrypted_content");
    const others = asked.filter((each) => each !== "message.output_text.logprobs");
    return others.length === 0 ? undefined : others;
  },
};

/** Neighbours of one role are one turn for the vendor. */
function joinedTurns(body: JsonValue | undefined): JsonValue | undefined {
  if (!isJsonObject(body) || !Array.isArray(body["messages"])) return body;
  const turns: JsonObject[] = [];
  for (const turn of body["messages"] as JsonObject[]) {
    const last = turns.at(-1);
    const { content: _, ...own } = turn;
    const { content: __, ...before } = last ?? {};
    if (last === undefined || JSON.stringify(own) !== JSON.stringify(before))
      turns.push({ ...turn });
    else last["content"] = [...(last["content"] as []), ...(turn["content"] as [])];
  }
  return { ...body, messages: turns };
}

/** `instructions` are a message of the system before all others. */
function withoutInstructions(body: JsonObject): JsonObject {
  const { instructions, ...rest } = body;
  const input =
    typeof rest["input"] === "string" ? [{ role: "user", content: rest["input"] }] : rest["input"];
  if (typeof instructions !== "string") return { ...rest, input: input ?? [] };
  return { ...rest, input: [{ role: "system", content: instructions }, ...(input as JsonValue[])] };
}

describe("a request for a target of its dialect arrives as it came", () => {
  it("in Chat Completions", () => {
    const target = ableModel("chat", {
      wire: { reasoningField: "reasoning_content", tokenLimitField: "max_completion_tokens" },
    });
    const server = { ...COMPATIBLE_SERVER, endUserField: "safety_identifier" } as const;
    fc.assert(
      fc.property(chatRequest, (given) => {
        const body = JSON.parse(JSON.stringify(given)) as JsonObject;
        const arrived = sent(
          chat.decodeRequest(body, () => undefined),
          target,
          (request, onIgnored) => encodeChatBody(request, chatWire(request, server), onIgnored),
        );
        expect(normal(arrived, CHAT_EXEMPT)).toEqual(normal(body, CHAT_EXEMPT));
      }),
    );
  });

  it("in Messages", () => {
    const target = ableModel("messages", { goesBack: { reasoning: "signed", annotations: true } });
    fc.assert(
      fc.property(messagesRequest, (given) => {
        const body = JSON.parse(JSON.stringify(given)) as JsonObject;
        const request = messages.decodeRequest(body, () => undefined);
        const arrived = sent(request, target, encodeMessagesBody);
        expect(joinedTurns(normal(arrived, MESSAGES_EXEMPT))).toEqual(
          joinedTurns(normal(body, MESSAGES_EXEMPT)),
        );
      }),
    );
  });

  it("in Responses", () => {
    const target = ableModel("responses", { goesBack: { reasoning: "signed", annotations: true } });
    fc.assert(
      fc.property(responsesRequest, (given) => {
        const body = JSON.parse(JSON.stringify(given)) as JsonObject;
        const arrived = sent(
          responses.decodeRequest(body, () => undefined, true),
          target,
          encodeResponsesBody,
        );
        expect(normal(arrived, RESPONSES_EXEMPT)).toEqual(
          normal(withoutInstructions(body), RESPONSES_EXEMPT),
        );
      }),
    );
  });
});
