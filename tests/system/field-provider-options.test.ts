import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BadRequestSchema } from "../../gen/es/google/rpc/error_details_pb.js";
import { FinishReason } from "../../gen/es/steer/v1/generation_pb.js";
import {
  GenerationService,
  TokenCountMethod,
} from "../../gen/es/steer/v1/generation_service_pb.js";
import { MODES } from "../support/conformance/suite.ts";
import { type Answer, type FieldStack, startFieldStack } from "../support/field-stack.ts";
import { detailOf } from "../support/grpc-client.ts";
import {
  chatStream,
  chatWhole,
  messagesStream,
  messagesWhole,
  responsesStream,
  responsesWhole,
} from "../support/wire-answers.ts";

// Options are the caller's: a value that becomes a header is checked where it enters, and a key
// that every object inherits is a key.

let stack: FieldStack;

beforeAll(async () => {
  stack = await startFieldStack(
    ["chat", "constructor", "ant"],
    (url) => `
providers:
  - {id: chat, type: openai, base_url: "${url("chat")}/v1", api_key_env: UP_KEY}
  - {id: constructor, type: openai, base_url: "${url("constructor")}/v1", api_key_env: UP_KEY, api: responses}
  - {id: ant, type: anthropic, base_url: "${url("ant")}", api_key_env: UP_KEY}
models:
  - {id: m-chat, provider: chat}
  - {id: m-constructor, provider: constructor}
  - {id: m-ant, provider: ant}
`,
  );
});

afterAll(() => stack[Symbol.asyncDispose]());

/** Servers, each an instance of its own. */
const NAMES = ["chat", "constructor", "ant"] as const;

const INHERITED = ["constructor", "toString", "hasOwnProperty", "valueOf", "__proto__"];

const SERVERS: Readonly<Record<(typeof NAMES)[number], (reason: string) => Answer>> = {
  chat:
    (reason) =>
    ({ stream }) =>
      stream === true
        ? chatStream({ content: "ok" }, reason)
        : chatWhole({ content: "ok" }, reason),
  constructor:
    (reason) =>
    ({ stream }) => {
      const item = {
        type: "message",
        role: "assistant",
        content: [{ type: "output_text", text: "ok" }],
      };
      const more =
        reason === "stop" ? {} : { status: "incomplete", incomplete_details: { reason } };
      return stream === true ? responsesStream([item], more) : responsesWhole([item], more);
    },
  ant:
    (reason) =>
    ({ stream }) => {
      const own = reason === "stop" ? "end_turn" : reason;
      return stream === true
        ? messagesStream("ok", own)
        : messagesWhole([{ type: "text", text: "ok" }], own);
    },
};

/** An object whose keys are its own, `__proto__` among them. */
function ownKeys(keys: readonly string[], value: unknown): object {
  return JSON.parse(`{${keys.map((key) => `${JSON.stringify(key)}:${JSON.stringify(value)}`)}}`);
}

describe.each(MODES)("%s", (mode) => {
  it.each(NAMES)("field:X13: inherited names are sent as options to %s", async (server) => {
    await stack.script({ [server]: SERVERS[server]("stop") });
    const nested = ownKeys(INHERITED, 1);
    const options = Object.assign(ownKeys(INHERITED, nested), { plain: true });
    Object.defineProperty(options, "__proto__", { value: nested, enumerable: true });
    const { code } = await stack.call(mode, {
      model: `m-${server}`,
      prompt: "q",
      providerOptions: { [server]: options as never },
    });
    expect(code).toBe(0);
    const body = JSON.parse(stack.bodies(server)[0] ?? "{}") as object;
    expect(Object.keys(body)).toEqual(expect.arrayContaining([...INHERITED, "plain"]));
    for (const key of INHERITED) {
      const sent = Object.getOwnPropertyDescriptor(body, key)?.value as object;
      expect(Object.keys(sent).toSorted(), key).toEqual(INHERITED.toSorted());
    }
  });

  it.each(NAMES)("field:X13: inherited names are no finish reasons of %s", async (server) => {
    for (const reason of INHERITED) {
      await stack.script({ [server]: SERVERS[server](reason) });
      const { generation } = await stack.call(mode, { model: `m-${server}`, prompt: "q" });
      expect(generation?.finishReason, reason).toBe(FinishReason.OTHER);
      expect(generation?.providerFinishReason).toBe(reason);
    }
  });

  it("field:X13: an instance that is called constructor gets the options of its type", async () => {
    await stack.script({ constructor: SERVERS.constructor("stop") });
    const { code } = await stack.call(mode, {
      model: "m-constructor",
      prompt: "q",
      providerOptions: { openai: { plain: true } },
    });
    expect(code).toBe(0);
    expect(JSON.parse(stack.bodies("constructor")[0] ?? "{}")).toMatchObject({ plain: true });
  });

  it.each([
    ["a line break", ["a\r\nb: c"], "[0]"],
    ["a lone line feed", ["ok", "a\nb"], "[1]"],
    ["a zero byte", ["a\0b"], "[0]"],
    ["a letter beyond Latin 1", ["béta-😀"], "[0]"],
    ["a comma, which is two names", ["a,b"], "[0]"],
    ["a blank", ["a b"], "[0]"],
    ["nothing", [""], "[0]"],
    ["129 letters", ["a".repeat(129)], "[0]"],
    ["a number", [7], "[0]"],
    ["a text in place of a list", "a", ""],
    ["65 names", Array.from({ length: 65 }, (_, index) => `b${index}`), ""],
  ])("field:X12: betas with %s are INVALID_ARGUMENT", async (_, betas, place) => {
    await stack.script({ ant: SERVERS.ant("stop") });
    const { code, violations } = await stack.call(mode, {
      model: "m-ant",
      prompt: "q",
      providerOptions: { ant: { betas: betas as never } },
    });
    expect(code).toBe(3);
    expect(violations).toEqual([`spec.provider_options.ant.betas${place}`]);
    expect(stack.requests("ant")).toBe(0);
  });

  it("field:X12: betas of a fallback are checked before anything is sent", async () => {
    await stack.script({ chat: SERVERS.chat("stop") });
    const { code } = await stack.call(mode, {
      model: "m-chat",
      prompt: "q",
      routing: { fallbacks: [{ model: "m-ant" }] },
      providerOptions: { ant: { betas: ["a\nb"] } },
    });
    expect(code).toBe(3);
    expect(stack.requests("chat")).toBe(0);
  });

  it("field:X12: betas that a header takes are sent", async () => {
    await stack.script({ ant: SERVERS.ant("stop") });
    const { code } = await stack.call(mode, {
      model: "m-ant",
      prompt: "q",
      providerOptions: { ant: { betas: ["context-1m-2025-08-07", "x.y_z"] } },
    });
    expect(code).toBe(0);
    expect(stack.headers("ant")[0]?.["anthropic-beta"]).toBe("context-1m-2025-08-07,x.y_z");
  });
});

it.each([TokenCountMethod.UNSPECIFIED, TokenCountMethod.ESTIMATE, TokenCountMethod.PROVIDER])(
  "field:X12: CountTokens by method %s refuses betas that no header takes",
  async (method) => {
    await stack.script({ ant: SERVERS.ant("stop") });
    const spec = {
      model: "m-ant",
      prompt: "q",
      providerOptions: { ant: { betas: ["a\r\nb: c"] } },
    };
    const error = await stack.grpc
      .unary(GenerationService.method.countTokens, { spec, method })
      .catch((thrown: unknown) => thrown);
    expect(detailOf(error, BadRequestSchema)?.fieldViolations[0]?.field).toBe(
      "spec.provider_options.ant.betas[0]",
    );
    expect(stack.requests("ant")).toBe(0);
  },
);
