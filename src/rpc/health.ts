import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import grpc from "@grpc/grpc-js";
import {
  Health,
  type HealthCheckRequest,
  HealthCheckRequestSchema,
  type HealthCheckResponse,
  HealthCheckResponseSchema,
  HealthCheckResponse_ServingStatus as ServingStatus,
} from "../../gen/service/grpc/health/v1/health_pb.ts";

/** `grpc.health.v1`: one state for the process and all its services. Needs no credential. */
export interface HealthService {
  addTo(server: grpc.Server): void;
  /** Sets the state for all watchers. */
  setServing(serving: boolean): void;
}

const CHECK_PATH = `/${Health.typeName}/Check`;
const WATCH_PATH = `/${Health.typeName}/Watch`;

export const HEALTH_PATHS: readonly string[] = [CHECK_PATH, WATCH_PATH];

type WatchCall = grpc.ServerWritableStream<HealthCheckRequest, HealthCheckResponse>;

/** Most watchers; further ones are refused. */
const MAX_WATCHERS = 1_000;

// Requests are decoded here, because grpc-js treats an empty message as missing.
const decode = (bytes: Buffer): HealthCheckRequest => fromBinary(HealthCheckRequestSchema, bytes);
const encode = (message: HealthCheckResponse): Buffer =>
  Buffer.from(toBinary(HealthCheckResponseSchema, message));

export function createHealthService(services: readonly string[]): HealthService {
  const known = new Set(["", ...services]);
  const watchers = new Map<WatchCall, string>();
  let serving = true;

  function statusOf(service: string): HealthCheckResponse {
    const unknown = ServingStatus.SERVICE_UNKNOWN;
    const own = serving ? ServingStatus.SERVING : ServingStatus.NOT_SERVING;
    return create(HealthCheckResponseSchema, { status: known.has(service) ? own : unknown });
  }

  const check: grpc.handleUnaryCall<HealthCheckRequest, HealthCheckResponse> = (call, reply) => {
    if (known.has(call.request.service)) return reply(null, statusOf(call.request.service));
    reply({ code: grpc.status.NOT_FOUND, details: "unknown service" });
  };

  const watch: grpc.handleServerStreamingCall<HealthCheckRequest, HealthCheckResponse> = (call) => {
    if (watchers.size >= MAX_WATCHERS) {
      call.emit("error", { code: grpc.status.RESOURCE_EXHAUSTED, details: "too many watchers" });
      return;
    }
    watchers.set(call, call.request.service);
    call.once("cancelled", () => watchers.delete(call));
    call.write(statusOf(call.request.service));
  };

  return {
    addTo(server) {
      const common = {
        requestStream: false,
        requestSerialize: () => Buffer.alloc(0),
        requestDeserialize: decode,
        responseSerialize: encode,
        responseDeserialize: () => undefined,
      } as const;
      server.addService(
        {
          check: { path: CHECK_PATH, responseStream: false, ...common },
          watch: { path: WATCH_PATH, responseStream: true, ...common },
        },
        { check, watch },
      );
    },
    setServing(value) {
      if (value === serving) return;
      serving = value;
      for (const [call, service] of watchers) call.write(statusOf(service));
    },
  };
}
