import type { DescMethod } from "@bufbuild/protobuf";
import { GenerationSpecSchema } from "../../../gen/service/steer/v1/generation_pb.ts";
import { Code } from "../../domain/error-table.ts";
import { RpcStatusError } from "../call.ts";

/** Enough for every request without a conversation. */
export const SMALL_REQUEST_BYTES = 64 * 1024;

/** Largest inflated request of a method, in bytes. `requestBytes` is `limits.request_bytes`. */
export function maxRequestBytes({ input }: DescMethod, requestBytes: number): number {
  const carriesSpec = input.fields.some(
    ({ message }) => message?.typeName === GenerationSpecSchema.typeName,
  );
  return carriesSpec ? requestBytes : Math.min(requestBytes, SMALL_REQUEST_BYTES);
}

/** The error for a request larger than `maxBytes`. */
export function requestTooLarge(maxBytes: number, how: "sent" | "inflated"): RpcStatusError {
  const size = how === "sent" ? "is larger" : "inflates to more";
  return new RpcStatusError(
    {
      code: Code.RESOURCE_EXHAUSTED,
      message: `the request ${size} than ${maxBytes} bytes`,
      details: [],
      trailers: {},
    },
    undefined,
  );
}
