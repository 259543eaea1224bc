import { create } from "@bufbuild/protobuf";
import { expect, it } from "vitest";
import { StreamOptionsSchema } from "../../../gen/service/steer/v1/stream_pb.ts";
import { milliseconds } from "../../../src/rpc/decode-spec.ts";
import { decodeStreamOptions } from "../../../src/rpc/decode-stream-options.ts";

const duration = (seconds: bigint, nanos: number) =>
  ({ $typeName: "google.protobuf.Duration", seconds, nanos }) as const;

it.each([
  [0n, 0, 0],
  [0n, 1, 1],
  [0n, 999_999, 1],
  [0n, 1_000_000, 1],
  [0n, 1_000_001, 2],
  [0n, 999_999_999, 1_000],
  [1n, 0, 1_000],
  [20n, 500_000, 20_001],
  [20n, 7_000_000, 20_007],
  [315_576_000_000n, 1, 315_576_000_000_001],
] as const)(
  "field:S17: %d s and %d ns are whole milliseconds, rounded up",
  (seconds, nanos, ms) => {
    expect(milliseconds(duration(seconds, nanos))).toBe(ms);
  },
);

it("field:S17: every duration of a stream's options is whole", () => {
  const part = duration(20n, 500_000);
  const options = { retention: part, heartbeatInterval: part, disconnectGrace: part };
  expect(decodeStreamOptions(create(StreamOptionsSchema, options))).toMatchObject({
    retentionMs: 20_001,
    heartbeatMs: 20_001,
    disconnectGraceMs: 20_001,
  });
});
