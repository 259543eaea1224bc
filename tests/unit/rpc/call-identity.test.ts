import { create } from "@bufbuild/protobuf";
import { expect, it } from "vitest";
import {
  GenerateRequestSchema,
  GenerationService,
} from "../../../gen/service/steer/v1/generation_service_pb.ts";
import { identityOf } from "../../../src/rpc/call-identity.ts";

const call = { caller: { id: "alice" }, header: () => undefined } as never;

it("refuses a number that JSON does not have: a binary request can hold one", () => {
  const requestId = "request-1";
  const options = (number: number) => ({ simulator: { number } });
  const identify = (number: number) =>
    identityOf(
      call,
      GenerationService.method.generate,
      create(GenerateRequestSchema, { requestId, spec: { providerOptions: options(number) } }),
    );
  expect(identify(1).fingerprint).not.toBe(identify(2).fingerprint);
  for (const number of [Number.NaN, Number.POSITIVE_INFINITY]) {
    expect(() => identify(number)).toThrow(expect.objectContaining({ kind: "validation" }));
  }
});
