import fc from "fast-check";
import { expect, it } from "vitest";
import type { Codec } from "../../../../src/store/hosted/codec.ts";
import { FrameReader, FrameWriter, MalformedFrame } from "../../../../src/store/hosted/frames.ts";
import { appendCodec } from "../../../../src/streams/hosted/append-codec.ts";
import { readPublished, writePublished } from "../../../../src/streams/hosted/batch-codec.ts";
import type { Append, AppendResult } from "../../../../src/streams/stream-store.ts";

const whole = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const nonce = fc.integer({ min: 1, max: 2 ** 32 - 1 });
const id = fc.string({ unit: "binary" }).map((text) => text.toWellFormed());

const batch = fc.record({
  first: whole,
  last: whole,
  writer: nonce,
  events: fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 20 }),
});

const append: fc.Arbitrary<Append> = fc.record({
  streamId: id,
  token: fc.record({ epoch: whole, nonce }),
  batch,
  firstContent: whole,
  ending: fc.option(
    fc
      .record({
        phase: fc.constantFrom("completed", "failed", "cancelled"),
        freesKey: fc.boolean(),
        isUnused: fc.boolean(),
      })
      .map(({ isUnused, ...ending }) => ({ ...ending, ...(isUnused && { isUnused: true }) })),
    { nil: undefined },
  ) as fc.Arbitrary<Append["ending"]>,
  progress: fc.option(fc.record({ provider: id, details: fc.uint8Array() }), { nil: undefined }),
});

const cancel = fc.constantFrom("caller", "operator", "disconnect", "revoked", undefined);
const result = fc.oneof(
  fc.record({ state: fc.constantFrom("stored", "repeated"), tail: whole, cancel }),
  fc.record({ state: fc.constantFrom("overlap", "gap", "closed"), tail: whole }),
  fc.record({ state: fc.constantFrom("fenced", "gone") }),
) as fc.Arbitrary<AppendResult>;

/** The content of one frame, alone. */
function bytesOf<T>(codec: Pick<Codec<T>, "write">, value: T): Buffer {
  const writer = new FrameWriter();
  writer.frame(0, 0, (to) => codec.write(to, value));
  return Buffer.from(writer.take());
}

function frameOf(bytes: Buffer) {
  const reader = new FrameReader();
  reader.push(bytes);
  const frame = reader.next();
  if (frame === undefined) throw new Error("no whole frame");
  frame.u8();
  frame.u32();
  return frame;
}

function through<T>(codec: Codec<T>, value: T): T {
  return codec.read(frameOf(bytesOf(codec, value)));
}

/** Bytes of any class. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return [...value];
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, plain(item)]));
}

it("appends and their answers arrive as they were sent", () => {
  fc.assert(
    fc.property(append, result, (asked, answered) => {
      expect(plain(through(appendCodec.args, [asked]))).toEqual(plain([asked]));
      expect(through(appendCodec.answer, answered)).toEqual(answered);
    }),
  );
});

it("batches for readers arrive as they were stored, in bytes of their own", () => {
  fc.assert(
    fc.property(id, batch, (streamId, stored) => {
      const bytes = bytesOf<null>({ write: (to) => writePublished(to, streamId, stored) }, null);
      const read = readPublished(frameOf(bytes));
      bytes.fill(0xff);
      expect(plain(read)).toEqual(plain({ streamId, batch: stored }));
    }),
  );
});

it("what a store keeps of an append is no view of the socket's bytes", () => {
  const details = Uint8Array.of(1, 2, 3);
  const asked: Append = {
    streamId: "s",
    token: { epoch: 1, nonce: 1 },
    batch: { first: 1, last: 1, writer: 1, events: [] },
    firstContent: 0,
    ending: undefined,
    progress: { provider: "p", details },
  };
  const [read] = through(appendCodec.args, [asked]);
  expect(read.progress?.details.buffer.byteLength).toBe(details.length);
});

it("a part of an append is refused, and never read as another append", () => {
  fc.assert(
    fc.property(append, fc.double({ min: 0, max: 0.999, noNaN: true }), (asked, share) => {
      const bytes = bytesOf(appendCodec.args, [asked]);
      const length = 9 + Math.floor((bytes.length - 9) * share);
      const part = Buffer.from(bytes.subarray(0, length));
      part.writeUInt32LE(length - 4, 0);
      expect(() => appendCodec.args.read(frameOf(part))).toThrow(MalformedFrame);
    }),
  );
});
