import { describe, expect, it } from "vitest";
import { mergeExpositions } from "../../../src/workers/merge-expositions.ts";
import { readWorkerMetrics } from "../../../src/workers/worker-metrics.ts";

const page = (calls: number) => `# HELP calls_total Calls.
# TYPE calls_total counter
calls_total{method="a b",text="{\\"x\\"} 1"} ${calls}
calls_total ${calls + 1}
# HELP delay_seconds Delay.
# TYPE delay_seconds gauge
delay_seconds 0.5
`;

describe("the metrics of several workers", () => {
  it("are one page: each metric once, each sample with its worker", () => {
    const merged = mergeExpositions([
      { worker: 0, text: page(1) },
      { worker: 2, text: page(5) },
    ]);
    expect(merged).toBe(`# HELP calls_total Calls.
# TYPE calls_total counter
calls_total{worker="0",method="a b",text="{\\"x\\"} 1"} 1
calls_total{worker="0"} 2
calls_total{worker="2",method="a b",text="{\\"x\\"} 1"} 5
calls_total{worker="2"} 6
# HELP delay_seconds Delay.
# TYPE delay_seconds gauge
delay_seconds{worker="0"} 0.5
delay_seconds{worker="2"} 0.5
`);
  });

  it("say which workers have answered", async () => {
    const positions = [
      { worker: 0, process: { readMetrics: async () => page(1) }, starts: 1 },
      { worker: 1, process: { readMetrics: async () => undefined }, starts: 4 },
      { worker: 2, process: undefined, starts: 2 },
    ];
    const text = await readWorkerMetrics(positions, "held_bytes 7\n");
    const own = text.split("\n").filter((line) => line.startsWith("steer_worker"));
    expect(own).toEqual([
      'steer_worker_up{worker="0"} 1',
      'steer_worker_up{worker="1"} 0',
      'steer_worker_up{worker="2"} 0',
      'steer_worker_starts_total{worker="0"} 1',
      'steer_worker_starts_total{worker="1"} 4',
      'steer_worker_starts_total{worker="2"} 2',
    ]);
    expect(text).not.toContain('delay_seconds{worker="1"}');
    // What the primary itself has is of no worker.
    expect(text).toContain("\nheld_bytes 7\n");
  });
});
