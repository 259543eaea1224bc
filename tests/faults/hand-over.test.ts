import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { MidStreamRecovery } from "../../gen/es/steer/v1/generation_pb.js";
import type { StreamEvent } from "../../gen/es/steer/v1/stream_pb.js";
import { eventually } from "../support/stack.ts";
import { CallFailure } from "./harness/endpoint.ts";
import { expectClean, outcomesOf, SLOW_MS, useCluster } from "./harness/in-test.ts";
import { streamRequest } from "./harness/scene.ts";

const { RESTART, FAIL } = MidStreamRecovery;
const newScene = useCluster({ replicas: 2 });

const UNAVAILABLE = 14;

describe("SIGTERM, and the end of its patience", () => {
  it(
    "A-66: readers end UNAVAILABLE without a last event, and finish on another replica",
    async () => {
      const scene = await newScene();
      const [owner] = scene.cluster.replicas;
      const rid = "hand-over-by-hand";
      const request = streamRequest({ rid, tokens: 60, paceMs: 30 }, { recovery: RESTART });
      const seen: StreamEvent[] = [];
      const [endpoint] = scene.cluster.endpoints(0);
      const reading = (async () => {
        const events = endpoint?.open(request, new AbortController().signal) ?? [];
        for await (const event of events) seen.push(event);
      })().then(
        () => undefined,
        (error: unknown) => error,
      );
      await eventually(() => seen.length > 5);
      owner?.process.signal("SIGTERM");
      await delay(200);
      owner?.process.signal("SIGTERM");
      const failure = await reading;
      expect(failure).toBeInstanceOf(CallFailure);
      expect(failure).toMatchObject({ code: UNAVAILABLE, detail: { retryable: true } });
      const last = seen.at(-1);
      expect(["complete", "error"]).not.toContain(last?.event.case);
      const [, other] = scene.cluster.replicas;
      const start = seen[0]?.event;
      const cursor = {
        streamId: start?.case === "start" ? start.value.streamId : "",
        lastSequence: last?.sequence ?? 0,
        lastWriter: last?.writer ?? 0,
      };
      const rest: StreamEvent[] = [];
      const resumed = scene.cluster.endpoints(1)[0]?.resume(cursor, new AbortController().signal);
      for await (const event of resumed ?? []) rest.push(event);
      expect(rest[0]?.sequence).toBe(cursor.lastSequence + 1);
      expect(rest.at(-1)?.event.case).toBe("complete");
      const hasTaken = () => other?.process.log.some(({ event }) => event === "takeover") ?? false;
      await eventually(hasTaken);
    },
    SLOW_MS,
  );

  it(
    "A-66: a rolling restart fails no stream that may begin anew",
    async () => {
      const scene = await newScene();
      const { replicas } = scene.cluster;
      const running = scene.streams(6, { tokens: 80, readers: 1, recovery: RESTART });
      await delay(300);
      for (const [index, { process }] of replicas.entries()) {
        process.signal("SIGTERM");
        await delay(100);
        process.signal("SIGTERM");
        await process.exited();
        await scene.cluster.revive(index);
      }
      const readings = (await running).flat();
      expectClean(readings);
      expect(new Set(outcomesOf(readings))).toEqual(new Set(["complete"]));
    },
    SLOW_MS,
  );

  it(
    "a stream that may not begin anew ends with a typed error",
    async () => {
      const scene = await newScene();
      const { done } = scene.stream({ owner: 0, tokens: 200, recovery: FAIL });
      await delay(500);
      const process = scene.cluster.replicas[0]?.process;
      process?.signal("SIGTERM");
      await delay(100);
      process?.signal("SIGTERM");
      const readings = await done;
      expectClean(readings);
      expect(outcomesOf(readings)).toEqual(["OWNER_LOST"]);
      expect(readings[0]?.text).not.toBe("");
    },
    SLOW_MS,
  );
});
