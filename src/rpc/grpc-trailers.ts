import type { OutgoingHttpHeaders } from "node:http";
import grpc from "@grpc/grpc-js";

/**
 * The trailers of a call as gRPC specifies them. grpc-js alone would pad binary values and write
 * the message `OK` beside the status of a call that has succeeded.
 */
export class GrpcTrailers extends grpc.Metadata {
  #details: string | undefined;

  /** The status of a call that fails, as `packStatus` gives it. */
  setDetails(packed: string): void {
    this.#details = packed;
  }

  /** grpc-js sends a copy; nobody changes these once they are handed over. */
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
