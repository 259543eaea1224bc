import type { DescService } from "@bufbuild/protobuf";
import type grpc from "@grpc/grpc-js";
import { type Encoding, RpcStatusError } from "../call.ts";
import { encodeError } from "../encode-error.ts";
import { HEAD_BYTES } from "../envelope.ts";
import { gatedCallOf } from "../grpc-gate.ts";
import { interceptedInternals } from "../grpc-internals.ts";
import { maxRequestBytes, SMALL_REQUEST_BYTES } from "./request-limits.ts";

/** Compressions that grpc-js accepts. */
const ENCODINGS: readonly string[] = ["gzip", "deflate"] satisfies readonly Encoding[];

/** The form in which grpc-js takes a failure. */
function toStatus(error: unknown) {
  const { code, message } = error instanceof RpcStatusError ? error.status : encodeError(error);
  return { code, details: message, metadata: null };
}

/** Bounds the messages of every call by the limit of its method, and inflates them. */
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
    // Health and reflection are not services of the contract.
    const maxBytes = bounds.get(path) ?? SMALL_REQUEST_BYTES;
    const internals = interceptedInternals(call);
    // grpc-js has one limit for all methods and inflates up to it, so it is set per call.
    internals.decoder.maxReadMessageLength = maxBytes;
    if (ENCODINGS.includes(internals.incomingEncoding)) {
      // The encoding of an uncompressed message is `identity`, whatever the headers say.
      const decompress: typeof internals.decompressMessage = (message, encoding) => {
        const bytes = message.subarray(HEAD_BYTES);
        if (!ENCODINGS.includes(encoding)) return bytes;
        const { arrival } = gatedCallOf({ call });
        const inflated = arrival.inflate(bytes, encoding as Encoding, maxBytes);
        // Requests of health and reflection are decoded at once, while their calls can last.
        if (!bounds.has(path))
          void inflated.then(
            () => arrival.drop(),
            () => {},
          );
        return inflated.catch((error: unknown) => {
          throw toStatus(error);
        });
      };
      internals.decompressMessage = decompress;
    }
    return call as unknown as grpc.ServerInterceptingCall;
  };
}
