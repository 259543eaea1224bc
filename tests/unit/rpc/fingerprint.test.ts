import { fromBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  GenerateRequestSchema,
  GenerationService,
  StreamGenerateRequestSchema,
} from "../../../gen/service/steer/v1/generation_service_pb.ts";
import { fingerprintOf, fingerprintOfMessage } from "../../../src/rpc/fingerprint.ts";
import { encodeStoredRequest } from "../../../src/rpc/stored-request.ts";
import { spec, streamOptions } from "../../support/arbitrary-spec.ts";

const { generate, streamGenerate } = GenerationService.method;

describe("the fingerprint of a spec", () => {
  it("is that of the stored request, whatever its options: a repeated call joins its first one", () => {
    fc.assert(
      fc.property(spec, streamOptions, (request, options) => {
        const stream = encodeStoredRequest(request, options, "stream");
        const unary = encodeStoredRequest(request, options, "unary");
        const { spec: streamed } = fromBinary(StreamGenerateRequestSchema, stream);
        const { spec: whole } = fromBinary(GenerateRequestSchema, unary);
        const fingerprints = [fingerprintOf(request, "stream"), fingerprintOf(request, "unary")];
        expect(fingerprints).toEqual([
          fingerprintOfMessage(streamGenerate, streamed),
          fingerprintOfMessage(generate, whole),
        ]);
        expect(new Set(fingerprints).size).toBe(2);
      }),
      { numRuns: 50 },
    );
  });

  it("changes with what is asked for, and not with how a stream goes on after a failure", () => {
    fc.assert(
      fc.property(spec, spec, (request, other) => {
        const { routing } = request;
        const own = fingerprintOf(request, "stream");
        for (const midStreamRecovery of ["fail", "restart", "continue"] as const) {
          const changed = { ...request, routing: { ...routing, midStreamRecovery } };
          expect(fingerprintOf(changed, "stream")).toBe(own);
        }
        const { disableFailover } = routing;
        const changed = { ...request, routing: { ...routing, disableFailover: !disableFailover } };
        expect(fingerprintOf(changed, "stream")).not.toBe(own);
        const asked = { ...request, endUserId: `${request.endUserId}${other.model}x` };
        expect(fingerprintOf(asked, "stream")).not.toBe(own);
      }),
      { numRuns: 50 },
    );
  });

  it("needs numbers that JSON has", () => {
    const [request] = fc.sample(spec, { numRuns: 1, seed: 1 });
    if (request === undefined) throw new Error("no spec");
    const changed = { ...request, providerOptions: { a: { n: Number.POSITIVE_INFINITY } } };
    expect(() => fingerprintOf(changed, "unary")).toThrow(
      expect.objectContaining({ kind: "validation" }),
    );
  });
});
