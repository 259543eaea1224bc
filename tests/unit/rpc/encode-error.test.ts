import { create, toBinary } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import {
  BadRequestSchema,
  ErrorInfoSchema,
  PreconditionFailureSchema,
  QuotaFailureSchema,
  ResourceInfoSchema,
  RetryInfoSchema,
} from "../../../gen/service/google/rpc/error_details_pb.ts";
import {
  AttemptSchema,
  ErrorCategory,
  GatewayErrorSchema,
} from "../../../gen/service/steer/v1/error_pb.ts";
import { type ErrorKind, GatewayError } from "../../../src/domain/gateway-error.ts";
import { RpcStatusError } from "../../../src/rpc/call.ts";
import { encodeError } from "../../../src/rpc/encode-error.ts";
import { packStatus } from "../../../src/rpc/pack-status.ts";
import { StreamFailed } from "../../../src/rpc/stream-failed.ts";

const HINT = { retryAfterMs: 1_500 };

describe("encodeError", () => {
  it.each<[ErrorKind, number, string, boolean, string | undefined]>([
    ["unknown", 2, "UNCLASSIFIED", false, undefined],
    ["validation", 3, "INVALID_REQUEST", false, undefined],
    ["context-length", 3, "CONTEXT_LENGTH_EXCEEDED", false, undefined],
    ["content-filter", 3, "CONTENT_FILTERED", false, undefined],
    ["unauthenticated", 16, "CREDENTIALS_MISSING", false, undefined],
    ["permission-denied", 7, "NOT_OWNER", false, undefined],
    ["not-found", 5, "MODEL_NOT_FOUND", false, undefined],
    ["conflict", 6, "REQUEST_ID_REUSED", false, undefined],
    ["provider-authentication", 9, "PROVIDER_CREDENTIALS", false, undefined],
    ["provider-permission", 9, "PROVIDER_CREDENTIALS", false, undefined],
    ["rate-limit", 8, "PROVIDER_RATE_LIMIT", true, "-1"],
    ["quota", 8, "PROVIDER_QUOTA", false, "-1"],
    ["caller-limit", 8, "CALLER_RATE_LIMIT", true, "-1"],
    ["gateway-overloaded", 14, "OVERLOADED", true, "200"],
    ["provider-overloaded", 14, "PROVIDER_OVERLOADED", true, "-1"],
    ["server-error", 14, "PROVIDER_ERROR", true, "-1"],
    ["network", 14, "PROVIDER_CONNECTION", true, "-1"],
    ["connect-timeout", 14, "PROVIDER_TIMEOUT", true, "-1"],
    ["first-token-timeout", 14, "PROVIDER_TIMEOUT", true, "-1"],
    ["idle-timeout", 14, "PROVIDER_TIMEOUT", true, "-1"],
    ["circuit-open", 14, "CIRCUIT_OPEN", true, "-1"],
    ["total-timeout", 4, "TOTAL_TIMEOUT", false, undefined],
    ["owner-lost", 14, "OWNER_LOST", true, "-1"],
    ["state-lost", 15, "STREAM_LOG_INCOMPLETE", false, undefined],
    ["state-unavailable", 14, "STORE_UNAVAILABLE", true, "-1"],
    ["stream-limit", 8, "STREAM_TOO_LARGE", false, "-1"],
    ["budget", 8, "REQUEST_BUDGET", false, "-1"],
    ["invalid-output", 10, "OUTPUT_NOT_JSON", true, "-1"],
    ["truncated", 14, "PROVIDER_TRUNCATED", true, "-1"],
    ["protocol", 13, "PROVIDER_PROTOCOL", false, undefined],
    ["cancelled", 1, "CANCELLED_BY_CALLER", false, undefined],
    ["internal", 13, "INTERNAL", false, undefined],
  ])("%s is code %i, %s", (kind, code, reason, retryable, pushback) => {
    const status = encodeError(new GatewayError(kind, "what failed"));
    expect(status.code).toBe(code);
    expect(status.trailers["grpc-retry-pushback-ms"]).toBe(pushback);
    expect(status.details[0]?.value).toMatchObject({
      $typeName: ErrorInfoSchema.typeName,
      reason,
      domain: "steer",
    });
    expect(status.details[1]?.value).toMatchObject({
      $typeName: GatewayErrorSchema.typeName,
      reason,
      code,
      retryable,
    });
  });

  it("passes the provider's hint on", () => {
    const status = encodeError(new GatewayError("rate-limit", "slow", HINT));
    expect(status.trailers).toMatchObject({ "grpc-retry-pushback-ms": "1500", "retry-after": "2" });
    expect(status.details.at(-1)?.value).toMatchObject({
      $typeName: RetryInfoSchema.typeName,
      retryDelay: { seconds: 1n, nanos: 500_000_000 },
    });
  });

  it("tells clients not to come back at once, whatever the provider says", () => {
    const status = encodeError(new GatewayError("rate-limit", "slow", { retryAfterMs: 0 }));
    expect(status.trailers["grpc-retry-pushback-ms"]).toBe("-1");
  });

  it("an open circuit sends no client back, and says when the next probe may go", () => {
    const status = encodeError(new GatewayError("circuit-open", "open", HINT));
    expect(status.trailers["grpc-retry-pushback-ms"]).toBe("-1");
    expect(status.details.at(-1)?.value).toMatchObject({
      $typeName: RetryInfoSchema.typeName,
      retryDelay: { seconds: 1n, nanos: 500_000_000 },
    });
  });

  it.each([
    ["SEQUENCE_AHEAD", 11],
    ["FAULTS_DISABLED", 9],
  ] as const)("a reason can have its own code: %s", (reason, code) => {
    const status = encodeError(new GatewayError("validation", "no", { reason }));
    expect(status.code).toBe(code);
    expect(status.details[1]?.value).toMatchObject({ category: ErrorCategory.VALIDATION, reason });
  });

  it("says beside its own words what the standard ones are for", () => {
    const metadata = { resource_type: "model", resource_name: "m" };
    const violations = [{ field: "spec.model", description: "must be there" }];
    const soon = { retryDelay: { seconds: 0n, nanos: 200_000_000 } };
    const all: [GatewayError, object[]][] = [
      [new GatewayError("network", "why"), []],
      [
        new GatewayError("validation", "why", { violations }),
        [{ $typeName: BadRequestSchema.typeName, fieldViolations: violations }],
      ],
      [
        new GatewayError("not-found", "why", { metadata }),
        [
          {
            $typeName: ResourceInfoSchema.typeName,
            resourceType: "model",
            resourceName: "m",
            description: "why",
          },
        ],
      ],
      [
        new GatewayError("provider-permission", "why"),
        [
          {
            $typeName: PreconditionFailureSchema.typeName,
            violations: [{ type: "PROVIDER_CREDENTIALS", subject: "steer", description: "why" }],
          },
        ],
      ],
      ...(["quota", "caller-limit"] as const).map((kind): [GatewayError, object[]] => [
        new GatewayError(kind, "why"),
        [
          {
            $typeName: QuotaFailureSchema.typeName,
            violations: [{ subject: "steer", description: "why" }],
          },
        ],
      ]),
      [
        new GatewayError("gateway-overloaded", "why"),
        [{ $typeName: RetryInfoSchema.typeName, ...soon }],
      ],
      // Nobody should come back for it.
      [new GatewayError("quota", "why", HINT), [{ $typeName: QuotaFailureSchema.typeName }]],
    ];
    for (const [error, expected] of all) {
      const details = encodeError(error).details.slice(2);
      expect(details.map(({ value }) => value)).toMatchObject(expected);
      expect(details.map(({ desc }) => desc.typeName)).toEqual(
        details.map(({ value }) => value.$typeName),
      );
    }
  });

  const defect = new TypeError("cannot read 'secret' of undefined");

  it.each([
    ["thrown", defect],
    ["thrown as INTERNAL", new GatewayError("internal", "secret", { cause: defect })],
    ["thrown as a text", "secret"],
  ])("says nothing of a defect: %s", (_name, thrown) => {
    const status = encodeError(thrown);
    expect(status).toMatchObject({ code: 13, message: "internal error" });
    const sent = status.details.map(({ value }) => value);
    expect(JSON.stringify([status.message, status.trailers, sent])).not.toContain("secret");
  });

  it("keeps within 4 KiB and well-formed, whatever comes", () => {
    const long = `${"ö".repeat(2_000)}\ud800`;
    const status = encodeError(
      new GatewayError("validation", long, {
        metadata: { a: long, b: long, c: long, d: long },
        violations: Array.from({ length: 500 }, () => ({ field: long, description: long })),
      }),
    );
    const bytes = status.details.reduce(
      (sum, { desc, value }) => sum + toBinary(desc, value).length,
      0,
    );
    expect(bytes).toBeLessThanOrEqual(4096);
    expect(status.message.isWellFormed()).toBe(true);
    expect(status.details[0]?.desc).toBe(ErrorInfoSchema);
  });

  it.each([
    [1, [1], 0],
    [3, [1, 2, 3], 0],
    [4, [1, 3, 4], 1],
    [9, [1, 8, 9], 6],
  ])("of %i attempts keeps the first cause and the last two", (made, kept, attemptsLeftOut) => {
    const attempts = Array.from({ length: made }, (_, index) =>
      create(AttemptSchema, { index: index + 1 }),
    );
    const event = create(GatewayErrorSchema, { category: ErrorCategory.NETWORK, attempts });
    const full = encodeError(new StreamFailed(event)).details[1]?.value;
    expect(full).toMatchObject({ attempts: kept.map((index) => ({ index })), attemptsLeftOut });
    // The event of the stream has them all.
    expect(event.attempts).toHaveLength(made);
  });

  it("has the metadata of the error, each value within its bound", () => {
    const metadata = { resource_type: "stream", resource_name: "s.1", long: "x".repeat(500) };
    const { details } = encodeError(new GatewayError("not-found", "no such stream", { metadata }));
    expect(details[0]?.value).toMatchObject({
      metadata: { ...metadata, long: `${"x".repeat(300)}…` },
    });
    expect(details.at(-1)?.value).toMatchObject({
      resourceType: "stream",
      resourceName: "s.1",
      description: "no such stream",
    });
  });

  it("names at most 20 fields", () => {
    const violations = Array.from({ length: 30 }, (_, index) => ({
      field: `f${index}`,
      description: "x",
    }));
    const { details } = encodeError(new GatewayError("validation", "no", { violations }));
    const bad = details.find(({ desc }) => desc === BadRequestSchema);
    expect(bad?.value).toHaveProperty("fieldViolations.length", 20);
  });
});

describe("the status of a frozen error", () => {
  const refusal = () =>
    new GatewayError("unauthenticated", "no such key", { reason: "CREDENTIALS_INVALID" });

  it("field:X21: is encoded once, and says what that of another one says", () => {
    const frozen = Object.freeze(refusal());
    const status = encodeError(frozen);
    expect(encodeError(frozen)).toBe(status);
    expect(status).toEqual(encodeError(refusal()));
    expect(packStatus(status)).toBe(packStatus(encodeError(refusal())));
  });

  it("is that of no other error", () => {
    const [one, other] = [refusal(), new GatewayError("unauthenticated", "no key at all")];
    expect(encodeError(one)).not.toBe(encodeError(one));
    const [ofOne, ofOther] = [one, other].map((error) => encodeError(Object.freeze(error)));
    expect(ofOne?.message).toBe("no such key");
    expect(ofOther?.message).toBe("no key at all");
    expect([ofOne, ofOther].map((status) => status && packStatus(status))).toEqual(
      [refusal(), new GatewayError("unauthenticated", "no key at all")].map((error) =>
        packStatus(encodeError(error)),
      ),
    );
  });
});

it("field:X21: the error of a status has no stack, and others have theirs", () => {
  const cause = new GatewayError("unauthenticated", "no such key");
  const error = new RpcStatusError(encodeError(cause), cause);
  expect(error.stack).not.toContain("    at ");
  expect(cause.stack).toContain("    at ");
  expect(new Error("another").stack).toContain("    at ");
});
