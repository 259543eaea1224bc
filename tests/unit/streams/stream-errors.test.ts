import { expect, it } from "vitest";
import type { GatewayError } from "../../../src/domain/gateway-error.ts";
import { storeUnavailable } from "../../../src/store/store-errors.ts";
import {
  goesOnElsewhere,
  isElsewhere,
  readerLeft,
  requestIdReused,
  sequenceAhead,
  stateLost,
  streamExpired,
  streamNotFound,
  writerLost,
} from "../../../src/streams/stream-errors.ts";

const resource = { resource_type: "stream", resource_name: "s.1" };

/** As callers read it: `docs/api.md` has the reasons, and clients go by the metadata. */
const CASES: readonly (readonly [GatewayError, Partial<GatewayError>])[] = [
  [
    streamNotFound("s.1"),
    {
      kind: "not-found",
      message: "no such stream",
      reason: "STREAM_NOT_FOUND",
      metadata: resource,
    },
  ],
  [
    streamExpired("s.1"),
    {
      kind: "not-found",
      message: "the stream's retention has ended",
      reason: "STREAM_EXPIRED",
      metadata: resource,
    },
  ],
  [
    storeUnavailable(),
    {
      kind: "state-unavailable",
      message: "the stream store does not answer",
      retryAfterMs: 1_000,
    },
  ],
  [
    stateLost(7),
    {
      kind: "state-lost",
      message: "the store has lost events that were delivered",
      metadata: { last_sequence: "7" },
    },
  ],
  [
    sequenceAhead(7),
    {
      kind: "validation",
      message: "last_sequence: the stream ends at 7 so far",
      reason: "SEQUENCE_AHEAD",
      metadata: { last_sequence: "7" },
    },
  ],
  [readerLeft(), { kind: "cancelled", message: "the reader left before the end of the stream" }],
  [
    goesOnElsewhere(),
    {
      kind: "gateway-overloaded",
      message: "the stream goes on at another replica",
      reason: "DRAINING",
    },
  ],
  [
    requestIdReused(),
    {
      kind: "conflict",
      message: "request_id: used before with another request",
      reason: "REQUEST_ID_REUSED",
    },
  ],
  [
    writerLost("fenced"),
    { kind: "owner-lost", message: "another replica has taken the stream over" },
  ],
  [writerLost("lost"), { kind: "state-lost", message: "the store has lost the stream" }],
  [
    writerLost("unavailable"),
    { kind: "state-unavailable", message: "the stream store does not answer" },
  ],
];

it.each(CASES)("%s", (error, expected) => {
  expect(error).toMatchObject(expected);
});

it("a cause stays with the error, and none is made up", () => {
  const cause = new Error("down");
  expect(storeUnavailable(cause).cause).toBe(cause);
  expect("cause" in storeUnavailable()).toBe(false);
});

it("two errors alone say that a stream goes on elsewhere", () => {
  const all = CASES.map(([error]) => error);
  expect(all.filter(isElsewhere).map(({ kind }) => kind)).toEqual([
    "gateway-overloaded",
    "owner-lost",
  ]);
});
