// Decodes answers that a server or a proxy has compressed although the request asked for plain ones.
import { pipeline, Readable, type Transform } from "node:stream";
import { constants, createBrotliDecompress, createUnzip, createZstdDecompress } from "node:zlib";
import { protocolError } from "./http-error.ts";
import { headerValue, type ResponseHeaders } from "./response-headers.ts";
import { MAX_BODY_BYTES, tooLarge, type UpstreamResponse } from "./upstream.ts";

/** A cut-off input is decoded as far as possible. The answer's own end marker shows that it was cut off. */
const unzip = (): Transform => createUnzip({ finishFlush: constants.Z_SYNC_FLUSH });

/** Largest window of a decoder: 2^25 bytes (32 MiB), as much as a whole answer. */
const WINDOW_BITS = 25;

const DECODERS: ReadonlyMap<string, () => Transform> = new Map([
  ["gzip", unzip],
  ["x-gzip", unzip],
  ["deflate", unzip],
  ["br", () => createBrotliDecompress({ finishFlush: constants.BROTLI_OPERATION_FLUSH })],
  [
    "zstd",
    () =>
      createZstdDecompress({
        finishFlush: constants.ZSTD_e_flush,
        params: { [constants.ZSTD_d_windowLogMax]: WINDOW_BITS },
      }),
  ],
]);

/** The decompressed answer. No more is decoded than is read. */
class DecodedResponse implements UpstreamResponse {
  readonly status: number;
  readonly headers: ResponseHeaders;
  readonly #coded: UpstreamResponse;
  readonly #decoder: Transform;
  readonly #coding: string;
  /** The error of the connection. */
  #failure: unknown;

  constructor(coded: UpstreamResponse, coding: string, decoder: Transform) {
    this.status = coded.status;
    this.headers = coded.headers;
    this.#coded = coded;
    this.#coding = coding;
    this.#decoder = decoder;
    // The reader gets the error. Without a reader, the error is irrelevant.
    pipeline(Readable.from(this.#source()), decoder, () => {});
  }

  async *#source(): AsyncGenerator<Uint8Array, void> {
    try {
      yield* this.#coded.body;
    } catch (error) {
      this.#failure = error;
      throw error;
    }
  }

  get body(): AsyncIterable<Uint8Array> {
    return this.#decoded();
  }

  async *#decoded(): AsyncGenerator<Uint8Array, void> {
    try {
      yield* this.#decoder as AsyncIterable<Buffer>;
    } catch {
      throw this.#failure ?? protocolError(`the provider's answer is not valid ${this.#coding}`);
    }
  }

  async text(maxBytes = MAX_BODY_BYTES): Promise<string> {
    const all: Uint8Array[] = [];
    let bytes = 0;
    for await (const chunk of this.#decoded()) {
      bytes += chunk.length;
      if (bytes > maxBytes) {
        this.close();
        throw tooLarge(maxBytes);
      }
      all.push(chunk);
    }
    return Buffer.concat(all).toString("utf8");
  }

  release(): void {
    this.#coded.release();
    this.#decoder.destroy();
  }

  close(): void {
    this.#coded.close();
    this.#decoder.destroy();
  }
}

/**
 * The decoded answer, or the answer itself if it is not compressed. Throws `GatewayError` of kind `protocol` for an
 * unknown coding.
 */
export function decodeContent(response: UpstreamResponse): UpstreamResponse {
  const coding = (headerValue(response.headers, "content-encoding") ?? "").trim().toLowerCase();
  if (coding === "" || coding === "identity") return response;
  const create = DECODERS.get(coding);
  if (create === undefined) {
    throw protocolError("the provider's answer has an encoding that was not requested");
  }
  return new DecodedResponse(response, coding, create());
}
