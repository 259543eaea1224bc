import { create } from "@bufbuild/protobuf";
import {
  AdminService,
  GetProviderStatusResponseSchema,
  GetRetryMetricsResponseSchema,
  ResetCircuitResponseSchema,
} from "../../gen/service/steer/admin/v1/admin_service_pb.ts";
import { GatewayError } from "../domain/gateway-error.ts";
import { sumRetries } from "../domain/merge-status.ts";
import { didYouMean } from "../domain/near-names.ts";
import type { Operations } from "../domain/operations.ts";
import { ownValue } from "../domain/own-value.ts";
import type { StreamOperations } from "../domain/stream-states.ts";
import { type Audit, audited } from "./audit.ts";
import { encodeCircuitState, encodeRetries, encodeStatus, encodeStore } from "./encode-admin.ts";
import { encodeTime } from "./encode-generation.ts";
import { type Handlers, type ServedService, serve } from "./handlers.ts";
import { scopeOf } from "./scope-of.ts";
import { createStreamStateHandlers } from "./stream-state-handlers.ts";

export interface AdminServiceDependencies {
  readonly replica: string;
  readonly operations: Operations;
  readonly streams: StreamOperations;
  /** Records changes by operators. */
  readonly audit: Audit;
}

function notFound(
  type: "provider" | "model",
  name: string,
  where: string,
  known: Iterable<string>,
) {
  const names = [...known];
  const message = `no ${type} "${name}"${where}${didYouMean(name, names)}`;
  return new GatewayError("not-found", message, {
    reason: type === "provider" ? "PROVIDER_NOT_FOUND" : "MODEL_NOT_FOUND",
    metadata: {
      resource_type: type,
      resource_name: name,
      ...(type === "provider" && { suggestions: names.join(", ") }),
    },
  });
}

/** The requested entries, or all if none were requested. Throws NOT_FOUND. */
function selected<T>(all: ReadonlyMap<string, T>, wanted: readonly string[]): [string, T][] {
  if (wanted.length === 0) return [...all];
  return wanted.map((id) => {
    const entry = all.get(id);
    if (entry === undefined) throw notFound("provider", id, " is configured", all.keys());
    return [id, entry];
  });
}

export function createAdminService(dependencies: AdminServiceDependencies): ServedService {
  const { replica, operations, streams, audit } = dependencies;

  const handlers: Handlers<typeof AdminService> = {
    async getProviderStatus(request) {
      const { providers, replicaCount } = await operations.status(scopeOf(request.scope));
      const status = selected(providers, request.providers);
      return create(GetProviderStatusResponseSchema, {
        replica,
        replicaCount,
        providers: Object.fromEntries(status.map(([id, each]) => [id, encodeStatus(each)])),
        store: encodeStore(operations.store()),
      });
    },

    async resetCircuit({ provider, model, scope }, call) {
      const ownStatus = async () =>
        selected((await operations.status("replica")).providers, [provider])[0]?.[1];
      const target = { provider, ...(model !== "" && { model }), scope: scopeOf(scope) };
      return audited(audit, call, { method: "ResetCircuit", target }, async () => {
        const before = await ownStatus();
        if (model !== "" && !operations.hasModel(provider, model)) {
          throw notFound("model", model, ` is offered by ${provider}`, []);
        }
        const circuit =
          model === "" ? before?.circuit : ownValue(before?.modelCircuits ?? {}, model);
        const previous = circuit?.state ?? "closed";
        await operations.resetCircuit(provider, model === "" ? undefined : model, scopeOf(scope));
        call.log({ provider, ...(model !== "" && { model }), previous_circuit: previous });
        // Snapshots of other replicas are older than the reset.
        const after = await ownStatus();
        const response = create(ResetCircuitResponseSchema, {
          previousState: encodeCircuitState(previous),
          ...(after !== undefined && { status: encodeStatus(after) }),
        });
        return [response, { previous_circuit: previous }];
      });
    },

    async getRetryMetrics(request) {
      const status = await operations.status(scopeOf(request.scope));
      const retries = selected(status.retries, request.providers);
      return create(GetRetryMetricsResponseSchema, {
        replica,
        replicaCount: status.replicaCount,
        startTime: encodeTime(status.startTimeMs),
        total: encodeRetries(sumRetries(retries.map(([, each]) => each))),
        providers: Object.fromEntries(retries.map(([id, each]) => [id, encodeRetries(each)])),
      });
    },

    ...createStreamStateHandlers(streams, audit),
  };
  return serve(AdminService, handlers);
}
