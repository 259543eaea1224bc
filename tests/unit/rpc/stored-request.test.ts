import { create, toBinary } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import {
  GenerateRequestSchema,
  StreamGenerateRequestSchema,
} from "../../../gen/service/steer/v1/generation_service_pb.ts";
import { decodeStoredRequest } from "../../../src/rpc/stored-request.ts";

const spec = { model: "m", prompt: "Hi" };

describe("a request that another replica has stored", () => {
  it("is read by its kind, with the options of a stream", () => {
    const stream = create(StreamGenerateRequestSchema, { spec, options: { includeUsage: true } });
    const bytes = toBinary(StreamGenerateRequestSchema, stream);
    expect(decodeStoredRequest(bytes, "stream")).toMatchObject({
      spec: { model: "m", messages: [{ role: "user" }] },
      options: { includeUsage: true },
    });
    const whole = toBinary(GenerateRequestSchema, create(GenerateRequestSchema, { spec }));
    expect(decodeStoredRequest(whole, "unary")).toMatchObject({
      spec: { model: "m", messages: [{ role: "user" }] },
      options: { includeUsage: false },
    });
  });

  it.each([
    ["bytes that are none of a message", Uint8Array.of(255)],
    ["no bytes, and so no generation", new Uint8Array()],
    [
      "what this version does not take",
      toBinary(
        GenerateRequestSchema,
        create(GenerateRequestSchema, { spec: { ...spec, tools: [{}] } }),
      ),
    ],
  ])("cannot be read: %s", (_name, bytes) => {
    for (const kind of ["stream", "unary"] as const) {
      expect(decodeStoredRequest(bytes, kind)).toBeUndefined();
    }
  });
});
