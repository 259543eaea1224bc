import { ConnectError } from "@connectrpc/connect";
import { RpcStatusError } from "./call.ts";
import { encodeError } from "./encode-error.ts";

/** The form in which the library takes a failure. */
export function toConnectError(error: unknown): ConnectError {
  const status = error instanceof RpcStatusError ? error.status : encodeError(error);
  return new ConnectError(status.message, status.code, status.trailers, [...status.details], error);
}
