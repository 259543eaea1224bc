import { create, toBinary } from "@bufbuild/protobuf";
import {
  Health,
  HealthCheckRequestSchema,
  HealthCheckResponseSchema,
  HealthCheckResponse_ServingStatus as ServingStatus,
} from "../../gen/service/grpc/health/v1/health_pb.ts";
import { Code } from "../domain/error-table.ts";
import { RpcStatusError } from "./call.ts";
import type { GrpcAnswer } from "./grpc-answer.ts";
import type { GrpcCall } from "./grpc-call.ts";
import type { GrpcMethod } from "./grpc-methods.ts";
import { SMALL_REQUEST_BYTES } from "./requests/request-limits.ts";

/** `grpc.health.v1`: one state for the process and all its services. Needs no credential. */
export interface HealthService {
  /** With their paths. */
  readonly methods: readonly [path: string, method: GrpcMethod][];
  /** Sets the state for all watchers. */
  setServing(serving: boolean): void;
}

/** Most watchers; further ones are refused. */
const MAX_WATCHERS = 1_000;

/** Frozen, so that the status is encoded once. */
function refusal(code: keyof typeof Code, message: string): RpcStatusError {
  const status = Object.freeze({ code: Code[code], message, details: [], trailers: {} });
  return new RpcStatusError(status, undefined);
}

/** The answer with a state, encoded once. */
function answerOf(status: ServingStatus): Uint8Array {
  return toBinary(HealthCheckResponseSchema, create(HealthCheckResponseSchema, { status }));
}

const SERVING = answerOf(ServingStatus.SERVING);
const NOT_SERVING = answerOf(ServingStatus.NOT_SERVING);
const SERVICE_UNKNOWN = answerOf(ServingStatus.SERVICE_UNKNOWN);

const UNKNOWN_SERVICE = refusal("NOT_FOUND", "unknown service");
const TOO_MANY_WATCHERS = refusal("RESOURCE_EXHAUSTED", "too many watchers");

/** The requested service. */
async function serviceOf(call: GrpcCall): Promise<string> {
  const { service } = await call.readAs(HealthCheckRequestSchema, SMALL_REQUEST_BYTES);
  return service;
}

export function createHealthService(services: readonly string[]): HealthService {
  const known = new Set(["", ...services]);
  const watchers = new Map<GrpcAnswer, string>();
  let serving = true;

  function statusOf(service: string): Uint8Array {
    if (!known.has(service)) return SERVICE_UNKNOWN;
    return serving ? SERVING : NOT_SERVING;
  }

  async function check(call: GrpcCall): Promise<void> {
    const service = await serviceOf(call);
    if (!known.has(service)) throw UNKNOWN_SERVICE;
    call.answer.succeed(statusOf(service));
  }

  async function watch(call: GrpcCall): Promise<void> {
    const { answer, signal } = call;
    const service = await serviceOf(call);
    if (watchers.size >= MAX_WATCHERS) throw TOO_MANY_WATCHERS;
    if (signal.aborted) return;
    watchers.set(answer, service);
    signal.addEventListener("abort", () => watchers.delete(answer));
    answer.add(statusOf(service));
  }

  return {
    methods: [
      [`/${Health.typeName}/Check`, { kind: "open", serve: check }],
      [`/${Health.typeName}/Watch`, { kind: "open", serve: watch }],
    ],
    setServing(value) {
      if (value === serving) return;
      serving = value;
      for (const [answer, service] of watchers) answer.add(statusOf(service));
    },
  };
}
