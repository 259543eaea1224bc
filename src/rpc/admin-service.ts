import { create } from "@bufbuild/protobuf";
import {
  AdminService,
  GetProviderStatusResponseSchema,
  GetRetryMetricsResponseSchema,
  ResetCircuitResponseSchema,
} from "../../gen/es/steer/admin/v1/admin_service_pb.ts";
import { GatewayError } from "../domain/gateway-error.ts";
import { didYouMean } from "../domain/near-names.ts";
import type { Operations } from "../domain/operations.ts";
import { encodeCircuitState, encodeRetries, encodeStatus } from "./encode-admin.ts";
import { encodeTime } from "./encode-generation.ts";
import { type Handlers, type ServedService, serve } from "./handlers.ts";
import { notBuiltMethod } from "./not-built.ts";

export interface AdminServiceDependencies {
  readonly replica: string;
  /** Since when counters run, in milliseconds since the epoch. */
  readonly startTimeMs: number;
  readonly operations: Operations;
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

/** The entries that were asked for; all of them where nothing was. Throws NOT_FOUND. */
function selected<T>(all: ReadonlyMap<string, T>, wanted: readonly string[]): [string, T][] {
  if (wanted.length === 0) return [...all];
  return wanted.map((id) => {
    const entry = all.get(id);
    if (entry === undefined) throw notFound("provider", id, " is configured", all.keys());
    return [id, entry];
  });
}

export function createAdminService(dependencies: AdminServiceDependencies): ServedService {
  const { replica, startTimeMs, operations } = dependencies;
  // Replicas do not know of each other yet: a cluster is the replica that answers.
  const scope = { replica, replicaCount: 1 };

  const handlers: Handlers<typeof AdminService> = {
    async getProviderStatus(request) {
      const status = selected(operations.providers(), request.providers);
      return create(GetProviderStatusResponseSchema, {
        ...scope,
        providers: Object.fromEntries(status.map(([id, each]) => [id, encodeStatus(each)])),
      });
    },

    async resetCircuit({ provider, model }, call) {
      const statusNow = () => selected(operations.providers(), [provider])[0]?.[1];
      const before = statusNow();
      if (model !== "" && !operations.hasModel(provider, model)) {
        throw notFound("model", model, ` is offered by ${provider}`, []);
      }
      const circuit = model === "" ? before?.circuit : before?.modelCircuits[model];
      const previous = circuit?.state ?? "closed";
      operations.resetCircuit(provider, model === "" ? undefined : model);
      call.log({ provider, ...(model !== "" && { model }), previous_circuit: previous });
      const after = statusNow();
      return create(ResetCircuitResponseSchema, {
        previousState: encodeCircuitState(previous),
        ...(after !== undefined && { status: encodeStatus(after) }),
      });
    },

    async getRetryMetrics(request) {
      const retries = selected(operations.retries(), request.providers);
      return create(GetRetryMetricsResponseSchema, {
        ...scope,
        startTime: encodeTime(startTimeMs),
        total: encodeRetries(retries.map(([, each]) => each)),
        providers: Object.fromEntries(retries.map(([id, each]) => [id, encodeRetries([each])])),
      });
    },

    listStreamStates: async () => notBuiltMethod("ListStreamStates"),
    getStreamState: async () => notBuiltMethod("GetStreamState"),
    cancelStream: async () => notBuiltMethod("CancelStream"),
    cleanupStreamStates: async () => notBuiltMethod("CleanupStreamStates"),
  };
  return serve(AdminService, handlers);
}
