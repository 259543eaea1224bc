// A request that harms whoever carries it, with a client that resumes after each error.
import { describe, expect, it } from "vitest";
import { eventually } from "../support/stack.ts";
import { expectClean, outcomesOf, SLOW_MS, useCluster } from "./harness/in-test.ts";
import { MAX_CALLS, POISONS, poisoned } from "./kinds/defects.ts";

const newScene = useCluster({ replicas: 2 });

describe("field:S4 a poisoned request ends, typed, and is paid for three times at most", () => {
  it.each(POISONS)(
    "$name",
    async (poison) => {
      const scene = await newScene();
      const logged = scene.cluster.replicas.map(({ process }) => process.log.length);
      const readings = await poisoned(scene, poison);
      expectClean(readings);
      expect(outcomesOf(readings)).toEqual([poison.reason]);
      expect(readings[0]?.outcome).toBe("error");
      const rid = readings[0]?.rid ?? "";
      const { callsOf } = await scene.cluster.provider.figures();
      expect(callsOf[rid]).toBeGreaterThanOrEqual(1);
      expect(callsOf[rid]).toBeLessThanOrEqual(poison.reason === "INTERNAL" ? 1 : MAX_CALLS);
      // A reader that comes later gets the same end.
      const [first] = readings;
      if (first === undefined) throw new Error("no reading");
      await scene.cluster.heal();
      const again = await scene.again(first, 1);
      expect(outcomesOf([again])).toEqual([poison.reason]);
      if (poison.reason !== "INTERNAL") return;
      await eventually(() =>
        scene.cluster.replicas.some(({ process }, index) =>
          process.log
            .slice(logged[index])
            .some(({ event, error }) => event === "defect" && error === "TypeError"),
        ),
      );
    },
    SLOW_MS,
  );
});
