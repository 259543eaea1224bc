import { hash } from "node:crypto";
import { create, fromJson, type JsonValue, toBinary, toJson } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type GenerateRequest,
  GenerateRequestSchema,
} from "../../../../gen/service/steer/v1/generation_service_pb.ts";
import { takeLongBytes } from "../../../../src/rpc/requests/long-bytes.ts";

const LONG = 300 * 1024;

type Bytes = Uint8Array<ArrayBuffer>;

const ONE = new Uint8Array(1);

/** A request with these images, and reasoning of this signature. */
function requestWith(images: readonly Bytes[], signature: Bytes = new Uint8Array()) {
  const imageOf = (value: Bytes) => {
    const source = { mediaType: "image/png", origin: { case: "inlineData" as const, value } };
    return { data: { case: "image" as const, value: { source } } };
  };
  const reasoning = { data: { case: "reasoning" as const, value: { text: "why", signature } } };
  const messages = [{ parts: images.map(imageOf) }, { parts: [reasoning] }];
  return create(GenerateRequestSchema, { spec: { model: "m", messages } });
}

function bytesOf(length: number, seed: number): Bytes {
  return Uint8Array.from({ length }, (_, index) => (index * 31 + seed * 17 + (index >> 8)) & 0xff);
}

/** The whole of both as one value: a comparison byte by byte takes seconds. */
function expectSame(message: GenerateRequest, expected: GenerateRequest): void {
  const hashOf = (one: GenerateRequest): string =>
    hash("sha256", toBinary(GenerateRequestSchema, one));
  expect(hashOf(message)).toBe(hashOf(expected));
}

/** The request by way of long fields, how many slices it took, and its JSON behind. */
async function decoded(json: JsonValue) {
  let pauses = 0;
  const put = await takeLongBytes(GenerateRequestSchema, json, async () => pauses++);
  const length = JSON.stringify(json).length;
  const message = fromJson(GenerateRequestSchema, json);
  put(message);
  return { message, pauses, length };
}

describe("long bytes of a request in JSON", () => {
  it.each([0, 1, 2, 3])(
    "are what the library makes of them, %i bytes behind a slice",
    async (more) => {
      const request = requestWith(
        [bytesOf(LONG + more, 1), bytesOf(10, 2), bytesOf(3 * LONG + more, 3)],
        bytesOf(LONG - more, 4),
      );
      const { message, pauses, length } = await decoded(toJson(GenerateRequestSchema, request));
      expectSame(message, request);
      expect(pauses).toBeGreaterThan(3);
      expect(length).toBeLessThan(1_000);
    },
  );

  it("may be base64url, without padding, and by the contract's own name", async () => {
    const bytes = bytesOf(LONG + 1, 5);
    const json = toJson(GenerateRequestSchema, requestWith([bytes]));
    const text = JSON.stringify(json)
      .replace(Buffer.from(bytes).toString("base64"), Buffer.from(bytes).toString("base64url"))
      .replace("inlineData", "inline_data");
    const { message, length } = await decoded(JSON.parse(text) as JsonValue);
    expectSame(message, requestWith([bytes]));
    expect(length).toBeLessThan(1_000);
  });

  it.each([
    ["line ends", (text: string) => text.replace(/.{76}/g, "$&\n")],
    ["padding inside", (text: string) => `${text}==${text}`],
  ])("with %s are left to the library", async (_, change) => {
    const base64 = change(
      Buffer.from(bytesOf(LONG + 2, 6))
        .toString("base64")
        .replace(/=+$/, ""),
    );
    const json = toJson(GenerateRequestSchema, requestWith([ONE]));
    const text = JSON.stringify(json).replace('"AA=="', JSON.stringify(base64));
    const { message } = await decoded(JSON.parse(text) as JsonValue);
    expectSame(message, fromJson(GenerateRequestSchema, JSON.parse(text) as JsonValue));
  });

  it("that are no base64 are refused by the library", async () => {
    const json = toJson(GenerateRequestSchema, requestWith([ONE]));
    const text = JSON.stringify(json).replace('"AA=="', `"${"A".repeat(LONG)}*"`);
    await expect(decoded(JSON.parse(text) as JsonValue)).rejects.toThrow("base64");
  });

  it("are none in a field that carries JSON of its own, whatever its names are", async () => {
    const inlineData = Buffer.from(bytesOf(LONG, 7)).toString("base64");
    const json = { spec: { model: "m", providerOptions: { openai: { inlineData } } } };
    const { message } = await decoded(structuredClone(json));
    expectSame(message, fromJson(GenerateRequestSchema, json));
  });

  it("are left alone where the JSON has another shape than the contract", async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), async (value) => {
        const json = { spec: { messages: value, system: value }, more: value } as JsonValue;
        const before = structuredClone(json);
        await takeLongBytes(GenerateRequestSchema, json, async () => {});
        expect(json).toEqual(before);
      }),
    );
  });
});
