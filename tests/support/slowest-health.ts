import { Health } from "../../gen/service/grpc/health/v1/health_pb.ts";
import type { GrpcClient } from "./grpc-client.ts";

/** Slowest answer of the health service until `work` ends, in milliseconds. */
export async function slowestHealth(client: GrpcClient, work: Promise<unknown>) {
  let isDone = false;
  const done = (): void => {
    isDone = true;
  };
  work.then(done, done);
  let slowest = 0;
  let answers = 0;
  while (!isDone) {
    const startedAt = performance.now();
    await client.unary(Health.method.check, {});
    slowest = Math.max(slowest, performance.now() - startedAt);
    answers++;
  }
  await work;
  return { slowest, answers };
}
