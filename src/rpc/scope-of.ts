import { AdminScope } from "../../gen/service/steer/admin/v1/admin_service_pb.ts";
import type { Scope } from "../domain/operations.ts";

/** Unset is the cluster. */
export function scopeOf(scope: AdminScope): Scope {
  return scope === AdminScope.REPLICA ? "replica" : "cluster";
}
