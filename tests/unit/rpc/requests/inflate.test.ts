import { randomBytes } from "node:crypto";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { brotliCompressSync, constants, deflateSync, gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { RpcStatusError } from "../../../../src/rpc/call.ts";
import { Inflater, maxInflated } from "../../../../src/rpc/requests/inflate.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

const MIB = 1024 * 1024;
const inflater = new Inflater();

function bombOf(bytes: number): Buffer {
  return gzipSync(Buffer.concat([randomBytes(MIB / 2), Buffer.alloc(bytes)]));
}

/** The bytes of a request that is dropped at once. */
async function inflate(...args: Parameters<Inflater["inflate"]>): Promise<Buffer> {
  const { bytes, drop } = await inflater.inflate(...args);
  drop();
  return bytes;
}

// The best quality of Brotli takes seconds for a megabyte.
const brotli = (bytes: Uint8Array) =>
  brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } });
const COMPRESS = { gzip: gzipSync, deflate: deflateSync, br: brotli } as const;
const encodings = Object.entries(COMPRESS) as [keyof typeof COMPRESS, typeof brotli][];

describe.each(encodings)("field:X3 a request in %s", (encoding, compress) => {
  const statusOf = async (bytes: Uint8Array, maxBytes: number) => {
    const error = await inflate("a", bytes, encoding, maxBytes).catch((thrown: unknown) => thrown);
    return error instanceof RpcStatusError ? error.status : error;
  };

  it("is inflated up to what the method takes", async () => {
    const text = Buffer.from("Hi there ".repeat(1_000));
    expect(await inflate("a", compress(text), encoding, text.length)).toEqual(text);
    expect(await statusOf(compress(text), text.length - 1)).toMatchObject({
      code: 8,
      message: "the request inflates to more than 8999 bytes",
    });
  });

  it("that repeats itself is inflated to a megabyte, and beyond by no more than a hundred to one", async () => {
    expect(await inflate("a", compress(Buffer.alloc(MIB)), encoding, 32 * MIB)).toHaveLength(MIB);
    expect(await statusOf(compress(Buffer.alloc(MIB + 1)), 32 * MIB)).toMatchObject({ code: 8 });
  });

  it("that is not of that compression, or not whole, is the caller's", async () => {
    const whole = compress(Buffer.from("Hi there ".repeat(1_000)));
    for (const bytes of [Buffer.from("no"), whole.subarray(0, whole.length / 2)]) {
      expect(await statusOf(bytes, MIB)).toMatchObject({ kind: "validation" });
    }
  });

  it("that becomes more than a megabyte is inflated, refused and the caller's likewise", async () => {
    const text = Buffer.concat([randomBytes(MIB), Buffer.alloc(MIB, "Hi there ")]);
    const whole = compress(text);
    expect((await inflate("a", whole, encoding, text.length)).equals(text)).toBe(true);
    expect(await statusOf(whole, text.length - 1)).toMatchObject({
      code: 8,
      message: `the request inflates to more than ${text.length - 1} bytes`,
    });
    for (const bytes of [Buffer.alloc(MIB, "no"), whole.subarray(0, whole.length / 2)]) {
      expect(await statusOf(bytes, 4 * MIB)).toMatchObject({ kind: "validation" });
    }
  });

  it("may be empty", async () => {
    expect(await inflate("a", new Uint8Array(), encoding, MIB)).toHaveLength(0);
  });
});

it("field:X3 a request that becomes too much holds nothing once it is refused", async () => {
  const bomb = bombOf(40 * MIB);
  // What others have left would be collected meanwhile, and hide what this one leaves.
  // Twice: buffers that a collection finds are freed by the next.
  collectGarbage();
  collectGarbage();
  const { arrayBuffers } = process.memoryUsage();
  await expect(inflate("a", bomb, "gzip", 32 * MIB)).rejects.toBeInstanceOf(RpcStatusError);
  expect(process.memoryUsage().arrayBuffers - arrayBuffers).toBeLessThan(4 * MIB);
});

it("field:X3 the bound of a request is its method's, its ratio's or a megabyte", () => {
  expect(maxInflated(10, 65_536)).toBe(65_536);
  expect(maxInflated(10, 32 * MIB)).toBe(MIB);
  expect(maxInflated(100_000, 32 * MIB)).toBe(10_000_000);
  expect(maxInflated(MIB, 32 * MIB)).toBe(32 * MIB);
});

it("field:X3 requests inflate to no more than 48 MiB at once, and small ones do not wait for large ones", async () => {
  const bound = new Inflater();
  // No more than a hundred to one.
  const large = gzipSync(Buffer.concat([randomBytes(MIB / 2), Buffer.alloc(27 * MIB)]));
  const small = gzipSync(Buffer.from("Hi"));
  let largeAreDone = 0;
  const all = Array.from({ length: 6 }, async () => {
    const { drop } = await bound.inflate("a", large, "gzip", 32 * MIB);
    largeAreDone++;
    // What is held by its call is within the bound, too.
    await new Promise((resolve) => setImmediate(resolve));
    expect(bound.held).toBeGreaterThan(16 * MIB);
    drop();
  });
  const few = Array.from({ length: 40 }, async () => {
    const { drop } = await bound.inflate("a", small, "gzip", 32 * MIB);
    drop();
  });
  expect(bound.held).toBeLessThanOrEqual(48 * MIB);
  expect(bound.held).toBeGreaterThan(16 * MIB);
  await Promise.all(few);
  expect(largeAreDone).toBeLessThan(6);
  await Promise.all(all);
  expect(bound.held).toBe(0);
});
