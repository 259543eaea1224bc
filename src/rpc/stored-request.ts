import { fromBinary } from "@bufbuild/protobuf";
import {
  GenerateRequestSchema,
  StreamGenerateRequestSchema,
} from "../../gen/service/steer/v1/generation_service_pb.ts";
import type { GenerationSpec } from "../domain/generation-spec.ts";
import type { StreamOptions } from "../domain/stream-options.ts";
import { decodeSpec } from "./decode-spec.ts";
import { decodeStreamOptions } from "./decode-stream-options.ts";

/** A request that another replica stored; undefined if this version cannot read it. */
export function decodeStoredRequest(
  bytes: Uint8Array,
  kind: "stream" | "unary",
): { readonly spec: GenerationSpec; readonly options: StreamOptions } | undefined {
  try {
    const request =
      kind === "stream"
        ? fromBinary(StreamGenerateRequestSchema, bytes)
        : { ...fromBinary(GenerateRequestSchema, bytes), options: undefined };
    if (request.spec === undefined) return undefined;
    return { spec: decodeSpec(request.spec), options: decodeStreamOptions(request.options) };
  } catch {
    // The request was valid when it was stored; the contract has changed since.
    return undefined;
  }
}
