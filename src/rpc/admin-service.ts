import { create } from "@bufbuild/protobuf";
import {
  AdminService,
  GetProviderStatusResponseSchema,
  ProviderStatusSchema,
  UnavailableReason,
} from "../../gen/es/steer/admin/v1/admin_service_pb.ts";
import { type ErrorKind, GatewayError } from "../domain/gateway-error.ts";
import { encodeTime } from "./encode-generation.ts";
import { errorRow } from "./error-table.ts";
import { type Handlers, type ServedService, serve } from "./handlers.ts";
import { notBuiltMethod } from "./not-built.ts";

/** State of one provider instance since the start of the process. */
export interface ProviderSnapshot {
  readonly id: string;
  /** Why the instance cannot be called, for operators; undefined when it can. */
  readonly unavailable:
    | { readonly cause: "not-configured" | "disabled"; readonly message: string }
    | undefined;
  readonly inFlight: number;
  readonly totalRequests: number;
  readonly totalFailures: number;
  /** Milliseconds since the epoch. */
  readonly lastSuccessMs: number | undefined;
  readonly lastFailureMs: number | undefined;
  readonly lastErrorKind: ErrorKind | undefined;
}

export interface AdminServiceDependencies {
  readonly replica: string;
  readonly providers: () => readonly ProviderSnapshot[];
}

const REASONS = {
  "not-configured": UnavailableReason.NOT_CONFIGURED,
  disabled: UnavailableReason.DISABLED,
} as const;

function encodeStatus(snapshot: ProviderSnapshot) {
  const { unavailable, lastSuccessMs, lastFailureMs, lastErrorKind } = snapshot;
  return create(ProviderStatusSchema, {
    available: unavailable === undefined,
    inFlight: snapshot.inFlight,
    totalRequests: BigInt(snapshot.totalRequests),
    totalFailures: BigInt(snapshot.totalFailures),
    ...(unavailable !== undefined && {
      reason: REASONS[unavailable.cause],
      message: unavailable.message,
    }),
    ...(lastSuccessMs !== undefined && { lastSuccessTime: encodeTime(lastSuccessMs) }),
    ...(lastFailureMs !== undefined && { lastFailureTime: encodeTime(lastFailureMs) }),
    ...(lastErrorKind !== undefined && {
      lastErrorCategory: errorRow(lastErrorKind, undefined).category,
    }),
  });
}

export function createAdminService({
  replica,
  providers,
}: AdminServiceDependencies): ServedService {
  const handlers: Handlers<typeof AdminService> = {
    async getProviderStatus(request) {
      const known = new Map(providers().map((snapshot) => [snapshot.id, snapshot]));
      const wanted = request.providers.length === 0 ? [...known.keys()] : request.providers;
      const status = wanted.map((id) => {
        const snapshot = known.get(id);
        if (snapshot === undefined) {
          throw new GatewayError("not-found", `no provider instance "${id}" is configured`, {
            reason: "PROVIDER_NOT_FOUND",
            metadata: {
              resource_type: "provider",
              resource_name: id,
              suggestions: [...known.keys()].join(", "),
            },
          });
        }
        return [id, encodeStatus(snapshot)] as const;
      });
      return create(GetProviderStatusResponseSchema, {
        providers: Object.fromEntries(status),
        replica,
        replicaCount: 1,
      });
    },
    listStreamStates: async () => notBuiltMethod("ListStreamStates"),
    getStreamState: async () => notBuiltMethod("GetStreamState"),
    cancelStream: async () => notBuiltMethod("CancelStream"),
    cleanupStreamStates: async () => notBuiltMethod("CleanupStreamStates"),
    resetCircuit: async () => notBuiltMethod("ResetCircuit"),
    getRetryMetrics: async () => notBuiltMethod("GetRetryMetrics"),
  };
  return serve(AdminService, handlers);
}
