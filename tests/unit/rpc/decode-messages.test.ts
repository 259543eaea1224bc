import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import {
  ImageDetail,
  MessageSchema,
  type PartSchema,
  Role,
} from "../../../gen/service/steer/v1/content_pb.ts";
import { GatewayError } from "../../../src/domain/gateway-error.ts";
import { decodeMessages } from "../../../src/rpc/decode-messages.ts";

type PartInit = MessageInitShape<typeof PartSchema>;
type MessageInit = MessageInitShape<typeof MessageSchema>;

const decode = (...messages: readonly MessageInit[]) =>
  decodeMessages(
    messages.map((message) => create(MessageSchema, message)),
    "",
  );

const { SYSTEM, USER, ASSISTANT, TOOL } = Role;
const URI = { origin: { case: "uri", value: "https://x/y" }, mediaType: "image/png" } as const;

const SIGNATURE = new Uint8Array([7]);

const PARTS = {
  text: { data: { case: "text", value: { text: "t" } } },
  image: { data: { case: "image", value: { source: URI } } },
  file: { data: { case: "file", value: { source: URI, filename: "f" } } },
  "tool-call": {
    data: { case: "toolCall", value: { id: "c", name: "f", argumentsJson: "{}" } },
  },
  "tool-result": { data: { case: "toolResult", value: { toolCallId: "c", name: "f" } } },
  reasoning: {
    data: {
      case: "reasoning",
      value: { text: "r", signature: SIGNATURE, redacted: true, provider: "p" },
    },
  },
  refusal: { data: { case: "refusal", value: { text: "no" } } },
} as const satisfies Record<string, PartInit>;

const source = { type: "uri", uri: "https://x/y", mediaType: "image/png" };
const DECODED = {
  text: { type: "text", text: "t" },
  image: { type: "image", source },
  file: { type: "file", source, filename: "f" },
  "tool-call": { type: "tool-call", id: "c", name: "f", argumentsJson: "{}" },
  "tool-result": { type: "tool-result", toolCallId: "c", name: "f", content: [], isError: false },
  reasoning: { type: "reasoning", text: "r", signature: SIGNATURE, redacted: true, provider: "p" },
  refusal: { type: "refusal", text: "no" },
};

type PartName = keyof typeof PARTS;
const NAMES = Object.keys(PARTS) as PartName[];

/** What comes before a message so that its part makes sense. */
const BEFORE: readonly MessageInit[] = [
  { role: USER, parts: [PARTS.text] },
  { role: ASSISTANT, parts: [PARTS["tool-call"]] },
];

function refusal(...messages: readonly MessageInit[]): readonly string[] {
  try {
    decode(...messages);
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    return error.violations.flatMap(({ field, description }) => [field, description]);
  }
  return [];
}

const user = (...parts: readonly PartInit[]): MessageInit => ({ role: USER, parts: [...parts] });

describe("a part", () => {
  const MAY: readonly (readonly [role: Role, name: string, parts: readonly PartName[]])[] = [
    [SYSTEM, "system", ["text"]],
    [USER, "user", ["text", "image", "file"]],
    [ASSISTANT, "assistant", ["text", "image", "file", "tool-call", "reasoning", "refusal"]],
    [TOOL, "tool", ["tool-result"]],
  ];
  const all = MAY.flatMap(([role, author, parts]) =>
    NAMES.map((name) => [name, author, role, parts.includes(name)] as const),
  );

  it.each(all)("%s of %s", (name, author, role, isAllowed) => {
    const messages: readonly MessageInit[] = [...BEFORE, { role, parts: [PARTS[name]] }];
    if (isAllowed) {
      expect(decode(...messages).at(-1)).toStrictEqual({ role: author, parts: [DECODED[name]] });
    } else {
      expect(refusal(...messages)).toEqual([
        "spec.messages[2].parts[0]",
        `a ${name} part cannot stand in a ${author} message`,
      ]);
    }
  });

  it("can have a cache hint and its message a name", () => {
    const part = { ...PARTS.text, cacheHint: { ttl: "1h" } };
    expect(decode({ role: USER, name: "Ann", parts: [part] })).toStrictEqual([
      { role: "user", name: "Ann", parts: [{ ...DECODED.text, cacheHint: { ttl: "1h" } }] },
    ]);
  });

  it.each([
    [ImageDetail.AUTO, "auto"],
    [ImageDetail.LOW, "low"],
    [ImageDetail.HIGH, "high"],
  ])("image detail %i is %s", (detail, expected) => {
    const image = { data: { case: "image", value: { source: URI, detail } } } as const;
    expect(decode(user(image))[0]?.parts).toStrictEqual([
      { type: "image", source, detail: expected },
    ]);
  });

  it("has its source in one of three ways", () => {
    const of = (origin: object) =>
      ({
        data: { case: "file", value: { source: { mediaType: "m", provider: "p", ...origin } } },
      }) as never;
    const data = new Uint8Array([1]);
    const parts = decode(
      user(
        of({ origin: { case: "inlineData", value: data } }),
        of({ origin: { case: "providerFileId", value: "id" } }),
      ),
    )[0]?.parts;
    expect(parts).toStrictEqual([
      { type: "file", filename: "", source: { type: "inline", data, mediaType: "m" } },
      {
        type: "file",
        filename: "",
        source: { type: "provider-file", fileId: "id", provider: "p", mediaType: "m" },
      },
    ]);
  });

  const at = "spec.messages[0].parts[0]";
  it.each<[string, PartInit, string, string]>([
    ["nothing", {}, at, "the part is empty"],
    [
      "an empty text",
      { data: { case: "text", value: { text: "" } } },
      `${at}.text`,
      "the text is empty; leave the part out",
    ],
    [
      "an image without a source",
      { data: { case: "image", value: {} } },
      `${at}.image.source`,
      "the origin is not set",
    ],
    [
      "a file without bytes",
      {
        data: {
          case: "file",
          value: { source: { origin: { case: "inlineData", value: new Uint8Array() } } },
        },
      },
      `${at}.file.source`,
      "inline_data is empty",
    ],
  ])("of %s is refused by its field", (_name, part, ...said) => {
    expect(refusal(user(part))).toEqual(said);
  });

  // The model can have made them malformed, and the next turn repeats them.
  it.each(["", "{]", '{"a":'])("of a call has its arguments as they are: %s", (argumentsJson) => {
    const data = { case: "toolCall", value: { id: "c", name: "f", argumentsJson } } as const;
    expect(decode({ role: ASSISTANT, parts: [{ data }] }).at(-1)).toMatchObject({
      parts: [{ type: "tool-call", argumentsJson }],
    });
  });

  it("of a tool's result can hold text, images and files, and no refusal", () => {
    const result = (...content: readonly PartInit[]): MessageInit => ({
      role: TOOL,
      parts: [
        {
          data: {
            case: "toolResult",
            value: { toolCallId: "c", content: [...content], isError: true },
          },
        },
      ],
    });
    expect(decode(...BEFORE, result(PARTS.text, PARTS.image, PARTS.file)).at(-1)).toMatchObject({
      parts: [{ content: [DECODED.text, DECODED.image, DECODED.file], isError: true }],
    });
    expect(refusal(...BEFORE, result(PARTS.text, PARTS.refusal))).toEqual([
      "spec.messages[2].parts[0].tool_result.content[1]",
      "a tool result holds text, images, files and provider parts only",
    ]);
  });
});

describe("a conversation", () => {
  it("is the prompt where there is one", () => {
    expect(decodeMessages([], "Hi")).toStrictEqual([
      { role: "user", parts: [{ type: "text", text: "Hi" }] },
    ]);
  });

  it("has no author that nobody knows", () => {
    expect(refusal({ role: 99 as never, parts: [PARTS.text] })).toEqual([
      "spec.messages[0].role",
      "unknown role",
    ]);
  });

  it("answers the calls that came before, and no others", () => {
    const id = "tool_result.tool_call_id";
    const other = {
      data: { case: "toolResult", value: { toolCallId: "other" } },
    } as const satisfies PartInit;
    expect(refusal(...BEFORE, { role: TOOL, parts: [PARTS["tool-result"], other] })).toEqual([
      `spec.messages[2].parts[1].${id}`,
      "no earlier message holds a tool call with this id",
    ]);
  });

  it.each([[[]], [[{ role: SYSTEM, parts: [PARTS.text] }]]])(
    "is more than system messages: %#",
    (messages) => {
      expect(refusal(...messages)).toEqual([
        "spec.messages",
        "at least one message must not be a system message",
      ]);
    },
  );
});
