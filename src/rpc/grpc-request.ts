import type { EncodedRequest } from "./call.ts";
import { callInternals } from "./grpc-internals.ts";

/**
 * The request as grpc-js holds it: for as long as the call lasts, in several places. The bytes are taken out of it,
 * so that they go once they are decoded.
 */
export class GrpcRequest {
  #bytes: Buffer | undefined;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** Once. */
  take(call: object): EncodedRequest {
    // The pieces that the message has come in.
    callInternals(call).decoder.readPartialMessage = [];
    const bytes = this.#bytes ?? Buffer.alloc(0);
    this.#bytes = undefined;
    return { format: "proto", bytes };
  }
}
