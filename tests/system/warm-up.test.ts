// A service that has warmed up is a service that has done nothing.
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { ActivityService } from "../../gen/es/steer/admin/v1/activity_service_pb.js";
import { AdminService } from "../../gen/es/steer/admin/v1/admin_service_pb.js";
import { UsageService } from "../../gen/es/steer/admin/v1/usage_service_pb.js";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import { createGrpcClient } from "../support/grpc-client.ts";
import { startService } from "../support/service.ts";

const folder = mkdtempSync(join(tmpdir(), "steer-warm-up-"));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Samples of the metrics that count, without those of the process itself. */
async function countsAt(address: string): Promise<readonly string[]> {
  const text = await (await fetch(`http://${address}/metrics`)).text();
  const samples = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return samples.filter((line) => !/^(?:nodejs|v8js|process|target_info)/.test(line)).sort();
}

/** A message as text. The times are those of the start. */
const withoutTimes = (message: object): string =>
  JSON.stringify(message, (key, value: unknown) => {
    if (key === "stateTime") return undefined;
    return typeof value === "bigint" ? String(value) : value;
  });

/** Everything that a service has to tell when it is ready. */
async function startedState(name: string, more = "") {
  const usageFile = join(folder, `${name}.jsonl`);
  const config = `
providers:
  - {id: one, type: simulator}
models:
  - {id: m, provider: one}
accounting: {usage_file: "${usageFile}"}
telemetry: {metrics_address: "127.0.0.1:0"}
${more}`;
  const service = await startService({ config });
  const client = createGrpcClient(service.grpc);
  try {
    const [listening] = service.log;
    // Before the calls of this test, which have counts.
    const counts = await countsAt(String(listening?.["metrics"]));
    const calls = await client.unary(ActivityService.method.listRecentCalls, {});
    const streams = await client.unary(AdminService.method.listStreamStates, {});
    const status = await client.unary(AdminService.method.getProviderStatus, {});
    const usage = await client.unary(UsageService.method.queryUsage, {});
    const state = {
      // The calls of this test have lines, and name no model.
      lines: service.log
        .filter((line) => line["event"] !== "call" || line["requested_model"] !== undefined)
        .map(({ event, message }) => message ?? event),
      errors: service.errors(),
      calls: calls.calls.length,
      streams: streams.streamStates.length,
      providers: withoutTimes(status.providers),
      usage: usage.rows.length,
      counts: counts.filter((line) => !line.includes("event_loop")),
      records: existsSync(usageFile) ? readFileSync(usageFile, "utf8") : "",
    };
    await client.unary(GenerationService.method.generate, {
      spec: { model: "m", prompt: "Say a word." },
    });
    return state;
  } finally {
    client.close();
    await service.stop();
  }
}

it("a warm-up leaves no line, call, stream, record, sum, metric or target", async () => {
  const warmed = await startedState("warmed", "warm_up: 500ms # because: the test is about it\n");
  expect(warmed).toEqual(await startedState("cold"));
  expect(warmed).toMatchObject({ calls: 0, streams: 0, usage: 0, records: "", errors: "" });
});

it("workers warm up too, and nothing is told of it", async () => {
  const config = `
workers: 2 # because: the test is about several
warm_up: 100ms # because: the test is about it
`;
  const service = await startService({ config });
  const client = createGrpcClient(service.grpc);
  try {
    const { calls } = await client.unary(ActivityService.method.listRecentCalls, {});
    expect(calls).toEqual([]);
    // The call of this test has a line, and names no model.
    const warnings = service.log.filter(({ event }) => event === "warning");
    expect(warnings.map(({ message }) => message)).toEqual([]);
    expect(service.log.filter((line) => line["requested_model"] !== undefined)).toEqual([]);
  } finally {
    client.close();
    await service.stop();
  }
});

it("a length that is none is refused", async () => {
  const config = "warm_up: 11s # because: it is too long\n";
  await expect(startService({ config })).rejects.toThrow(
    "warm_up: must be a duration of at most 10s, or 0s for none",
  );
});
