import { expect, it } from "vitest";
import { ModelService } from "../../../gen/service/steer/v1/model_service_pb.ts";
import { createDispatcher } from "../../../src/rpc/dispatcher.ts";
import { noTelemetry } from "../../../src/telemetry/telemetry.ts";
import { createManualClock } from "../../support/manual-clock.ts";

it("a replica that drains says so in the span and the line of a call alike", async () => {
  const spans: unknown[] = [];
  const lines: unknown[] = [];
  const dispatcher = createDispatcher({
    services: [],
    checkOrigin: () => {},
    authenticate: () => ({ id: "alice", role: "caller" }),
    authorize: () => {},
    telemetry: { ...noTelemetry, startCall: () => ({ end: (end) => void spans.push(end) }) },
    clock: createManualClock(),
    requestBytes: 1_000,
    log: (line) => void lines.push(line),
    replica: "here",
    version: "1.2.3",
    endGenerations: async () => {},
  });
  dispatcher.startDraining();
  const call = dispatcher.admit(
    {
      method: ModelService.method.listModels,
      system: "grpc",
      peer: { address: "127.0.0.1", certificateNames: [] },
      hosts: [],
      header: () => undefined,
      headerNames: () => [],
    },
    {},
  );
  await expect(call).rejects.toMatchObject({ status: { code: 14 } });
  expect(spans).toEqual([{ code: "UNAVAILABLE", reason: "draining" }]);
  expect(lines).toMatchObject([{ error: "draining", reason: "DRAINING", code: "UNAVAILABLE" }]);
});
