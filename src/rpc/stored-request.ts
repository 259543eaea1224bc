import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  GenerateRequestSchema,
  StreamGenerateRequestSchema,
} from "../../gen/service/steer/v1/generation_service_pb.ts";
import type { GenerationSpec } from "../domain/generation-spec.ts";
import type { StreamOptions } from "../domain/stream-options.ts";
import { decodeSpec } from "./decode-spec.ts";
import { decodeStreamOptions } from "./decode-stream-options.ts";
import { encodeSpec } from "./encode-spec.ts";
import { encodeStreamOptions } from "./encode-stream-options.ts";

/** `unary`: the answer comes whole. */
export type RequestKind = "stream" | "unary";

/**
 * A request of the gateway's own making, as `decodeStoredRequest` reads it at another replica. Nothing of the
 * spec is lost that `decodeSpec` can give. A unary request has no options.
 *
 * The spec must obey the contract's rules, or no replica can take its stream over: whole milliseconds, 32-bit
 * counts, objects of JSON with at most 32 levels, texts without lone surrogates (UTF-8 has none: each becomes
 * U+FFFD). Throws for a number that the contract's field cannot hold.
 */
export function encodeStoredRequest(
  spec: GenerationSpec,
  options: StreamOptions,
  kind: RequestKind,
): Uint8Array {
  if (kind === "unary") {
    return toBinary(
      GenerateRequestSchema,
      create(GenerateRequestSchema, { spec: encodeSpec(spec) }),
    );
  }
  const request = { spec: encodeSpec(spec), options: encodeStreamOptions(options) };
  return toBinary(StreamGenerateRequestSchema, create(StreamGenerateRequestSchema, request));
}

/** A request that another replica stored; undefined if this version cannot read it. */
export function decodeStoredRequest(
  bytes: Uint8Array,
  kind: RequestKind,
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
