// The services of the contract.
import type { Core } from "./core.ts";
import type { UsageReports } from "./domain/usage-report.ts";
import type { ModelList } from "./doors/shared/models.ts";
import type { InputCounter } from "./gateway/input-counter.ts";
import { createClusterOperations } from "./operations/cluster-operations.ts";
import { createStreamOperations } from "./operations/stream-operations.ts";
import type { Activity } from "./ports/activity.ts";
import type { Gateway } from "./ports/gateway.ts";
import { createActivityService } from "./rpc/activity-service.ts";
import { createAdminService } from "./rpc/admin-service.ts";
import type { Audit } from "./rpc/audit.ts";
import { createCallerService } from "./rpc/caller-service.ts";
import { createGenerationService } from "./rpc/generation-service.ts";
import type { ServedService } from "./rpc/handlers.ts";
import { createModelService } from "./rpc/model-service.ts";
import { createUsageService } from "./rpc/usage-service.ts";
import type { StoredCallers } from "./stored-callers.ts";
import type { StreamService } from "./stream-service.ts";
import { VERSION } from "./version.ts";

/** The models as callers see them. */
export function modelsOf({ deployment }: Core): ModelList {
  return {
    list: (caller) => deployment().modelsOf(caller),
    lookup: (name, caller) => deployment().firstOffer(name, caller),
  };
}

/** Parts that the calls of every door use. */
export interface SharedParts {
  readonly gateway: Gateway;
  readonly countInput: InputCounter["count"];
  readonly callers: StoredCallers;
  readonly reports: UsageReports;
  readonly activity: Activity;
}

export function createServices(
  core: Core,
  streams: StreamService,
  parts: SharedParts,
): ServedService[] {
  const { clock, inForce, log, operations, replica } = core;
  const audit: Audit = (line) => log({ event: "audit", ...line });
  const cluster = createClusterOperations(operations, streams.log, replica, clock);
  const { activity } = parts;
  return [
    createGenerationService({
      ...parts,
      recovery: () => inForce.config.routing.midStreamRecovery,
    }),
    createModelService({
      ...modelsOf(core),
      isAvailable: (model) => core.deployment().isAvailable(model),
    }),
    createCallerService({ administration: parts.callers.administration, audit }),
    createUsageService({ replica, reports: parts.reports }),
    createActivityService({ replica, version: VERSION, activity, store: cluster.store }),
    createAdminService({
      replica,
      audit,
      operations: cluster,
      streams: createStreamOperations({
        clock,
        log: streams.log,
        endOrphan: streams.endOrphan,
      }),
    }),
  ];
}
