import { create, type MessageInitShape, toJson } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { MessageSchema, type PartSchema, Role } from "../../../gen/service/steer/v1/content_pb.ts";
import { GatewayError } from "../../../src/domain/gateway-error.ts";
import type { Message } from "../../../src/domain/generation-spec.ts";
import { MAX_PROVIDER_JSON_DEPTH } from "../../../src/domain/provider-data.ts";
import { decodeMessages } from "../../../src/rpc/decode-messages.ts";
import { encodeMessage } from "../../../src/rpc/encode-content.ts";

type PartInit = MessageInitShape<typeof PartSchema>;
type MessageInit = MessageInitShape<typeof MessageSchema>;

const { USER, ASSISTANT } = Role;
const DATA = { providerType: "openai", json: '{"a":1}', api: "responses" };
const FIRST: MessageInit = {
  role: USER,
  parts: [{ data: { case: "text", value: { text: "Hi" } } }],
};

/** What the assistant's message becomes, behind a user's. */
function decode(message: object): Message | undefined {
  const messages = [FIRST, { role: ASSISTANT, ...message } as MessageInit];
  return decodeMessages(
    messages.map((each) => create(MessageSchema, each)),
    "",
  )[1];
}

function refusal(message: object): readonly string[] {
  try {
    decode(message);
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    return error.violations.flatMap(({ field, description }) => [field, description]);
  }
  return [];
}

const text = (more: object = {}): PartInit => ({
  data: { case: "text", value: { text: "t", ...more } },
});
const call = (providerData?: object): PartInit =>
  ({
    data: {
      case: "toolCall",
      value: { id: "c", name: "f", argumentsJson: "{}", ...(providerData && { providerData }) },
    },
  }) as PartInit;
const reasoning = (providerData?: object): PartInit =>
  ({
    data: { case: "reasoning", value: { text: "r", ...(providerData && { providerData }) } },
  }) as PartInit;
const own = (data: object = DATA): PartInit => ({ data: { case: "providerPart", value: data } });

const at = "spec.messages[1].parts[0]";

describe("what a provider keeps in a message", () => {
  it("stands in the message, its parts, and the calls and the reasoning in them", () => {
    expect(decode({ providerData: DATA, parts: [text()] })).toStrictEqual({
      role: "assistant",
      parts: [{ type: "text", text: "t" }],
      providerData: DATA,
    });
    expect(
      decode({ parts: [{ ...text(), providerData: DATA }, call(DATA), reasoning(DATA), own()] })
        ?.parts,
    ).toMatchObject([
      { type: "text", providerData: DATA },
      { type: "tool-call", providerData: DATA },
      { type: "reasoning", providerData: DATA },
      { type: "provider", ...DATA },
    ]);
    for (const part of decode({ parts: [text(), call(), reasoning()] })?.parts ?? []) {
      expect(part).not.toHaveProperty("providerData");
    }
  });

  it.each<[PartInit, string, string]>([
    [call(), `${at}.provider_data`, "data of the provider stands in the tool-call"],
    [reasoning(), `${at}.provider_data`, "data of the provider stands in the reasoning"],
    [own(), `${at}.provider_data`, "data of the provider stands in the provider part itself"],
  ])("stands in one place: %#", (part, ...said) => {
    expect(refusal({ parts: [{ ...part, providerData: DATA }] })).toEqual(said);
  });

  const broken = { ...DATA, json: "[1]" };
  it.each<[object, string]>([
    [{ providerData: broken, parts: [text()] }, "spec.messages[1].provider_data.json"],
    [{ parts: [{ ...text(), providerData: broken }] }, `${at}.provider_data.json`],
    [{ parts: [call(broken)] }, `${at}.tool_call.provider_data.json`],
    [{ parts: [reasoning(broken)] }, `${at}.reasoning.provider_data.json`],
    [{ parts: [own(broken)] }, `${at}.provider_part.json`],
    [
      { parts: [text({ annotations: [{}, { providerData: broken }] })] },
      `${at}.text.annotations[1].provider_data.json`,
    ],
  ])("is refused by its field: %#", (message, field) => {
    expect(refusal(message)).toEqual([field, "not a JSON object"]);
  });

  const nested = (levels: number) => `${'{"a":'.repeat(levels)}1${"}".repeat(levels)}`;
  it.each([
    ["{", expect.stringContaining("JSON")],
    ["1", "not a JSON object"],
    [nested(MAX_PROVIDER_JSON_DEPTH + 1), `is deeper than ${MAX_PROVIDER_JSON_DEPTH} levels`],
  ])("is JSON that a provider can have written: %#", (json, description) => {
    const field = `${at}.provider_part.json`;
    expect(refusal({ parts: [own({ ...DATA, json })] })).toEqual([field, description]);
    const deepest = { ...DATA, json: nested(MAX_PROVIDER_JSON_DEPTH) };
    expect(refusal({ parts: [own(deepest)] })).toEqual([]);
  });

  it.each([
    ["text", `${at}.text`],
    ["refusal", `${at}.refusal`],
  ] as const)("is no reason for an empty %s", (name, field) => {
    const data = { case: name, value: { text: "" } } as never;
    expect(refusal({ parts: [{ data }] })).toEqual([
      field,
      "the text is empty; leave the part out",
    ]);
  });
});

describe("what stands beside a text", () => {
  const annotation = {
    uri: "u",
    title: "t",
    citedText: "c",
    start: 0,
    end: 0,
    fileId: "f",
    filename: "n",
    firstPage: 0,
    lastPage: 0,
    providerData: DATA,
  };
  const rawBytes = new Uint8Array([7]);
  const logprobs = [
    { token: "a", logprob: -1, rawBytes, top: [{ token: "b", logprob: -2, rawBytes }] },
    { token: "c", logprob: -3, top: [{ token: "d", logprob: -4 }] },
  ];

  it("is taken over, all of it or nothing", () => {
    const full = decode({ parts: [text({ annotations: [annotation, {}], logprobs })] });
    expect(full?.parts).toStrictEqual([
      { type: "text", text: "t", annotations: [annotation, {}], logprobs },
    ]);
    expect(decode({ parts: [text()] })?.parts).toStrictEqual([{ type: "text", text: "t" }]);
  });

  it("and all else goes back as it came", () => {
    const message = {
      providerData: DATA,
      name: "Ann",
      parts: [
        { ...text({ annotations: [annotation], logprobs }), providerData: DATA },
        call(DATA),
        reasoning(DATA),
        own(),
        { data: { case: "refusal", value: { text: "no" } }, providerData: DATA } as PartInit,
        call(),
      ],
    };
    const decoded = decode(message);
    if (decoded === undefined) throw new Error("no message");
    const sent = create(MessageSchema, { role: ASSISTANT, ...message } as MessageInit);
    expect(toJson(MessageSchema, encodeMessage(decoded))).toEqual(toJson(MessageSchema, sent));
  });

  it.each(["system", "user", "assistant", "tool"] as const)("has its author: %s", (role) => {
    expect(toJson(MessageSchema, encodeMessage({ role, parts: [] }))).toEqual({
      role: `ROLE_${role.toUpperCase()}`,
    });
  });
});
