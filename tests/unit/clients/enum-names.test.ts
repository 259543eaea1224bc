// Enums as callers have them: by name in both directions.
import { create, fromJsonString, toJsonString } from "@bufbuild/protobuf";
import { expect, it } from "vitest";
import { Code, codeName } from "../../../clients/typescript/steer-error.ts";
import { FinishReason, GenerationSchema } from "../../../gen/es/steer/v1/generation_pb.js";

it("an enum gives the value of a name and the name of a value", () => {
  const { finishReason } = create(GenerationSchema, { finishReason: FinishReason.STOP });
  expect(FinishReason[finishReason]).toBe("STOP");
  expect(FinishReason["STOP"]).toBe(finishReason);
  // A value that no enum of today has.
  expect(FinishReason[77]).toBeUndefined();
});

it("JSON has the names of the contract", () => {
  const text = toJsonString(GenerationSchema, create(GenerationSchema, { finishReason: 1 }));
  expect(text).toBe('{"finishReason":"FINISH_REASON_STOP"}');
  expect(fromJsonString(GenerationSchema, text).finishReason).toBe(FinishReason.STOP);
});

it("a code has its name, and a newer one its digits", () => {
  expect(codeName(Code.UNAVAILABLE)).toBe("UNAVAILABLE");
  expect(codeName(77)).toBe("77");
});
