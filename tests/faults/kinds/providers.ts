// Providers that break off, stall, fail and are away.
import { MidStreamRecovery } from "../../../gen/es/steer/v1/generation_pb.js";
import { MAX_IN_FLIGHT, startCluster } from "../harness/cluster.ts";
import type { Outage, ScriptFault } from "../harness/script.ts";
import type { Fault } from "./fault.ts";

const { RESTART, FAIL } = MidStreamRecovery;

/** What may go wrong at an index of the answer. */
const BREAKS: readonly (keyof ScriptFault)[] = ["cutAt", "errorAt", "truncateAt"];

export const brokenAnswers: Fault = {
  id: "F15",
  title: "answers that are cut, fail in band or end without their end",
  async run(scene) {
    const tokens = scene.scale.name === "short" ? 4 : 20;
    const all = BREAKS.flatMap((kind) =>
      Array.from({ length: tokens + 1 }, (_, index) => ({ attempt: 1, [kind]: index })),
    );
    for (let at = 0; at < all.length; at += 8) {
      const some = all.slice(at, at + 8).map((fault, index) => {
        scene.injected++;
        const recovery = index % 2 === 0 ? RESTART : FAIL;
        return scene.stream({ model: "script", tokens, paceMs: 2, faults: [fault], recovery }).done;
      });
      await Promise.all(some);
    }
  },
};

export const failingProvider: Fault = {
  id: "F16",
  title: "a provider that is down, refuses, and fails every other time",
  async run(scene) {
    const outages: readonly Outage[] = ["half", "429", "500", "down"];
    for (const outage of outages) {
      scene.injected++;
      scene.cluster.provider.outage("outage", outage);
      await scene.streams(3, { model: "outage", tokens: 5, paceMs: 2 });
    }
    scene.cluster.provider.outage("outage", undefined);
  },
};

export const lostPrimary: Fault = {
  id: "F17",
  title: "the first target is dead, and the second one takes over",
  async run(scene) {
    const { provider } = scene.cluster;
    // Of its own, because other faults end the streams of all replicas of the scene at the same time.
    await using cluster = await startCluster({ replicas: 1, provider });
    scene.injected++;
    provider.outage("first", "down");
    const own = scene.on(cluster);
    const readings = (await own.streams(scene.scale.streams, { model: "pair" })).flat();
    provider.outage("first", undefined);
    const { mostAtOnce } = await provider.figures();
    const most = mostAtOnce["second"] ?? 0;
    scene.expect(most > 0, "nothing has reached the second target");
    scene.expect(most <= 3 * MAX_IN_FLIGHT, `the second target had ${most} calls at once`);
    scene.expect(
      readings.some(({ outcome }) => outcome === "complete"),
      "no stream has come through at the second target",
    );
  },
};
