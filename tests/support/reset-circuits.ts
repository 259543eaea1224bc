import { create } from "@bufbuild/protobuf";
import { AdminService } from "../../gen/es/steer/admin/v1/admin_service_pb.js";
import { RetryPolicySchema } from "../../gen/es/steer/v1/generation_pb.js";
import type { GrpcClient } from "./grpc-client.ts";

/** A request's `retry` under which nothing follows the first attempt. */
export const ONE_ATTEMPT = create(RetryPolicySchema, { maxTotalAttempts: 1 });

/** Makes these providers forget earlier failures, as an operator does: circuits, cooldowns, refused credentials. */
export async function resetCircuits(
  client: GrpcClient,
  providers: readonly string[],
): Promise<void> {
  const { resetCircuit } = AdminService.method;
  await Promise.all(providers.map((provider) => client.unary(resetCircuit, { provider })));
}
