import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AdminService } from "../../gen/es/steer/admin/v1/admin_service_pb.js";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import { ModelService } from "../../gen/es/steer/v1/model_service_pb.js";
import {
  Health,
  HealthCheckResponse_ServingStatus as ServingStatus,
} from "../../gen/service/grpc/health/v1/health_pb.ts";
import { createGrpcClient, type GrpcClient } from "../support/grpc-client.ts";
import { openFiles } from "../support/process-figures.ts";
import { type ServiceProcess, startService } from "../support/service.ts";
import { eventually } from "../support/stack.ts";

const { check, watch } = Health.method;

let service: ServiceProcess;
let client: GrpcClient;

// Probes have no key.
beforeAll(async () => {
  const hash = createHash("sha256").update("steer_key-for-tests").digest("hex");
  service = await startService({
    config: `callers: [{id: ops, role: operator, key_sha256: ${hash}}]\n`,
  });
  client = createGrpcClient(service.grpc);
});

afterAll(async () => {
  client.close();
  await service.stop();
});

describe("health", () => {
  it.each(["", GenerationService.typeName, ModelService.typeName, AdminService.typeName])(
    "checks and watches '%s' without a key",
    async (name) => {
      const { status } = await client.unary(check, { service: name });
      expect(status).toBe(ServingStatus.SERVING);
      const call = client.stream(watch, { service: name });
      for await (const update of call) {
        expect(update.status).toBe(ServingStatus.SERVING);
        break;
      }
      call.cancel();
    },
  );

  it("does not know other services: NOT_FOUND once, SERVICE_UNKNOWN to a watcher", async () => {
    await expect(client.unary(check, { service: "steer.v9.Nothing" })).rejects.toMatchObject({
      code: 5,
    });
    const call = client.stream(watch, { service: "steer.v9.Nothing" });
    for await (const { status } of call) {
      expect(status).toBe(ServingStatus.SERVICE_UNKNOWN);
      break;
    }
    call.cancel();
  });

  it("takes as many watchers as it says, and forgets those that have left", async () => {
    const before = openFiles(service.pid);
    for (let round = 0; round < 6; round++) {
      const watchers = createGrpcClient(service.grpc);
      const calls = Array.from({ length: 250 }, () => watchers.stream(watch, {}));
      await Promise.all(calls.map((call) => call.headers));
      watchers.close();
      for (const call of calls) call.cancel();
    }
    await eventually(() => openFiles(service.pid) <= before);
    // More than the limit came in all; there is room for another.
    const call = client.stream(watch, {});
    for await (const { status } of call) {
      expect(status).toBe(ServingStatus.SERVING);
      break;
    }
    call.cancel();
  });
});
