import type { DescService } from "@bufbuild/protobuf";
import type grpc from "@grpc/grpc-js";
import { type Encoding, RpcStatusError } from "../call.ts";
import { encodeError } from "../encode-error.ts";
import { gatedCallOf } from "../grpc-gate.ts";
import { interceptedInternals } from "../grpc-internals.ts";
import { maxRequestBytes, SMALL_REQUEST_BYTES } from "./request-limits.ts";

/** What grpc-js takes from clients. */
const ENCODINGS: readonly string[] = ["gzip", "deflate"] satisfies readonly Encoding[];
const HEAD_BYTES = 5;

/** What grpc-js ends a call with. */
function toStatus(error: unknown) {
  const { code, message } = error instanceof RpcStatusError ? error.status : encodeError(error);
  return { code, details: message, metadata: null };
}

/** Bounds the messages of every call by what its method takes, and how they inflate. */
export function boundRequests(
  services: readonly DescService[],
  requestBytes: number,
): grpc.ServerInterceptor {
  const methods = services.flatMap((service) => service.methods);
  const bounds = new Map(
    methods.map((method) => [
      `/${method.parent.typeName}/${method.name}`,
      maxRequestBytes(method, requestBytes),
    ]),
  );
  return ({ path }, call) => {
    // Health and reflection are no services of the contract.
    const maxBytes = bounds.get(path) ?? SMALL_REQUEST_BYTES;
    const internals = interceptedInternals(call);
    // The library has one option for all methods, and inflates to that bound.
    internals.decoder.maxReadMessageLength = maxBytes;
    if (ENCODINGS.includes(internals.incomingEncoding)) {
      // Of a message that is not compressed the encoding is `identity`, whatever the headers say.
      internals.decompressMessage = (message, encoding) => {
        const bytes = message.subarray(HEAD_BYTES);
        if (!ENCODINGS.includes(encoding)) return bytes;
        const { arrival } = gatedCallOf({ call });
        const inflated = arrival.inflate(bytes, encoding as Encoding, maxBytes);
        // They are decoded at once, and their calls can last.
        if (!bounds.has(path))
          void inflated.then(
            () => arrival.drop(),
            () => {},
          );
        return inflated.catch((error: unknown) => {
          throw toStatus(error);
        });
      };
    }
    return call as unknown as grpc.ServerInterceptingCall;
  };
}
