import { create, type Message, toBinary, toJsonString } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { Role } from "../../../../gen/service/steer/v1/content_pb.ts";
import { GenerateRequestSchema } from "../../../../gen/service/steer/v1/generation_service_pb.ts";
import { GatewayError } from "../../../../src/domain/gateway-error.ts";
import type { EncodedRequest } from "../../../../src/rpc/call.ts";
import { RequestDecoder } from "../../../../src/rpc/requests/request-decoder.ts";
import { SAMPLES } from "../../../support/contract-samples.ts";
import { confuseJsonParse, ESCAPED_NAMES } from "../../../support/v8-keys.ts";
import { collectionsOf } from "../../../support/wire-floods.ts";

const decoder = new RequestDecoder([GenerateRequestSchema]);

async function refusalOf(request: EncodedRequest): Promise<GatewayError> {
  try {
    await decoder.decode(GenerateRequestSchema, request);
  } catch (error) {
    if (error instanceof GatewayError) return error;
    throw error;
  }
  throw new Error("it was admitted");
}

const json = (text: string): EncodedRequest => ({ format: "json", bytes: Buffer.from(text) });
const proto = (bytes: Uint8Array): EncodedRequest => ({ format: "proto", bytes });
const FORMATS = {
  proto: (request: Parameters<typeof create<typeof GenerateRequestSchema>>[1]) =>
    proto(toBinary(GenerateRequestSchema, create(GenerateRequestSchema, request))),
  json: (request: Parameters<typeof create<typeof GenerateRequestSchema>>[1]) =>
    json(toJsonString(GenerateRequestSchema, create(GenerateRequestSchema, request))),
} as const;
const formats = Object.entries(FORMATS);

describe("a request that the scan refuses", () => {
  const collections = collectionsOf(GenerateRequestSchema);

  it.each(collections)(
    "field:X3 $path has one violation, with its path",
    async ({ path, bytes }) => {
      const { kind, message, violations } = await refusalOf(proto(bytes(5_000)));
      expect(kind).toBe("validation");
      expect(violations).toEqual([
        { field: path, description: expect.stringMatching(/no more than/) },
      ]);
      expect(message).toBe(`${path}: ${violations[0]?.description}`);
    },
  );

  it.each(collections)("field:X4 $path has one violation in JSON, too", async ({ json: text }) => {
    const { kind, violations } = await refusalOf(json(text(5_000)));
    expect(kind).toBe("validation");
    expect(violations).toEqual([
      {
        field: expect.stringMatching(/^spec\./),
        description: expect.stringMatching(/no more than 4096/),
      },
    ]);
  });
});

describe.each(formats)("the rules of the contract, in %s", (_format, encode) => {
  const broken = (count: number) =>
    encode({
      spec: { model: "m", messages: Array.from({ length: count }, () => ({ role: 99 as Role })) },
    });

  it("are told of together", async () => {
    expect((await refusalOf(broken(4))).violations).toHaveLength(8);
  });

  it.each([100, 4_000])("field:X3 end at the twentieth violation of %i messages", async (count) => {
    const { violations } = await refusalOf(broken(count));
    expect(violations).toHaveLength(20);
    expect(violations?.at(-1)?.field).toBe("spec.messages[9].parts");
  });

  it("hold in a large request up to its last element", async () => {
    const messages = Array.from({ length: 4_096 }, (_, index) => ({
      role: Role.USER,
      name: index === 4_095 ? "n".repeat(129) : "",
      parts: [{ data: { case: "text", value: { text: "Hi" } } } as const],
    }));
    expect((await refusalOf(encode({ spec: { model: "m", messages } }))).violations).toMatchObject([
      { field: "spec.messages[4095].name" },
    ]);
  });
});

it.each(formats)(
  "the rules hold for the parts of a tool result, in %s",
  async (_format, encode) => {
    const source = { origin: { case: "uri", value: "https://x" } } as const;
    const content = [{ data: { case: "image", value: { source, detail: 77 } } } as const];
    const result = { data: { case: "toolResult", value: { toolCallId: "c", content } } } as const;
    const request = encode({
      spec: { model: "m", messages: [{ role: Role.TOOL, parts: [result as never] }] },
    });
    expect((await refusalOf(request)).violations).toEqual([
      {
        field: "spec.messages[0].parts[0].tool_result.content[0].image.detail",
        description: "value must be one of the defined enum values",
      },
    ]);
  },
);

describe("field:X11 what is no request", () => {
  it.each<[string, EncodedRequest]>([
    ["a field 0", proto(Uint8Array.of(0))],
    ["a text that is not UTF-8", proto(Uint8Array.of(0x0a, 1, 0xff))],
    ["an empty text in JSON", json("")],
    ["half a JSON", json('{"spec":{"model":"m"')],
    ["an array in JSON", json("[]")],
    ["null in JSON", json("null")],
    ["a field that is not there in JSON", json('{"spek":{}}')],
    ["a number for a text in JSON", json('{"requestId":1}')],
    ["the same name twice in JSON", json('{"spec":{"model":"m","prompt":"a","prompt":"b"}}')],
    [
      "the same name twice, once escaped",
      json('{"spec":{"model":"m","prompt":"a","pr\\u006fmpt":"b"}}'),
    ],
    ["half a surrogate in JSON", json('{"requestId":"\\ud800"}')],
    ["JSON that is not UTF-8", { format: "json", bytes: Uint8Array.of(0x22, 0xff, 0x22) }],
  ])("is the caller's: %s", async (_name, request) => {
    expect((await refusalOf(request)).kind).toBe("validation");
  });

  it("is told by the name of the request, where its bytes are none", async () => {
    expect((await refusalOf(proto(Uint8Array.of(0x0a, 1, 0xff)))).message).toBe(
      "the request is not a steer.v1.GenerateRequest",
    );
  });

  it("is told without the text around it", async () => {
    expect((await refusalOf(json('{"spec":{"prompt":"my secret" "x"}}'))).message).toBe(
      "the request is not JSON at position 30",
    );
  });
});

it.each(SAMPLES.filter(({ schema }) => schema.typeName === GenerateRequestSchema.typeName))(
  "decodes to the same message from bytes and from JSON: $name",
  async ({ message }) => {
    const read = (request: EncodedRequest) =>
      decoder
        .decode(GenerateRequestSchema, request)
        .catch((error: unknown) => (error as GatewayError).violations);
    const { $typeName: _, ...fields } = message;
    const fromJson = await read(FORMATS.json(fields as never));
    expect(fromJson).toEqual(await read(FORMATS.proto(fields as never)));
  },
);

describe("a request of some megabytes", () => {
  const prompt = "Grüße \n".repeat(300_000);

  it.each(formats)("is decoded in %s", async (_format, encode) => {
    const decoded = await decoder.decode(
      GenerateRequestSchema,
      encode({ spec: { model: "m", prompt } }),
    );
    expect(decoded).toMatchObject({ spec: { model: "m", prompt } });
  });

  it.each(formats)(
    "field:X3 gives its memory back once it is refused in %s",
    async (_format, encode) => {
      const request = encode({ spec: { model: "", prompt } });
      const { kind } = await refusalOf(request);
      expect(kind).toBe("validation");
      expect(request.bytes.byteLength).toBe(0);
    },
  );

  it.each([
    ["text", "x".repeat(3_000_000), "the request is not JSON at byte 0"],
    [
      "a member twice",
      `{"spec":{"prompt":"${"x".repeat(3_000_000)}"},"spec":{}}`,
      'duplicate object key "spec"',
    ],
    [
      "no end",
      `{"spec":{"prompt":"${"x".repeat(3_000_000)}`,
      expect.stringContaining("it ends too early"),
    ],
  ])(
    "field:X4 is refused in JSON for %s, and gives its memory back",
    async (_name, text, message) => {
      const request = json(text);
      expect((await refusalOf(request)).message).toEqual(message);
      expect(request.bytes.byteLength).toBe(0);
    },
  );
});

it.each(formats)("a request with an image of 3 MB is itself, as %s", async (_, format) => {
  const value = Uint8Array.from({ length: 3_000_001 }, (_, index) => (index * 7) & 0xff);
  const image = { source: { mediaType: "image/png", origin: { case: "inlineData", value } } };
  const parts = [{ data: { case: "image", value: image } }];
  const request = { spec: { model: "m", messages: [{ role: Role.USER, parts }] } } as const;
  const decoded = await decoder.decode(GenerateRequestSchema, format(request as never));
  const expected = toBinary(GenerateRequestSchema, create(GenerateRequestSchema, request as never));
  expect(Buffer.compare(toBinary(GenerateRequestSchema, decoded as never), expected)).toBe(0);
});

it.each(ESCAPED_NAMES)(
  "a member %s in JSON keeps its name, whatever was parsed before",
  async (text, name) => {
    confuseJsonParse('"h":[],');
    const request = json(`{"spec":{"model":"m","prompt":"p","labels":{"h":"1",${text}:"2"}}}`);
    const taken: Message[] = [];
    const decoded = decoder.decode(GenerateRequestSchema, request, (message) =>
      taken.push(message),
    );
    // The rules refuse most of these names as labels. The message before them has what was sent.
    await Promise.allSettled([decoded]);
    const [message] = taken as ReturnType<typeof create<typeof GenerateRequestSchema>>[];
    expect(message?.spec?.labels).toEqual({ h: "1", [name]: "2" });
  },
);
