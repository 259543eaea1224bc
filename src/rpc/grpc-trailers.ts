import type { OutgoingHttpHeaders } from "node:http";
import grpc from "@grpc/grpc-js";

/**
 * The trailers of a call as gRPC specifies them. grpc-js would pad binary values, and write the message `OK` beside
 * the status of a successful call.
 */
export class GrpcTrailers extends grpc.Metadata {
  #details: string | undefined;

  /** Sets the status of a failed call, in the form of `packStatus`. */
  setDetails(packed: string): void {
    this.#details = packed;
  }

  /** grpc-js sends a copy. These trailers do not change any more, so they are their own copy. */
  override clone(): grpc.Metadata {
    return this;
  }

  override toHttp2Headers(): OutgoingHttpHeaders {
    const headers = super.toHttp2Headers();
    if (this.#details === undefined) headers["grpc-message"] = undefined;
    else headers["grpc-status-details-bin"] = this.#details;
    return headers;
  }
}
