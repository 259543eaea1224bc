import { AbortMode, type GenerationSpec } from "../../gen/es/steer/v1/generation_pb.ts";
import type { GenerateRequest } from "../../gen/es/steer/v1/generation_service_pb.ts";
import { GatewayError } from "../domain/gateway-error.ts";

/** A part of the contract that this version does not serve: the path, and whether a request asks for it. */
interface NotBuilt<Request> {
  readonly path: string;
  readonly isAsked: (request: Request) => boolean;
}

const SPEC: readonly NotBuilt<GenerationSpec>[] = [
  { path: "spec.budget", isAsked: (spec) => spec.budget !== undefined },
  { path: "spec.abort.mode", isAsked: (spec) => (spec.abort?.mode ?? 0) > AbortMode.CLOSE },
  { path: "spec.abort.max_time", isAsked: (spec) => spec.abort?.maxTime !== undefined },
  {
    path: "spec.abort.max_cost_picos",
    isAsked: (spec) => spec.abort?.maxCostPicos !== undefined,
  },
];

function notImplemented(path: string): GatewayError {
  return new GatewayError("validation", `${path} is not implemented`, {
    reason: "NOT_IMPLEMENTED",
    violations: [{ field: path, description: "not implemented by this version of the service" }],
    metadata: { path },
  });
}

function refuse<Request>(table: readonly NotBuilt<Request>[], request: Request | undefined): void {
  if (request === undefined) return;
  for (const entry of table) {
    if (entry.isAsked(request)) throw notImplemented(entry.path);
  }
}

/** Refuses a request that asks for something which is not built, with the path of the field. */
export function refuseNotBuilt(request: Partial<Pick<GenerateRequest, "spec">>): void {
  refuse(SPEC, request.spec);
}
