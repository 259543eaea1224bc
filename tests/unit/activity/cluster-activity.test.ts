import { describe, expect, it } from "vitest";
import { ClusterActivity } from "../../../src/activity/cluster-activity.ts";
import type { SharedActivity } from "../../../src/activity/shared-activity.ts";
import { sumSamples } from "../../../src/activity/sum-samples.ts";
import type { ActivitySample } from "../../../src/domain/activity.ts";

const sampleOf = (second: number, calls: number): ActivitySample => ({
  ...sumSamples(second, []),
  replicaCount: 1,
  calls,
});

/** A replica that counts one call a second, at second 100. */
function setUp() {
  const samples = Array.from({ length: 100 }, (_, index) => sampleOf(index + 1, 1));
  const own = {
    get last() {
      return samples.at(-1)?.second ?? 0;
    },
    after: (second: number) => samples.filter((sample) => sample.second > second),
    replicas: ["own"],
  };
  let told: readonly SharedActivity[] = [];
  let gate: Promise<void> = Promise.resolve();
  const cluster = new ClusterActivity({
    own,
    replica: "own",
    async others() {
      await gate;
      return told;
    },
  });
  return {
    cluster,
    hold(until: Promise<void>) {
      gate = until;
    },
    /** A second passes; then the store has these tails: the last second of each, and its calls a second. */
    async second(tails: Readonly<Record<string, readonly [last: number, calls: number]>>) {
      samples.push(sampleOf(own.last + 1, 1));
      told = Object.entries(tails).map(([replica, [last, calls]]) => ({
        replica,
        samples: Array.from({ length: 10 }, (_, back) => sampleOf(last - 9 + back, calls)),
        calls: undefined,
      }));
      return cluster.join();
    },
    counts: (after: number) =>
      cluster.after(after).map(({ second, replicaCount, calls }) => [second, replicaCount, calls]),
  };
}

describe("the seconds of all replicas", () => {
  it("are those of this replica while nobody watches, two seconds late", () => {
    const { cluster, counts } = setUp();
    expect([cluster.last, cluster.replicas]).toEqual([98, ["own"]]);
    expect(counts(96)).toEqual([
      [97, 1, 1],
      [98, 1, 1],
    ]);
  });

  it("have the sums of the replicas that told theirs", async () => {
    const { cluster, counts, second } = setUp();
    await second({ b: [100, 10], c: [99, 100] });
    expect(counts(97)).toEqual([
      [98, 1, 1],
      [99, 3, 111],
    ]);
    expect(cluster.replicas).toEqual(["b", "c", "own"]);
    await second({ b: [101, 10] });
    await second({});
    expect(counts(99)).toEqual([
      [100, 2, 11],
      [101, 2, 11],
    ]);
    await second({});
    expect(cluster.after(101)).toMatchObject([{ second: 102, replicaCount: 1 }]);
    expect(cluster.replicas).toEqual(["own"]);
  });

  it("are joined by age if a clock is ahead or behind", async () => {
    const { counts, second } = setUp();
    await second({ ahead: [160, 10], behind: [40, 100] });
    await second({ ahead: [161, 10], behind: [41, 100] });
    expect(counts(98)).toEqual([
      [99, 3, 111],
      [100, 3, 111],
    ]);
  });

  it("do not move if a replica is late once, and follow a clock that is set", async () => {
    const { counts, second } = setUp();
    await second({ b: [100, 10] });
    await second({ b: [97, 10] });
    await second({ b: [102, 10] });
    expect(counts(98)).toEqual([
      [99, 2, 11],
      [100, 2, 11],
      [101, 2, 11],
    ]);
    for (let last = 92; last < 92 + 40; last++) await second({ b: [last, 10] });
    expect(counts(140)).toEqual([[141, 2, 11]]);
  });

  it("do not begin a second reading while the store has not answered the first", async () => {
    const { cluster, hold, second, counts } = setUp();
    const store = Promise.withResolvers<void>();
    hold(store.promise);
    const reading = second({ b: [100, 10] });
    expect(await second({ b: [101, 10] })).toBe(false);
    expect(cluster.last).toBe(98);
    store.resolve();
    expect(await reading).toBe(true);
    expect(counts(98)).toEqual([
      [99, 2, 11],
      [100, 2, 11],
    ]);
  });

  it("are forgotten after 15 minutes", async () => {
    const { cluster, second } = setUp();
    for (let last = 100; last < 1_100; last++) await second({ b: [last, 10] });
    const joined = cluster.after(0).filter(({ replicaCount }) => replicaCount === 2);
    expect(joined.length).toBe(900);
  });
});
