import { create } from "@bufbuild/protobuf";
import { expect, it } from "vitest";
import { MidStreamRecovery } from "../../../gen/service/steer/v1/generation_pb.ts";
import { StreamGenerateRequestSchema } from "../../../gen/service/steer/v1/generation_service_pb.ts";
import { nameDefaultRecovery } from "../../../src/rpc/default-recovery.ts";

const { UNSPECIFIED, FAIL, RESTART, CONTINUE } = MidStreamRecovery;

it.each([
  // The operator's default is for those who accept discards and name nothing.
  ["restart", true, UNSPECIFIED, RESTART],
  ["continue", true, UNSPECIFIED, CONTINUE],
  ["fail", true, UNSPECIFIED, FAIL],
  ["restart", false, UNSPECIFIED, UNSPECIFIED],
  ["restart", true, FAIL, FAIL],
  ["restart", false, FAIL, FAIL],
  ["restart", true, CONTINUE, CONTINUE],
  ["fail", true, RESTART, RESTART],
  ["fail", false, RESTART, RESTART],
] as const)(
  "field:E26 default %s, accepts_discard %s, named %i: %i",
  (usual, acceptsDiscard, named, expected) => {
    const routing = named === UNSPECIFIED ? undefined : { midStreamRecovery: named };
    const request = create(StreamGenerateRequestSchema, {
      acceptsDiscard,
      spec: { model: "m", ...(routing !== undefined && { routing }) },
    });
    nameDefaultRecovery(request, usual);
    expect(request.spec?.routing?.midStreamRecovery ?? UNSPECIFIED).toBe(expected);
  },
);
