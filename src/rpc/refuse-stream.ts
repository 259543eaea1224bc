import { constants, type ServerHttp2Stream } from "node:http2";
import type { RpcStatus } from "./call.ts";
import { packStatus } from "./pack-status.ts";

/** The headers or trailers that tell a status. */
export function statusHeaders(status: RpcStatus): Record<string, string> {
  return {
    "grpc-status": String(status.code),
    "grpc-message": encodeURI(status.message),
    "grpc-status-details-bin": packStatus(status),
  };
}

/** Ends a gRPC call with a status only, and further headers. The rest of its request is not read. */
export function refuseStream(
  stream: ServerHttp2Stream,
  status: RpcStatus,
  headers: Readonly<Record<string, string>> = {},
): void {
  // A client that has left, or is leaving, needs no answer.
  if (stream.closed || stream.destroyed || stream.headersSent) return;
  stream.respond(
    {
      ":status": 200,
      "content-type": "application/grpc+proto",
      ...headers,
      ...statusHeaders(status),
      ...status.trailers,
    },
    { endStream: true },
  );
  // The rest of the request is not waited for. A request that was read needs no reset, which costs a frame and a write.
  if (!stream.readableEnded) stream.close(constants.NGHTTP2_NO_ERROR);
}
