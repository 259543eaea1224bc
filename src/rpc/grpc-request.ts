import type { EncodedRequest } from "./call.ts";
import { callInternals } from "./grpc-internals.ts";

/**
 * The request of a grpc-js call. grpc-js would keep the bytes in several places for as long as the call lasts, so
 * they are taken out and freed after decoding.
 */
export class GrpcRequest {
  #bytes: Buffer | undefined;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** Can be called once. */
  take(call: object): EncodedRequest {
    // The received pieces of the message.
    callInternals(call).decoder.readPartialMessage = [];
    const bytes = this.#bytes ?? Buffer.alloc(0);
    this.#bytes = undefined;
    return { format: "proto", bytes };
  }
}
