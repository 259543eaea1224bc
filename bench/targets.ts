/** A figure that the gateway must reach. The bars stand at the rows of the legs that measure it. */
interface Target {
  readonly figure: string;
  /** On 2026-11-29, before the work on them. */
  readonly before: string;
  readonly target: string;
  /** Number of rows that the legs have for it. It is not reached before all of them are measured. */
  readonly rows: number;
}

export const TARGETS = {
  unary: {
    figure: "unary gRPC, steady",
    before: "205 µs = 1.24 × Bifrost",
    target: "≤ 0.8 × Bifrost, ≤ 2.5 × the floor",
    rows: 2,
  },
  "connect-unary": {
    figure: "unary Connect JSON",
    before: "446 µs = 0.8 × Portkey",
    target: "≤ 0.4 × Portkey",
    rows: 1,
  },
  cold: {
    figure: "first 1,000 calls after readiness",
    before: "3.3 × steady",
    target: "≤ 1.5 × steady",
    rows: 1,
  },
  event: {
    figure: "event gRPC unpaced, stored",
    before: "2.0 × the floor",
    target: "≤ 1.4 × the floor",
    rows: 1,
  },
  paced: {
    figure: "event gRPC paced 5 ms, 32 streams, stored",
    before: "1.52 × Bifrost",
    target: "≤ 1.15 × floor-2026-11",
    rows: 1,
  },
  "connect-event": {
    figure: "event Connect beside gRPC",
    before: "1.9 to 2.7 ×",
    target: "≤ 1.3 ×",
    rows: 3,
  },
  latency: {
    figure: "added latency of one call, added first token, p50",
    before: "1.20; 1.9 ms",
    target: "≤ 0.6; ≤ 1.0 ms",
    rows: 2,
  },
  memory: {
    figure: "memory: idle; after load; 500 live streams",
    before: "117; 253; 324 MiB",
    target: "≤ 100; ≤ 160; ≤ 200 MiB",
    rows: 3,
  },
  held: {
    figure: "memory held by counted byte of the store",
    before: "9 to 12 ×",
    target: "≤ 1.3 ×",
    rows: 1,
  },
  growth: {
    figure: "10,000 keys; 5,000 models, unknown name; 50,000 streams, a page",
    before: "+ 730 µs; 6.4 ms; 65 ms",
    target: "+ ≤ 1 µs; ≤ 0.1 ms; ≤ 1 ms",
    rows: 3,
  },
  cores: {
    figure: "8 cores",
    before: "by hand, 8 ports",
    target: "one command, one port, ≥ 0.85 linear to the cores there are",
    rows: 1,
  },
} as const satisfies Readonly<Record<string, Target>>;

export type TargetName = keyof typeof TARGETS;
