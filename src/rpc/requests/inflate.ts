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

/** Text shrinks to a tenth or, if it repeats itself, to a fiftieth. */
const MAX_RATIO = 100;
/** Messages of up to this size are accepted at any ratio, because small repetitive texts cost nothing. */
const UNRATED_BYTES = 1024 * 1024;

/** Largest inflated size of `compressed` bytes for a method with the limit `maxBytes`. */
export function maxInflated(compressed: number, maxBytes: number): number {
  return Math.min(maxBytes, Math.max(UNRATED_BYTES, MAX_RATIO * compressed));
}

/**
 * Bounds on bytes inflated at once: for requests of up to a megabyte, and for larger ones. Two bounds, because
 * small requests would otherwise wait for large ones. The larger bound equals the default's largest request.
 */
const MAX_SMALL_BYTES = 16 * UNRATED_BYTES;
const MAX_LARGE_BYTES = 32 * UNRATED_BYTES;
/** Bound on waiting compressed bytes, for each of the two. */
const MAX_WAITING_BYTES = 64 * UNRATED_BYTES;

/** A request that is inflated. */
export interface Inflated {
  readonly bytes: Buffer;
  /** Call once when the bytes are no longer needed. The next request may take their place. */
  readonly drop: () => void;
}

/**
 * Inflates the requests of both listeners off the event loop, within a bound on the total. The bound per caller
 * covers only compressed bytes: a hundred requests of 300 KB would become three gigabytes together.
 */
export class Inflater {
  readonly #small = new Turns(MAX_SMALL_BYTES, MAX_WAITING_BYTES);
  readonly #large = new Turns(MAX_LARGE_BYTES, MAX_WAITING_BYTES);

  /** Bytes that are or may be held. */
  get held(): number {
    return this.#small.weight + this.#large.weight;
  }

  /**
   * Inflates to at most `maxInflated` bytes. Throws `validation` if the bytes are not of that compression,
   * RESOURCE_EXHAUSTED if they become more than `maxInflated`, and `gateway-overloaded` if too many bytes wait, of
   * the caller or in total.
   */
  async inflate(
    caller: string,
    bytes: Uint8Array,
    encoding: Encoding,
    maxBytes: number,
  ): Promise<Inflated> {
    // Clients compress an empty message to zero bytes.
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

/** Frees memory at once instead of at a full collection. */
function release({ buffer }: Buffer): void {
  if (buffer instanceof ArrayBuffer) buffer.transfer(0);
}

/** Inflates piece by piece into one buffer. The library would hold the bytes twice. */
async function inflateLarge(bytes: Uint8Array, encoding: Encoding, most: number): Promise<Buffer> {
  // Pages without data take no memory.
  const all = Buffer.allocUnsafeSlow(most);
  let length = 0;
  const stream = INFLATERS[encoding].stream({ chunkSize: CHUNK_BYTES });
  stream.end(bytes);
  try {
    for await (const piece of stream as AsyncIterable<Buffer>) {
      if (length + piece.length > most) throw requestTooLarge(most, "inflated");
      length += piece.copy(all, length);
      // The library takes another buffer when one is full, and continues in one that is not.
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
