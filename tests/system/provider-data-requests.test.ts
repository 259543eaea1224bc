// Provider parts and data that callers write: what is taken, and what is refused before anything is sent.
import { afterAll, beforeAll, expect, it } from "vitest";
import { Role } from "../../gen/es/steer/v1/content_pb.js";
import { type AdapterStack, startAdapterStack } from "../support/adapter-stack.ts";
import { messagesWhole, responsesWhole } from "../support/wire-answers.ts";

let stack: AdapterStack;
beforeAll(async () => {
  stack = await startAdapterStack();
});
afterAll(() => stack[Symbol.asyncDispose]());

const text = (value: string) => ({ data: { case: "text" as const, value: { text: value } } });
const data = (json: string, providerType = "anthropic") => ({ providerType, json });
const user = (...parts: object[]) => ({ role: Role.USER, parts });
const answer = () => messagesWhole([{ type: "text", text: "ok" }]);
const nested = (levels: number) => `{"a":${"[".repeat(levels - 1)}${"]".repeat(levels - 1)}}`;
const long = (bytes: number) => `{"a":"${"x".repeat(bytes - 8)}"}`;
const providerPart = (json: string) => ({
  data: { case: "providerPart" as const, value: data(json) },
});

it.each([
  ["no JSON", providerPart("{"), "spec.messages[0].parts[1].provider_part.json"],
  ["no object", providerPart("[]"), "spec.messages[0].parts[1].provider_part.json"],
  ["too deep", providerPart(nested(65)), "spec.messages[0].parts[1].provider_part.json"],
  [
    "deeper than any parser goes by calls",
    providerPart(nested(400_000)),
    "spec.messages[0].parts[1].provider_part.json",
  ],
  [
    "longer than the contract allows",
    providerPart(long(1_048_577)),
    "spec.messages[0].parts[1].provider_part.json",
  ],
  [
    "data of a part that is the provider's own",
    { ...providerPart("{}"), providerData: data("{}") },
    "spec.messages[0].parts[1].provider_data",
  ],
  [
    "data of a text that is no JSON",
    { ...text("a"), providerData: data("nope") },
    "spec.messages[0].parts[1].provider_data.json",
  ],
])("refuses a part whose JSON is: %s", async (_, part, field) => {
  const { violations } = await stack.call("unary", "ant", answer, {
    messages: [user(text("hi"), part)],
  });
  expect(violations).toEqual([field]);
  expect(stack.field.requests("ant")).toBe(0);
});

it.each([
  ["as deep as it may be", nested(64)],
  ["as long as it may be", long(1_048_576)],
])("takes JSON %s", async (_, json) => {
  const { generation } = await stack.call("unary", "ant", answer, {
    messages: [user(text("hi"), providerPart(json))],
  });
  expect(generation?.outputText).toBe("ok");
  expect(stack.field.bodies("ant").at(-1)).toContain(json);
});

it("adds fields of the caller's to a part, and never replaces those of Steer", async () => {
  await stack.call("unary", "ant", answer, {
    messages: [
      user({ ...text("hi"), providerData: data('{"type":"evil","citations":{"enabled":true}}') }),
    ],
  });
  expect(stack.sent("ant")["messages"]).toEqual([
    { role: "user", content: [{ type: "text", text: "hi", citations: { enabled: true } }] },
  ]);
});

it("a request of nothing but another provider's parts has no target", async () => {
  const { violations, error } = await stack.call("unary", "resp", () => responsesWhole([]), {
    messages: [user(providerPart('{"type":"search_result"}'))],
  });
  expect(error?.reason).toBe("UNSUPPORTED_PARAMETER");
  expect(violations).toEqual(["spec.messages"]);
});

it("probabilities that a target cannot give are left out with a warning", async () => {
  const { warnings } = await stack.call("unary", "ant", answer, { sampling: { logprobs: true } });
  expect(warnings).toEqual(["PARAMETER_DROPPED"]);
  const { violations } = await stack.call("unary", "ant", answer, { sampling: { topLogprobs: 2 } });
  expect(violations).toEqual(["spec.sampling"]);
});

it("field:A37 reasoning is read by the type of its provider, and by an instance's identifier", async () => {
  const thought = (provider: string) => ({
    data: {
      case: "reasoning" as const,
      value: { text: "hm", signature: Buffer.from("c2ln"), provider },
    },
  });
  await stack.call("unary", "ant", answer, {
    messages: [
      user(text("q")),
      {
        role: Role.ASSISTANT,
        parts: [thought("anthropic"), thought("ant"), thought("openai"), text("a")],
      },
      user(text("go on")),
    ],
  });
  const thinking = { type: "thinking", thinking: "hm", signature: "c2ln" };
  const messages: unknown = stack.sent("ant")["messages"];
  expect((messages as { content: object[] }[])[1]?.content).toEqual([
    thinking,
    thinking,
    { type: "text", text: "a" },
  ]);
});
