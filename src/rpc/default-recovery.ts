import { create } from "@bufbuild/protobuf";
import {
  MidStreamRecovery,
  RoutingPolicySchema,
} from "../../gen/service/steer/v1/generation_pb.ts";
import type { StreamGenerateRequest } from "../../gen/service/steer/v1/generation_service_pb.ts";
import type * as domain from "../domain/generation-spec.ts";
import { RECOVERIES } from "./encode-spec.ts";

/**
 * Writes the operator's recovery into a request that accepts discards and names none. It is stored with the
 * request, so that a replica that takes the stream over uses the same value.
 */
export function nameDefaultRecovery(
  { spec, acceptsDiscard }: StreamGenerateRequest,
  usual: domain.MidStreamRecovery,
): void {
  if (!acceptsDiscard || spec === undefined) return;
  spec.routing ??= create(RoutingPolicySchema);
  if (spec.routing.midStreamRecovery !== MidStreamRecovery.UNSPECIFIED) return;
  spec.routing.midStreamRecovery = RECOVERIES.values[usual];
}
