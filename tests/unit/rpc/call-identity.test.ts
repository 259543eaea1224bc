import { create, fromBinary } from "@bufbuild/protobuf";
import { expect, it } from "vitest";
import { MidStreamRecovery } from "../../../gen/service/steer/v1/generation_pb.ts";
import {
  GenerateRequestSchema,
  GenerationService,
  StreamGenerateRequestSchema,
} from "../../../gen/service/steer/v1/generation_service_pb.ts";
import type { GatewayError } from "../../../src/domain/gateway-error.ts";
import { callIdentityOf } from "../../../src/rpc/call-identity.ts";

const call = { caller: { id: "alice" }, header: () => undefined } as never;

it("refuses a number that JSON does not have: a binary request can hold one", () => {
  const requestId = "request-1";
  const options = (number: number) => ({ simulator: { number } });
  const identify = (number: number) =>
    callIdentityOf(
      call,
      GenerationService.method.generate,
      create(GenerateRequestSchema, { requestId, spec: { providerOptions: options(number) } }),
    );
  expect(identify(1).fingerprint).not.toBe(identify(2).fingerprint);
  for (const number of [Number.NaN, Number.POSITIVE_INFINITY]) {
    expect(() => identify(number)).toThrow(expect.objectContaining({ kind: "validation" }));
  }
});

it("field:E26 leaves out how a stream goes on after a failure, and nothing else of the routing", () => {
  const fingerprint = (routing: object | undefined, acceptsDiscard: boolean) =>
    callIdentityOf(
      call,
      GenerationService.method.streamGenerate,
      create(StreamGenerateRequestSchema, {
        requestId: "request-1",
        acceptsDiscard,
        spec: { model: "m", ...(routing !== undefined && { routing }) },
      }),
    ).fingerprint;
  for (const more of [{}, { disableFailover: true }, { fallbacks: [{ model: "n" }] }]) {
    const recoveries = Object.values(MidStreamRecovery).filter((each) => typeof each === "number");
    const all = recoveries.flatMap((midStreamRecovery) =>
      [true, false].map((flag) => fingerprint({ ...more, midStreamRecovery }, flag)),
    );
    expect(new Set(all).size).toBe(1);
    if (Object.keys(more).length === 0) expect(fingerprint(undefined, false)).toBe(all[0]);
    else expect(fingerprint(undefined, false)).not.toBe(all[0]);
  }
});

it.each<[string | undefined, string, string | undefined]>([
  [undefined, "", ""],
  [undefined, "request-1", "request-1"],
  ["", "request-1", "request-1"],
  ["request-1", "request-1", "request-1"],
  ["request-1", "", "request-1"],
  ["request-2", "request-1", "request_id: is not what the header idempotency-key says"],
  ["short", "", "idempotency-key: must be 8 to 64 letters, digits, . _ : -"],
  ["x".repeat(65), "", "idempotency-key: must be 8 to 64 letters, digits, . _ : -"],
  ["request 1", "", "idempotency-key: must be 8 to 64 letters, digits, . _ : -"],
])("the header %j with the field %j says %j", (header, requestId, expected) => {
  let said: string | undefined;
  try {
    said = callIdentityOf(
      { caller: { id: "alice" }, header: () => header } as never,
      GenerationService.method.generate,
      create(GenerateRequestSchema, { requestId, spec: {} }),
    ).requestId;
  } catch (error) {
    const [violation] = (error as GatewayError).violations;
    said = `${violation?.field}: ${violation?.description}`;
  }
  expect(said).toBe(expected);
});

it("a call that can be repeated has a fingerprint, however it is named, and another one has none", () => {
  const identify = (requestId: string, header?: string, model = "m") =>
    callIdentityOf(
      { caller: { id: "alice" }, header: () => header } as never,
      GenerationService.method.generate,
      create(GenerateRequestSchema, { requestId, spec: { model } }),
    );
  expect(identify("")).toMatchObject({ caller: "alice", requestId: "", fingerprint: "" });
  const { fingerprint, request } = identify("request-1");
  expect(fingerprint).toMatch(/^[0-9a-f]{64}$/);
  expect(identify("", "request-2").fingerprint).toBe(fingerprint);
  expect(identify("request-1", undefined, "n").fingerprint).not.toBe(fingerprint);
  expect(
    fromBinary(GenerateRequestSchema, request({ streamId: "s.1", createTimeMs: 0 })),
  ).toMatchObject({
    requestId: "request-1",
    spec: { model: "m" },
  });
});
