import { expect, it } from "vitest";
import { ActivityShare } from "../../../src/activity/activity-share.ts";
import {
  decodeShared,
  encodeShared,
  MAX_SHARED_CALLS,
  MAX_SHARED_SECONDS,
} from "../../../src/activity/shared-activity.ts";
import { sumSamples } from "../../../src/activity/sum-samples.ts";
import { WatchedHints } from "../../../src/activity/watched-hints.ts";
import type { ActivitySample, RecentCall } from "../../../src/domain/activity.ts";
import { createManualClock } from "../../support/manual-clock.ts";

const SAMPLE: ActivitySample = {
  second: 100,
  replicaCount: 1,
  calls: 3,
  errors: new Map([["network", 2]]),
  runningCalls: 4,
  runningGenerations: 5,
  generations: 6,
  attempts: 7,
  inputTokens: 8,
  outputTokens: 9,
  costs: new Map([["USD", 10]]),
  firstTokens: [1, 0, 2],
  delayMs: 1.5,
};

const CALL: RecentCall = {
  endMs: 1_000.5,
  replica: "b",
  number: 7,
  fields: { caller: "a", duration_ms: 3, output_tokens: 4 },
};

const overTheStore = (value: object): unknown => JSON.parse(JSON.stringify(value));

it("arrives as it was sent", () => {
  const sent = encodeShared({ samples: [SAMPLE], calls: [CALL] });
  expect(decodeShared(overTheStore(sent), "b")).toEqual({
    replica: "b",
    samples: [SAMPLE],
    calls: [CALL],
  });
  const without = encodeShared({ samples: [SAMPLE], calls: undefined });
  expect(decodeShared(overTheStore(without), "b")?.calls).toBeUndefined();
});

it("is bounded by its reader", () => {
  const many = encodeShared({
    samples: Array.from({ length: 1_000 }, () => SAMPLE),
    calls: Array.from({ length: 1_000 }, () => CALL),
  });
  const read = decodeShared(overTheStore(many), "b");
  expect(read?.samples.length).toBe(MAX_SHARED_SECONDS);
  expect(read?.calls?.length).toBe(MAX_SHARED_CALLS);
  const long = { ...CALL, fields: { caller: "x".repeat(10_000), labels: "content" } };
  const sent = encodeShared({ samples: [], calls: [long as never] });
  expect(decodeShared(overTheStore(sent), "b")?.calls?.[0]?.fields).toEqual({});
});

it("of another version, or broken, is nothing", () => {
  const sample = overTheStore(encodeShared({ samples: [SAMPLE], calls: undefined })) as {
    samples: object[];
  };
  const [whole] = sample.samples;
  const broken = [
    undefined,
    null,
    7,
    {},
    { samples: "x" },
    { samples: [null] },
    { samples: [{ ...whole, calls: -1 }] },
    { samples: [{ ...whole, inputTokens: 1.5 }] },
    { samples: [{ ...whole, errors: {} }] },
    { samples: [whole], calls: [{}] },
  ];
  for (const value of broken) expect(decodeShared(value, "b")).toBeUndefined();
});

it("is told only for as long as a hint says, and calls only if they are asked for", () => {
  const clock = createManualClock();
  const share = new ActivityShare({
    now: () => clock.now(),
    latestCalls: (max) => [CALL].slice(0, max),
    latestSamples: () => [sumSamples(1, [])],
  });
  const told = () => decodeShared(share.current(), "b");
  expect(share.current()).toBeUndefined();
  share.heard({ forMs: 10_000, calls: false });
  expect(told()).toMatchObject({ samples: [{ second: 1 }], calls: undefined });
  share.heard({ forMs: 5_000, calls: true });
  expect(told()?.calls).toEqual([CALL]);
});

it("ends with the hint, and no hint counts for more than a minute", async () => {
  const clock = createManualClock();
  const share = new ActivityShare({
    now: () => clock.now(),
    latestCalls: () => [],
    latestSamples: () => [],
  });
  share.heard({ forMs: 1e12, calls: true });
  await clock.advance(59_999);
  expect(share.current()).toBeDefined();
  await clock.advance(1);
  expect(share.current()).toBeUndefined();
});

it("is asked for at most every five seconds", async () => {
  const clock = createManualClock();
  const sent: unknown[] = [];
  const hints = new WatchedHints(clock, (hint) => sent.push(hint));
  for (let second = 0; second < 11; second++) {
    hints.send(false);
    if (second === 3) hints.send(true);
    await clock.advance(1_000);
  }
  const hint = { forMs: 10_000, calls: false };
  expect(sent).toEqual([hint, { ...hint, calls: true }, hint, hint]);
});
