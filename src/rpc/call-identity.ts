import { createHash } from "node:crypto";
import { type DescMethod, type MessageShape, toBinary, toJson } from "@bufbuild/protobuf";
import { GenerationSpecSchema } from "../../gen/service/steer/v1/generation_pb.ts";
import type { GenerationService } from "../../gen/service/steer/v1/generation_service_pb.ts";
import type { HandlerCall } from "../calls/handler-call.ts";
import { invalidField } from "../domain/gateway-error.ts";
import { isJsonObject } from "../domain/json.ts";
import type { CallIdentity } from "../ports/gateway.ts";

type Repeatable =
  | typeof GenerationService.method.generate
  | typeof GenerationService.method.streamGenerate;

const REQUEST_ID = /^[A-Za-z0-9._:-]{8,64}$/;

/** JSON with sorted map keys, because two clients can encode one request differently. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (!isJsonObject(value)) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, canonical(inner)]));
}

function requestIdOf(call: HandlerCall, field: string): string {
  const header = call.header("idempotency-key") ?? "";
  if (header === "" || header === field) return field;
  if (field !== "") {
    throw invalidField("request_id", "is not what the header idempotency-key says");
  }
  if (!REQUEST_ID.test(header)) {
    throw invalidField("idempotency-key", "must be 8 to 64 letters, digits, . _ : -");
  }
  return header;
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

/** Hash of the request. Stream options and recovery are not included: those of the first call apply to all. */
function fingerprintOf(method: DescMethod, request: MessageShape<Repeatable["input"]>): string {
  const text = JSON.stringify([method.name, canonical(withoutRecovery(jsonOf(request.spec)))]);
  return createHash("sha256").update(text).digest("hex");
}

function jsonOf(spec: MessageShape<typeof GenerationSpecSchema> | undefined): unknown {
  try {
    return spec === undefined ? null : toJson(GenerationSpecSchema, spec);
  } catch {
    // A binary Struct can contain numbers that JSON cannot.
    throw invalidField("spec", "holds NaN or an infinite number where JSON is expected");
  }
}

export function identityOf<Method extends Repeatable>(
  call: HandlerCall,
  method: Method,
  request: MessageShape<Method["input"]>,
): CallIdentity {
  const requestId = requestIdOf(call, request.requestId);
  return {
    caller: call.caller.id,
    requestId,
    fingerprint: requestId === "" ? "" : fingerprintOf(method, request),
    request: () => toBinary(method.input, request),
  };
}
