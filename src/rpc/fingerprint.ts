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

/** JSON whose maps have their keys in order: two clients write one request in two ways. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (!isJsonObject(value)) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, canonical(inner)]));
}

/**
 * The recovery is how a stream goes on after a failure, and not what it is asked for: a request by
 * stubs and the same request by a helper, which fills the recovery in, are one.
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
    // A binary Struct can hold what JSON has no number for.
    throw invalidField("spec", "holds NaN or an infinite number where JSON is expected");
  }
}

/**
 * What a request asks for, as a hash in hexadecimal. Options of a stream and its recovery are not part of
 * what is asked for: the first call's hold for all. Throws INVALID_ARGUMENT for a number that JSON does not
 * have.
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
