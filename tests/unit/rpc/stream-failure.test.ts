import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { expect, it } from "vitest";
import {
  AttemptOutcome,
  ErrorCategory,
  GatewayErrorSchema,
} from "../../../gen/service/steer/v1/error_pb.ts";
import { StreamFailed } from "../../../src/rpc/stream-failed.ts";

const FAILED = {
  outcome: AttemptOutcome.FAILED,
  errorCategory: ErrorCategory.RATE_LIMIT,
  providerHttpStatus: 429,
  providerErrorCode: "slow_down",
};

function failed(detail: Partial<MessageInitShape<typeof GatewayErrorSchema>>) {
  const category = ErrorCategory.RATE_LIMIT;
  return new StreamFailed(
    create(GatewayErrorSchema, { message: "later", category, ...detail } as never),
  );
}

it("the status of a stream that has failed says what its event says", () => {
  const skipped = { outcome: AttemptOutcome.SKIPPED, errorCategory: ErrorCategory.VALIDATION };
  const retryDelay = { seconds: 2n, nanos: 500_000_000 };
  const thrown = failed({
    reason: "ANOTHER_WORD",
    retryDelay,
    attempts: [FAILED, skipped],
  } as never);
  expect(thrown.message).toBe("later");
  expect(thrown.error).toMatchObject({
    kind: "rate-limit",
    message: "later",
    reason: "ANOTHER_WORD",
    retryAfterMs: 2_500,
    metadata: { http_status: "429", provider_code: "slow_down" },
  });
});

it.each([
  ["no attempt", {}],
  [
    "an attempt that failed for another reason",
    { attempts: [{ ...FAILED, errorCategory: ErrorCategory.PROVIDER_AUTHENTICATION }] },
  ],
  [
    "an answer without a status and a code",
    { attempts: [{ ...FAILED, providerHttpStatus: 0, providerErrorCode: "" }] },
  ],
  [
    "a connection, whose code is the system's",
    {
      category: ErrorCategory.NETWORK,
      attempts: [{ ...FAILED, errorCategory: ErrorCategory.NETWORK }],
    },
  ],
])("the status says nothing of a provider's answer after %s", (_name, detail) => {
  const { error } = failed(detail as never);
  expect(error.metadata).toEqual({});
  expect(error.retryAfterMs).toBeUndefined();
});

it("a category that this version does not know is an error that it does not know", () => {
  expect(failed({ category: 99 as never }).error.kind).toBe("unknown");
});
