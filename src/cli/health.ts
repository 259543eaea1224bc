import {
  Health,
  HealthCheckResponse_ServingStatus as Status,
} from "../../gen/service/grpc/health/v1/health_pb.ts";
import { CallFailed } from "./client.ts";
import type { Command } from "./command.ts";

const TIMEOUT_MS = 3_000;

export const health: Command = {
  summary: "ask the service whether it serves; for container health checks",
  usage: ["steer health"],
  about: `Asks grpc.health.v1 at STEER_ADDRESS, or at the address of this configuration's service.
Exit status 0 if it serves.`,
  flags: { "": {} },
  async run(_args, { client, stdout, signal }) {
    const answer = await client.unary(Health.method.check, {}, { timeoutMs: TIMEOUT_MS, signal });
    const serving = answer.status === Status.SERVING;
    stdout.write(`${serving ? "SERVING" : "NOT_SERVING"}\n`);
    if (!serving) throw new CallFailed(14, "the service does not serve", undefined, undefined);
  },
};
