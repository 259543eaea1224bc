import { create, toBinary } from "@bufbuild/protobuf";
import { expect, it } from "vitest";
import { requestTexts } from "../../../bench/request-texts.ts";
import {
  GenerateRequestSchema,
  StreamGenerateRequestSchema,
} from "../../../gen/es/steer/v1/generation_service_pb.js";

const spec = { model: "bench", prompt: "Wie weit ist die See? 水 ".repeat(5_000) };

it("reads model and prompt of both requests, past other fields", () => {
  const unary = create(GenerateRequestSchema, { requestId: "call-000001", spec });
  const labelled = { spec: { ...spec, labels: { team: "sea" } }, options: { ephemeral: true } };
  const streamed = create(StreamGenerateRequestSchema, labelled);
  expect(requestTexts(Buffer.from(toBinary(GenerateRequestSchema, unary)))).toEqual(spec);
  expect(requestTexts(Buffer.from(toBinary(StreamGenerateRequestSchema, streamed)))).toEqual(spec);
});

it("refuses bytes that are no such request", () => {
  expect(() => requestTexts(Buffer.from([0x08, 0x01]))).toThrow("does not read");
});
