import { expect, it } from "vitest";
import { ActivityFeed, WatcherPlaces } from "../../../src/activity/activity-feed.ts";
import { sumSamples } from "../../../src/activity/sum-samples.ts";
import type { ActivitySample } from "../../../src/domain/activity.ts";
import { GatewayError } from "../../../src/domain/gateway-error.ts";
import type { ActivityReport } from "../../../src/ports/activity.ts";
import { createManualClock } from "../../support/manual-clock.ts";

function setUp(maxWatchers = 10) {
  const clock = createManualClock();
  const samples: ActivitySample[] = [];
  const source = {
    get last() {
      return samples.at(-1)?.second ?? 0;
    },
    after: (second: number) => samples.filter((sample) => sample.second > second),
    replicas: ["a"],
  };
  const feed = new ActivityFeed({
    clock,
    source,
    places: new WatcherPlaces(maxWatchers),
    answerTimeMs: (ms) => ms - 100,
  });
  return {
    clock,
    feed,
    second(second: number) {
      samples.push(sumSamples(second, []));
      feed.publish();
    },
    watch(signal = new AbortController().signal, timeoutMs?: number, historySeconds = 900) {
      const reports = feed.watch({ scope: "replica", historySeconds, signal, timeoutMs });
      return {
        next: async () => (await reports.next()).value as ActivityReport,
        seconds: async () => {
          const report = (await reports.next()).value as ActivityReport;
          return report.samples.map(({ second }) => second);
        },
        leave: () => reports.return(),
      };
    },
  };
}

it("reports the past at once, and then each second", async () => {
  const { second, watch } = setUp();
  for (const each of [1, 2, 3]) second(each);
  const watcher = watch();
  expect(await watcher.seconds()).toEqual([1, 2, 3]);
  const next = watcher.seconds();
  second(4);
  expect(await next).toEqual([4]);
});

it("reports as much of the past as is asked for, and none at the start of the process", async () => {
  const { second, watch } = setUp();
  expect(await watch().seconds()).toEqual([]);
  for (const each of [1, 2, 3]) second(each);
  expect(await watch(undefined, undefined, 2).seconds()).toEqual([2, 3]);
  expect(await watch(undefined, undefined, 0).seconds()).toEqual([]);
});

it("gives watchers of the same second the same report", async () => {
  const { second, watch } = setUp();
  const watchers = [watch(), watch()];
  for (const watcher of watchers) await watcher.next();
  const waiting = watchers.map((watcher) => watcher.next());
  second(1);
  const [one, other] = await Promise.all(waiting);
  expect(one).toBe(other);
});

it("gives a slow watcher all that it has missed in one report", async () => {
  const { second, watch } = setUp();
  const slow = watch();
  await slow.next();
  for (const each of [1, 2, 3, 4]) second(each);
  expect(await slow.seconds()).toEqual([1, 2, 3, 4]);
  const next = slow.seconds();
  second(5);
  expect(await next).toEqual([5]);
});

it("refuses watchers above the bound until one leaves", async () => {
  const { watch } = setUp(2);
  const [first, second] = [watch(), watch()];
  await first.next();
  await second.next();
  await expect(watch().next()).rejects.toMatchObject({
    kind: "caller-limit",
    reason: "OPEN_STREAMS",
  });
  await first.leave();
  expect((await watch().next()).samples).toEqual([]);
});

it("ends a watcher whose call is aborted, with the reason", async () => {
  const { feed, watch } = setUp();
  const controller = new AbortController();
  const watcher = watch(controller.signal);
  await watcher.next();
  expect(feed.isWatched).toBe(true);
  const next = watcher.next();
  const revoked = new GatewayError("unauthenticated", "revoked");
  controller.abort(revoked);
  await expect(next).rejects.toBe(revoked);
  expect(feed.isWatched).toBe(false);
});

it("ends a watcher before its deadline", async () => {
  const { clock, watch } = setUp();
  const watcher = watch(undefined, 1_000);
  await watcher.next();
  const next = watcher.next().catch((error: unknown) => error);
  await clock.advance(899);
  expect(clock.pendingTimers).toBe(1);
  await clock.advance(1);
  expect(await next).toMatchObject({ kind: "total-timeout" });
});

it("ends all watchers with an error, and refuses new ones", async () => {
  const { clock, feed, watch } = setUp();
  const watcher = watch(undefined, 10_000);
  await watcher.next();
  const next = watcher.next();
  const error = new GatewayError("gateway-overloaded", "draining", { reason: "DRAINING" });
  feed.end(error);
  await expect(next).rejects.toBe(error);
  await expect(watch().next()).rejects.toBe(error);
  expect(clock.pendingTimers).toBe(0);
});
