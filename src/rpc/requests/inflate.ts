import { promisify } from "node:util";
import {
  brotliDecompress,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  gunzip,
  inflate as inflateZlib,
} from "node:zlib";
import { GatewayError } from "../../domain/gateway-error.ts";
import { type Encoding, RpcStatusError } from "../call.ts";
import { requestTooLarge } from "./request-limits.ts";
import { Turns } from "./turns.ts";

const INFLATERS = {
  gzip: { whole: promisify(gunzip), stream: createGunzip },
  deflate: { whole: promisify(inflateZlib), stream: createInflate },
  br: { whole: promisify(brotliDecompress), stream: createBrotliDecompress },
} as const satisfies Record<Encoding, unknown>;

const CHUNK_BYTES = 64 * 1024;

/** Text shrinks to a tenth or, where it repeats itself, to a fiftieth. */
const MAX_RATIO = 100;
/** Whatever the ratio: a small text that repeats itself costs nothing. */
const UNRATED_BYTES = 1024 * 1024;

/** Most bytes that `compressed` bytes may become, of a method that takes `maxBytes`. */
export function maxInflated(compressed: number, maxBytes: number): number {
  return Math.min(maxBytes, Math.max(UNRATED_BYTES, MAX_RATIO * compressed));
}

/**
 * What requests inflate to at once, of those that may become a megabyte, and of larger ones: a request of the
 * default's largest size by itself. Whoever waits for a large one would otherwise wait with a small one.
 */
const MAX_SMALL_BYTES = 16 * UNRATED_BYTES;
const MAX_LARGE_BYTES = 32 * UNRATED_BYTES;
/** Compressed bytes that wait, of each. */
const MAX_WAITING_BYTES = 64 * UNRATED_BYTES;

/** A request that is inflated. */
export interface Inflated {
  readonly bytes: Buffer;
  /** To be called once, when the bytes are not needed any more: the next request may take their place. */
  readonly drop: () => void;
}

/**
 * Inflates the requests of both listeners off the event loop, and holds no more of them at once than its bounds.
 * The compressed bytes alone are bounded for each caller: a hundred requests of 300 KB would become three
 * gigabytes together.
 */
export class Inflater {
  readonly #small = new Turns(MAX_SMALL_BYTES, MAX_WAITING_BYTES);
  readonly #large = new Turns(MAX_LARGE_BYTES, MAX_WAITING_BYTES);

  /** Bytes that are held, or may become so. */
  get held(): number {
    return this.#small.weight + this.#large.weight;
  }

  /**
   * Never beyond its bound. Throws `validation` if the bytes are not of that compression, RESOURCE_EXHAUSTED if
   * they become more than `maxInflated`, and `gateway-overloaded` if too many of the caller's, or in all, wait.
   */
  async inflate(
    caller: string,
    bytes: Uint8Array,
    encoding: Encoding,
    maxBytes: number,
  ): Promise<Inflated> {
    // Clients compress a message of no bytes to no bytes.
    if (bytes.byteLength === 0) return { bytes: Buffer.alloc(0), drop: () => {} };
    const most = maxInflated(bytes.byteLength, maxBytes);
    const turns = most <= UNRATED_BYTES ? this.#small : this.#large;
    const drop = await turns.enter({ caller, weight: most, bytes: bytes.byteLength });
    try {
      return { bytes: await inflate(bytes, encoding, most), drop };
    } catch (error) {
      drop();
      throw error;
    }
  }
}

/** Gives memory back at once, and not when a full collection finds it. */
function release({ buffer }: Buffer): void {
  if (buffer instanceof ArrayBuffer) buffer.transfer(0);
}

/** All that the bytes become, piece by piece into one buffer: the library would hold them twice. */
async function inflateLarge(bytes: Uint8Array, encoding: Encoding, most: number): Promise<Buffer> {
  // Pages that nothing is written to take no memory.
  const all = Buffer.allocUnsafeSlow(most);
  let length = 0;
  const stream = INFLATERS[encoding].stream({ chunkSize: CHUNK_BYTES });
  stream.end(bytes);
  try {
    for await (const piece of stream as AsyncIterable<Buffer>) {
      if (length + piece.length > most) throw requestTooLarge(most, "inflated");
      length += piece.copy(all, length);
      // The library takes another buffer where one is full, and goes on in one that is not.
      if (piece.byteOffset + piece.length === CHUNK_BYTES) release(piece);
    }
  } catch (error) {
    release(all);
    throw error;
  }
  return all.subarray(0, length);
}

async function inflate(bytes: Uint8Array, encoding: Encoding, most: number): Promise<Buffer> {
  try {
    if (most > UNRATED_BYTES) return await inflateLarge(bytes, encoding, most);
    return await INFLATERS[encoding].whole(bytes, { maxOutputLength: most });
  } catch (cause) {
    if (cause instanceof RpcStatusError) throw cause;
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    if (code === "ERR_BUFFER_TOO_LARGE") throw requestTooLarge(most, "inflated");
    throw new GatewayError("validation", `the request is not ${encoding}`, { cause });
  }
}
