import { createHash } from "node:crypto";
import { create, type DescMethod, toJson } from "@bufbuild/protobuf";
import {
  GenerationSpecSchema,
  type GenerationSpec as SpecMessage,
} from "../../gen/service/steer/v1/generation_pb.ts";
import { GenerationService } from "../../gen/service/steer/v1/generation_service_pb.ts";
import { invalidField } from "../domain/gateway-error.ts";
import type { GenerationSpec } from "../domain/generation-spec.ts";
import { isJsonObject } from "../domain/json.ts";
import { encodeSpec } from "./encode-spec.ts";
import type { RequestKind } from "./stored-request.ts";

/** JSON with sorted map keys, because two clients can encode one request differently. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (!isJsonObject(value)) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, canonical(inner)]));
}

/**
 * The recovery describes the reaction to a failure, not the request. So a request by stubs equals the same request
 * by a helper, which fills the recovery in.
 */
function withoutRecovery(spec: unknown): unknown {
  if (!isJsonObject(spec) || !isJsonObject(spec["routing"])) return spec;
  const { routing, ...rest } = spec;
  const { midStreamRecovery: _, ...others } = routing;
  return Object.keys(others).length === 0 ? rest : { ...rest, routing: others };
}

function jsonOf(spec: SpecMessage | undefined): unknown {
  try {
    return spec === undefined ? null : toJson(GenerationSpecSchema, spec);
  } catch {
    // A binary Struct can contain numbers that JSON cannot.
    throw invalidField("spec", "holds NaN or an infinite number where JSON is expected");
  }
}

/**
 * Hash of a request in hexadecimal. Stream options and recovery are not included: those of the first call apply to
 * all. Throws INVALID_ARGUMENT for a number that JSON cannot represent.
 */
export function fingerprintOfMessage({ name }: DescMethod, spec: SpecMessage | undefined): string {
  const text = JSON.stringify([name, canonical(withoutRecovery(jsonOf(spec)))]);
  return createHash("sha256").update(text).digest("hex");
}

const METHODS = {
  unary: GenerationService.method.generate,
  stream: GenerationService.method.streamGenerate,
} as const satisfies Readonly<Record<RequestKind, DescMethod>>;

/** The fingerprint of the request that `encodeStoredRequest` writes for the spec. */
export function fingerprintOf(spec: GenerationSpec, kind: RequestKind): string {
  return fingerprintOfMessage(METHODS[kind], create(GenerationSpecSchema, encodeSpec(spec)));
}
