import { describe, expect, it } from "vitest";
import type { Reply } from "../../../../src/store/redis/client.ts";
import { ABSENT_KEY, CONTROL_CHANNEL } from "../../../../src/store/redis/keys.ts";
import { bufferOf, bytesOf, listOf, textOf } from "../../../../src/store/redis/replies.ts";
import { packEvents } from "../../../../src/streams/packed-events.ts";
import { channelOf, headKey, idempotencyKey } from "../../../../src/streams/redis/stream-keys.ts";
import {
  decodeBatch,
  decodeMessage,
  decodeStream,
} from "../../../../src/streams/redis/stream-records.ts";
import { batchOf, encode, readable } from "../../../support/stored-streams.ts";

const blob = (text: string): Buffer => Buffer.from(text);

/** The fields of `RECORD` in `redis/record.lua`, then the time and whether the owner lives. */
const FIELDS: readonly (readonly [string, Reply])[] = [
  ["sid", blob("s.1")],
  ["caller", blob("alice")],
  ["request", blob("request-1")],
  ["fp", blob("generate")],
  ["st", blob("running")],
  ["ep", blob("2")],
  ["nc", blob("77")],
  ["own", blob("session-a")],
  ["ho", blob("1")],
  ["tail", blob("5")],
  ["fc", blob("3")],
  ["by", blob("100")],
  ["cx", null],
  ["tk", blob("4")],
  ["hv", blob("6")],
  ["bd", blob("0")],
  ["born", blob("1000")],
  ["upd", blob("1001")],
  ["end", null],
  ["dl", blob("9000")],
  ["ret", blob("900")],
  ["exp", null],
  ["rd", blob("1002")],
  ["mv", blob("1")],
  ["kq", blob("1")],
  ["pv", blob("openai")],
  ["det", Buffer.of(0, 255)],
  ["now", 1_003],
  ["alive", 1],
];

const record = (changes: Readonly<Record<string, Reply>> = {}): Reply =>
  FIELDS.map(([name, value]) => (name in changes ? (changes[name] as Reply) : value));

describe("a record", () => {
  it("is read in the order in which Redis answers it", () => {
    expect(decodeStream(record())).toEqual({
      streamId: "s.1",
      caller: "alice",
      requestId: "request-1",
      fingerprint: "generate",
      phase: "running",
      token: { epoch: 2, nonce: 77 },
      owner: "session-a",
      handedOff: true,
      tail: 5,
      firstContent: 3,
      bytes: 100,
      cancel: undefined,
      takeovers: 4,
      handOvers: 6,
      isBound: false,
      createdAt: 1_000,
      updatedAt: 1_001,
      endedAt: undefined,
      deadlineAt: 9_000,
      retentionMs: 900,
      expiredAt: undefined,
      readersSeenAt: 1_002,
      canMove: true,
      keepsRequest: true,
      progress: { provider: "openai", details: Buffer.of(0, 255) },
      now: 1_003,
      isOwnerAlive: true,
    });
  });

  it("has what only some streams have", () => {
    const changes = {
      cx: blob("operator"),
      end: blob("0"),
      exp: blob("7"),
      alive: 0,
      bd: blob("1"),
    };
    expect(decodeStream(record(changes))).toMatchObject({
      cancel: "operator",
      endedAt: 0,
      expiredAt: 7,
      isOwnerAlive: false,
      isBound: true,
    });
    // A replica of an earlier release writes no `kq`.
    expect(decodeStream(record({ ho: blob("0"), mv: blob("0"), kq: null }))).toMatchObject({
      handedOff: false,
      canMove: false,
      keepsRequest: false,
    });
  });
});

it("a batch is read as it is answered and as it is published", () => {
  const batch = batchOf(3, 5, 77);
  const events = Buffer.from(packEvents(batch.events));
  expect(readable([decodeBatch([blob("3"), blob("5"), blob("77"), events])])).toEqual(
    readable([batch]),
  );
  const message = Buffer.concat([blob("3 5 77\n"), events]);
  expect(readable([decodeMessage(message)])).toEqual(readable([batch]));
  // An event may hold a line break.
  const broken = { first: 1, last: 2, writer: 9, events: [encode("\n"), encode("a\nb")] };
  const packed = Buffer.from(packEvents(broken.events));
  expect(readable([decodeMessage(Buffer.concat([blob("1 2 9\n"), packed]))])).toEqual(
    readable([broken]),
  );
});

describe("an answer that is none", () => {
  const refused = (message: string) =>
    expect.objectContaining({ name: "StoreUnavailable", outcome: "unknown", message });

  it.each<Reply | undefined>([undefined, null, 7, blob("text")])("is no list: %s", (reply) => {
    expect(() => listOf(reply)).toThrow(refused("Redis answers no list"));
  });

  it.each<Reply | undefined>([undefined, null, 7, []])("is no string: %s", (reply) => {
    expect(() => bufferOf(reply)).toThrow(refused("Redis answers no string"));
    expect(() => textOf(reply)).toThrow(refused("Redis answers no string"));
  });
});

it("bytes are sent as they lie in memory, and no more of it", () => {
  const all = Uint8Array.of(1, 2, 3, 4);
  const part = bytesOf(all.subarray(1, 3));
  expect([...part]).toEqual([2, 3]);
  expect(part.buffer).toBe(all.buffer);
  expect(bytesOf(part)).toBe(part);
});

it("keys and channels have one hash tag, and no two streams or pairs share one", () => {
  expect([ABSENT_KEY, CONTROL_CHANNEL]).toEqual(["{steer}:none", "{steer}:ctl"]);
  expect([headKey("s.1"), channelOf("s.1")]).toEqual(["{steer}:s:s.1:h", "{steer}:s:s.1:ch"]);
  expect(idempotencyKey("alice", "r:1")).toBe("{steer}:key:3:r:1:alice");
  expect(idempotencyKey("alice", "r")).not.toBe(idempotencyKey("1:alice", "r:1"));
  expect(idempotencyKey("alice", "")).toBe("");
});
