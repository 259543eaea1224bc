import { promisify } from "node:util";
import { brotliDecompress, gunzip, inflate as inflateZlib } from "node:zlib";
import { GatewayError } from "../../domain/gateway-error.ts";
import type { Encoding } from "../call.ts";
import { requestTooLarge } from "./request-limits.ts";
import { Turns } from "./turns.ts";

const INFLATERS = {
  gzip: promisify(gunzip),
  deflate: promisify(inflateZlib),
  br: promisify(brotliDecompress),
} as const satisfies Record<Encoding, unknown>;

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

const SMALL_PIECE_BYTES = 16 * 1024;
/** From there on the C library asks the system for memory, gives it back at once, and keeps none of that size. */
const NEVER_KEPT_BYTES = 32 * UNRATED_BYTES + 1;

/**
 * What a message is inflated to piece by piece. A large one is one piece, since pieces of it would be held twice:
 * pages that nothing is written to take no memory.
 */
function pieceBytes(most: number): number {
  if (most <= UNRATED_BYTES) return SMALL_PIECE_BYTES;
  return most <= NEVER_KEPT_BYTES / 2 ? most + 1 : Math.max(most + 1, NEVER_KEPT_BYTES);
}

async function inflate(bytes: Uint8Array, encoding: Encoding, most: number): Promise<Buffer> {
  try {
    const chunkSize = pieceBytes(most);
    return await INFLATERS[encoding](bytes, { maxOutputLength: most, chunkSize });
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    if (code === "ERR_BUFFER_TOO_LARGE") throw requestTooLarge(most, "inflated");
    throw new GatewayError("validation", `the request is not ${encoding}`, { cause });
  }
}
