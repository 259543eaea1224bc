import { promisify } from "node:util";
import { brotliDecompress, gunzip, inflate as inflateZlib } from "node:zlib";
import { GatewayError } from "../../domain/gateway-error.ts";
import { requestTooLarge } from "./request-limits.ts";
import { Turns } from "./turns.ts";

const INFLATERS = {
  gzip: promisify(gunzip),
  deflate: promisify(inflateZlib),
  br: promisify(brotliDecompress),
} as const;

/** A compression that a request can come in, by its name in headers. */
export type Encoding = keyof typeof INFLATERS;

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

/**
 * Inflates the requests of a listener off the event loop, no more at once than its bounds. The compressed bytes
 * alone are bounded for each caller: a hundred requests of 300 KB would become three gigabytes together.
 */
export class Inflater {
  readonly #small = new Turns(MAX_SMALL_BYTES, MAX_WAITING_BYTES);
  readonly #large = new Turns(MAX_LARGE_BYTES, MAX_WAITING_BYTES);

  /** Bytes that what goes on may become. */
  get inflating(): number {
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
  ): Promise<Buffer> {
    // Clients compress a message of no bytes to no bytes.
    if (bytes.byteLength === 0) return Buffer.alloc(0);
    const most = maxInflated(bytes.byteLength, maxBytes);
    const turns = most <= UNRATED_BYTES ? this.#small : this.#large;
    const turn = { caller, weight: most, bytes: bytes.byteLength };
    return turns.run(turn, () => inflate(bytes, encoding, most));
  }
}

async function inflate(
  bytes: Uint8Array,
  encoding: Encoding,
  maxOutputLength: number,
): Promise<Buffer> {
  try {
    return await INFLATERS[encoding](bytes, { maxOutputLength });
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    if (code === "ERR_BUFFER_TOO_LARGE") throw requestTooLarge(maxOutputLength, "inflated");
    throw new GatewayError("validation", `the request is not ${encoding}`, { cause });
  }
}
