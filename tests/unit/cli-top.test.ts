import { create } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import {
  type ActivitySample,
  ActivitySampleSchema,
  WatchActivityResponseSchema,
} from "../../gen/service/steer/admin/v1/activity_service_pb.ts";
import {
  CircuitState,
  ProviderStatusSchema,
  StreamPhase,
  StreamStateSchema,
  UnavailableReason,
} from "../../gen/service/steer/admin/v1/admin_service_pb.ts";
import { ErrorCategory } from "../../gen/service/steer/v1/error_pb.ts";
import { ActivityWindow } from "../../src/cli/activity-figures.ts";
import { painter, shortTime, type TopFrame, viewOf } from "../../src/cli/top-view.ts";

const START_MS = 1_790_000_000_000;
const BOUNDS = [100, 200, 400].map(durationFromMs);

type Given = Partial<Omit<ActivitySample, "$typeName">>;

function sampleOf(second: number, given: Given = {}): ActivitySample {
  const endTime = timestampFromMs(START_MS + second * 1_000);
  return create(ActivitySampleSchema, { endTime, ...given } as never);
}

function figuresOf(...samples: readonly ActivitySample[]) {
  const window = new ActivityWindow();
  window.add(samples, BOUNDS);
  return window.figures();
}

describe("the figures of the last minute", () => {
  it("are rates over the time that the samples cover, gaps included", () => {
    const figures = figuresOf(
      sampleOf(1, { calls: 10n, outputTokens: 100n }),
      sampleOf(5, { calls: 10n, outputTokens: 400n, runningCalls: 3n, runningGenerations: 2n }),
    );
    expect(figures).toMatchObject({
      seconds: 5,
      callsPerSecond: 4,
      outputTokensPerSecond: 100,
      runningCalls: 3,
      runningGenerations: 2,
    });
  });

  it("forget what is older than a minute", () => {
    const window = new ActivityWindow();
    window.add([sampleOf(1, { calls: 1_000n })], BOUNDS);
    window.add([sampleOf(61, { calls: 60n })], []);
    expect(window.figures()).toMatchObject({ seconds: 1, callsPerSecond: 60 });
  });

  it("do not count cancelled calls as failed", () => {
    const errors = [
      { category: ErrorCategory.CANCELLED, count: 5n },
      { category: ErrorCategory.NETWORK, count: 2n },
      { category: ErrorCategory.VALIDATION, count: 3n },
    ];
    expect(figuresOf(sampleOf(1, { calls: 20n, errors } as never)).failedShare).toBe(0.25);
    expect(figuresOf(sampleOf(1)).failedShare).toBe(0);
  });

  it("have quantiles of times to first token within their intervals", () => {
    const none = figuresOf(sampleOf(1));
    expect([none.firstTokenP50Ms, none.firstTokenP95Ms]).toEqual([undefined, undefined]);
    const even = figuresOf(
      sampleOf(1, { firstTokenCounts: [0n, 50n, 0n, 0n] }),
      sampleOf(2, { firstTokenCounts: [0n, 0n, 50n, 0n] }),
    );
    expect([even.firstTokenP50Ms, even.firstTokenP95Ms]).toEqual([200, 380]);
    const above = figuresOf(sampleOf(1, { firstTokenCounts: [1n, 0n, 0n, 99n] }));
    expect(above.firstTokenP95Ms).toBe(400);
  });

  it("have the cost of an hour by currency, and the longest delay", () => {
    const costs = [
      { currencyCode: "USD", units: 1n, picos: 500_000_000_000n },
      { currencyCode: "EUR", units: 0n, picos: 1_000_000_000n },
    ];
    const figures = figuresOf(
      sampleOf(1, { eventLoopDelay: durationFromMs(7) }),
      sampleOf(2, { costs, eventLoopDelay: durationFromMs(3) } as never),
    );
    expect(figures.costPerHour).toEqual({ USD: 2_700, EUR: 1.8 });
    expect(figures.eventLoopDelayMs).toBe(7);
  });
});

const HOSTILE = "down\u001b[2J\r\n\u0007again";

function frameOf(providers: number, streams: number): TopFrame {
  const at = (ms: number) => timestampFromMs(START_MS + ms);
  const status = (index: number) =>
    create(ProviderStatusSchema, {
      available: index > 0,
      message: index > 0 ? "" : "the circuits of its models are open",
      circuit: {
        state: index > 0 ? CircuitState.CLOSED : CircuitState.OPEN,
        nextProbeTime: at(9_000),
      },
      modelCircuits: {
        "a-model": { state: CircuitState.CLOSED },
        [`a-model-with-a-name-that-is-far-too-long-for-a-terminal-${index}`]: {
          state: CircuitState.HALF_OPEN,
        },
      },
      inFlight: 12,
      queued: 3,
      lastErrorMessage: HOSTILE,
      lastFailureTime: at(-5_000),
      cooldownEndTime: at(61_000),
    });
  const unused = create(ProviderStatusSchema, { reason: UnavailableReason.NOT_CONFIGURED });
  return {
    nowMs: START_MS,
    figures: figuresOf(sampleOf(1, { eventLoopDelay: durationFromMs(500) })),
    answer: create(WatchActivityResponseSchema, {
      replica: "abcd1234",
      replicas: ["abcd1234", "ef567890"],
      version: "1.2.3",
      draining: true,
      store: { type: "redis", available: false, cause: "timeout" },
    }),
    providers: [
      ...Array.from({ length: providers }, (_, index) => [`p${index}`, status(index)] as const),
      ["unused", unused],
    ],
    streams: Array.from({ length: streams }, (_, index) =>
      create(StreamStateSchema, {
        streamId: `s.${String(index).padStart(32, "0")}`,
        phase: StreamPhase.ORPHANED,
        caller: HOSTILE,
        createTime: at(-3_600_000),
        target: { provider: "p", model: "m" },
      }),
    ),
    hasMoreStreams: true,
  };
}

describe("the view of steer top", () => {
  it("fits every terminal", () => {
    for (const columns of [1, 20, 80, 200]) {
      for (const rows of [1, 5, 8, 24, 100]) {
        const lines = viewOf(frameOf(20, 20), { columns, rows }, painter(false));
        const where = `${columns}x${rows}`;
        expect(lines.length, where).toBeLessThanOrEqual(rows);
        expect(Math.max(...lines.map((line) => line.length)), where).toBeLessThanOrEqual(columns);
      }
    }
  });

  it("passes nothing on to the terminal that a provider or a caller has sent to rule it", () => {
    const lines = viewOf(frameOf(2, 2), { columns: 300, rows: undefined }, painter(false));
    expect(lines.join("\n")).not.toMatch(/[\p{Cc}--\n]/v);
    expect(lines.join("\n")).toContain("down [2J again");
  });

  it("shows the state of targets, in words as well as in colours", () => {
    const lines = viewOf(frameOf(2, 1), { columns: 200, rows: undefined }, painter(false));
    const [head, , , , , first] = lines;
    expect(head).toContain("2 replicas, draining  store redis away: timeout");
    expect(first).toMatch(
      /^p0 .* open 9\.0 s +12 +3 +1 min {2}the circuits of its models are open; 5\.0 s ago: down/,
    );
    expect(lines.join("\n")).toMatch(/^ {2}a-model-with.* half-open/m);
    expect(lines.join("\n")).toMatch(/^1 more: not configured or switched off/m);
    const coloured = viewOf(frameOf(2, 1), { columns: 200, rows: undefined }, painter(true));
    expect(coloured[5]).toBe(`\u001b[31m${first}\u001b[0m`);
  });

  it("says how much it leaves out", () => {
    const lines = viewOf(frameOf(20, 20), { columns: 80, rows: 24 }, painter(false));
    expect(lines.filter((line) => /^… and \d+ more$/.test(line)).length).toBe(2);
    const most = viewOf(frameOf(1, 3), { columns: 80, rows: 40 }, painter(false));
    expect(most.at(-1)).toBe("… and more");
  });
});

it("short times have their unit", () => {
  expect([0, 999, 1_000, 59_940, 60_000, 3_599_999, 7_200_000].map(shortTime)).toEqual([
    "0 ms",
    "999 ms",
    "1.0 s",
    "59.9 s",
    "1 min",
    "59 min",
    "2 h",
  ]);
});
