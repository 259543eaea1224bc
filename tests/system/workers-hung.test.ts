// A worker whose event loop stands still: its calls wait for a while, and then go on as after a death.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { streamGenerate } from "../../clients/typescript/steer.ts";
import { CALLER_CONFIG, type HelperClient, helperClient } from "../support/helper-clients.ts";
import { metricsPage, samplesOf } from "../support/read-metrics.ts";
import { eventually } from "../support/stack.ts";
import { startWorkers, type Workers } from "../support/workers.ts";

/** Long enough to be under way when the worker is stopped. */
const SPEC = {
  model: "simulator",
  prompt: "Hi",
  providerOptions: { simulator: { tokens: 40, pace_ms: 50 } },
};

let service: Workers;
let clients: HelperClient[] = [];

beforeAll(async () => {
  service = await startWorkers(2, {
    config: `${CALLER_CONFIG}worker_timeout: 5s # because: nobody waits here for the default of 30 s\n`,
    env: { STEER_TELEMETRY_METRICS_ADDRESS: "127.0.0.1:0" },
  });
  clients = [0, 1].map(() => helperClient("grpc-js", service.grpc));
});

afterAll(async () => {
  for (const { close } of clients) close();
  await service[Symbol.asyncDispose]();
});

/** Reads a stream to its end, and returns its last event. */
async function readStream({ client }: HelperClient, onEvent: () => void) {
  let last: string | undefined;
  for await (const { event } of streamGenerate(client, { spec: SPEC })) {
    last = event.case;
    onEvent();
  }
  return last;
}

async function sampleOf(name: string) {
  return samplesOf(await metricsPage(service)).find((sample) => sample.name === name);
}

describe("a worker that hangs", () => {
  it("is killed and replaced, and its streams go on at the other", async () => {
    const begun = new Set<number>();
    const streams = clients.map((client, index) => readStream(client, () => begun.add(index)));
    await eventually(() => begun.size === clients.length);
    // The primary has the store, and so its memory.
    const held = await sampleOf("steer_store_held_bytes");
    expect(held?.value).toBeGreaterThan(0);
    expect(held?.labels).toEqual(new Map([["steer_store_type", "memory"]]));
    const halted = service.lines("worker ready").findLast(({ worker }) => worker === 0);
    process.kill(Number(halted?.["pid"]), "SIGSTOP");
    expect(await Promise.all(streams)).toEqual(["complete", "complete"]);
    const end = () =>
      service.lines("worker ended").find(({ replica }) => replica === halted?.["replica"]);
    await eventually(() => end() !== undefined);
    expect(end()).toMatchObject({
      worker: 0,
      signal: "SIGKILL",
      problem: "the event loop stands still: no answer for 5 s",
    });
    await eventually(() => service.lines("takeover").length > 0);
    await eventually(() => service.lines("worker ready").length > 2);
    // A page is kept for a second.
    await eventually(async () => ((await sampleOf("steer_worker_starts_total"))?.value ?? 0) > 1);
  });
});
