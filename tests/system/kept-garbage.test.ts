// Calls leave garbage that young collections free. What they promote is freed by full collections only, which cost
// more, and until then the process is larger.
import { expect, it } from "vitest";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import { createGrpcClient } from "../support/grpc-client.ts";
import { collectedDuring, INSPECTABLE } from "../support/inspected.ts";
import { startService } from "../support/service.ts";

const MIB = 1024 * 1024;
const CALLS = 3_000;
/** Calls at a time. */
const AT_ONCE = 16;
/** Calls that run during a collection survive it, and Node keeps a part of each HTTP/2 stream: together 0.021. */
const MAX_PROMOTED = 0.028;

it("of what unary calls allocate, young collections promote next to nothing", {
  timeout: 240_000,
}, async () => {
  const service = await startService({ env: INSPECTABLE });
  const client = createGrpcClient(service.grpc);
  const call = async (): Promise<void> => {
    await client.unary(GenerationService.method.generate, {
      // Calls overlap only if they wait for something.
      spec: {
        model: "simulator",
        prompt: "Hi",
        providerOptions: { simulator: { tokens: 2, pace_ms: 2 } },
      },
    });
  };
  const many = async (calls: number): Promise<void> => {
    let left = calls;
    const next = async (): Promise<void> => {
      while (left-- > 0) await call();
    };
    await Promise.all(Array.from({ length: AT_ONCE }, next));
  };
  await many(500);
  // The full collection comes while calls run, as it does in production: it makes what they have in common old.
  const calls = many(CALLS);
  const { allocated, promoted } = await collectedDuring(service, () => calls);
  expect(allocated).toBeGreaterThan(100 * MIB);
  expect(promoted / allocated, `${promoted} of ${allocated} bytes`).toBeLessThan(MAX_PROMOTED);
  client.close();
  await service.stop();
});
