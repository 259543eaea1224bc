import { create } from "@bufbuild/protobuf";
import { AdminService } from "../../gen/es/steer/admin/v1/admin_service_pb.js";
import { RetryPolicySchema } from "../../gen/es/steer/v1/generation_pb.js";
import type { GrpcClient } from "./grpc-client.ts";

/** A `retry` setting that allows only one attempt. */
export const ONE_ATTEMPT = create(RetryPolicySchema, { maxTotalAttempts: 1 });

/** Resets these providers' circuits, cooldowns and refused credentials, as an operator would. */
export async function resetCircuits(
  client: GrpcClient,
  providers: readonly string[],
): Promise<void> {
  const { resetCircuit } = AdminService.method;
  await Promise.all(providers.map((provider) => client.unary(resetCircuit, { provider })));
}
