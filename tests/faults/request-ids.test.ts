import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { MidStreamRecovery } from "../../gen/es/steer/v1/generation_pb.js";
import { CallFailure } from "./harness/endpoint.ts";
import { expectClean, outcomesOf, SLOW_MS, useCluster } from "./harness/in-test.ts";
import { streamRequest, unaryRequest } from "./harness/scene.ts";
import type { Script } from "./harness/script.ts";

const { RESTART, FAIL } = MidStreamRecovery;
// On a busy machine the store may look away, which by design makes a call unstored, with a stream of its own.
const newScene = useCluster({
  storeTimeout: "10s",
  isSessionShipped: true,
  stream: "  durability: required # because: a busy machine is no store that is away",
});

const CALLERS = 100;
const ALREADY_EXISTS = 6;

let ids = 0;

function unary(script: Omit<Script, "rid">) {
  const rid = `unary-${process.pid}-${ids++}`;
  return { rid, request: unaryRequest({ rid, ...script }) };
}

async function failureOf(call: Promise<unknown> | undefined): Promise<CallFailure> {
  const error = await call?.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(CallFailure);
  return error as CallFailure;
}

describe("one request_id from 100 callers over three replicas at once", () => {
  it(
    "streams: one call to the provider, and everybody has the same events",
    async () => {
      const scene = await newScene();
      const { rid, done } = scene.stream({ readers: CALLERS });
      const readings = await done;
      expectClean(readings);
      expect(new Set(outcomesOf(readings))).toEqual(new Set(["complete"]));
      expect(new Set(readings.map(({ streamId }) => streamId)).size).toBe(1);
      expect((await scene.cluster.provider.figures()).callsOf[rid]).toBe(1);
    },
    SLOW_MS,
  );

  it(
    "unary: one call to the provider, and everybody has the same answer",
    async () => {
      const scene = await newScene();
      const { rid, request } = unary({ tokens: 30, paceMs: 300 });
      const answers = await Promise.all(
        Array.from({ length: CALLERS }, (_, caller) =>
          scene.cluster.endpoints(caller)[0]?.generate(request),
        ),
      );
      const texts = new Set(answers.map((answer) => answer?.generation?.outputText));
      expect(texts.size).toBe(1);
      expect([...texts][0]).toContain(`<${rid}:29> `);
      expect(new Set(answers.map((answer) => answer?.generation?.generationId)).size).toBe(1);
      expect((await scene.cluster.provider.figures()).callsOf[rid]).toBe(1);
    },
    SLOW_MS,
  );

  it(
    "streams: the same while the replica of the first caller is killed",
    async () => {
      const scene = await newScene();
      const { done } = scene.stream({ owner: 0, readers: 30, tokens: 60, recovery: RESTART });
      await delay(500);
      await scene.cluster.replicas[0]?.process.kill();
      const readings = await done;
      expectClean(readings);
      expect(new Set(outcomesOf(readings))).toEqual(new Set(["complete"]));
      expect(new Set(readings.map(({ streamId }) => streamId)).size).toBe(1);
      expect(readings.some(({ takeoverGaps }) => takeoverGaps.length > 0)).toBe(true);
    },
    SLOW_MS,
  );

  it(
    "unary: the same while the replica of the first caller is killed",
    async () => {
      const scene = await newScene();
      const { rid, request } = unary({ tokens: 10, paceMs: 2_000 });
      const call = async (from: number): Promise<string | undefined> => {
        for (const endpoint of [
          ...scene.cluster.endpoints(from),
          ...scene.cluster.endpoints(from),
        ]) {
          const answer = await endpoint.generate(request).catch((error: unknown) => error);
          if (!(answer instanceof CallFailure)) {
            return (answer as Awaited<ReturnType<typeof endpoint.generate>>).generation?.outputText;
          }
          await delay(300);
        }
        return undefined;
      };
      const first = call(0);
      await delay(300);
      const others = Array.from({ length: 20 }, (_, caller) => call(caller));
      await delay(300);
      await scene.cluster.replicas[0]?.process.kill();
      const texts = new Set(await Promise.all([first, ...others]));
      expect(texts.size).toBe(1);
      expect([...texts][0]).toContain(`<${rid}:9> `);
      // The one that died with its replica, and the one that was run in its place.
      expect((await scene.cluster.provider.figures()).callsOf[rid]).toBe(2);
    },
    SLOW_MS,
  );
});

describe("a request_id that was used before", () => {
  it("is replayed after a success, on any replica", async () => {
    const scene = await newScene();
    const { rid, done } = scene.stream({ owner: 0, tokens: 5 });
    const first = await done;
    const second = await scene.follow(rid, scene.cluster.endpoints(1));
    expectClean([...first, second]);
    expect(second).toMatchObject({ outcome: "complete", streamId: first[0]?.streamId });
    expect((await scene.cluster.provider.figures()).callsOf[rid]).toBe(1);
  });

  it("is free after a failure", async () => {
    const scene = await newScene();
    const faults = [{ attempt: 1, errorAt: 3 }];
    const { rid, done } = scene.stream({ owner: 0, tokens: 5, recovery: FAIL, faults });
    const [first] = await done;
    const second = await scene.follow(rid, scene.cluster.endpoints(1));
    expect(first?.outcome).toBe("error");
    expect(second.outcome).toBe("complete");
    expect(second.streamId).not.toBe(first?.streamId);
  });

  it("answers CANCELLED after a cancel, on any replica", async () => {
    const scene = await newScene();
    const { rid, done } = scene.stream({ owner: 0, tokens: 500 });
    await delay(300);
    expect(await scene.cluster.endpoints(1)[0]?.cancel(rid)).toBe(true);
    expect(outcomesOf(await done)).toEqual(["CANCELLED"]);
    const again = await scene.follow(rid, scene.cluster.endpoints(2));
    expect(outcomesOf([again])).toEqual(["CANCELLED"]);
    expect((await scene.cluster.provider.figures()).callsOf[rid]).toBe(1);
  });

  it("is refused for another payload and for another method", async () => {
    const scene = await newScene();
    const { rid, done } = scene.stream({ tokens: 5 });
    await done;
    const other = streamRequest({ rid, tokens: 6, paceMs: 0 }, {});
    const [endpoint] = scene.cluster.endpoints(1);
    const stream = endpoint?.open(other, new AbortController().signal)[Symbol.asyncIterator]();
    expect(await failureOf(stream?.next())).toMatchObject({
      code: ALREADY_EXISTS,
      detail: { reason: "REQUEST_ID_REUSED" },
    });
    const call = endpoint?.generate(unaryRequest({ rid, tokens: 5, paceMs: 20 }));
    expect((await failureOf(call)).code).toBe(ALREADY_EXISTS);
  });

  it("A-37: of a stream that was cancelled resumes to the cancel, and of one that was cut to the rest", async () => {
    const scene = await newScene();
    const { rid, done } = scene.stream({ owner: 0, tokens: 200 });
    await delay(300);
    for (const { grpc, http } of scene.cluster.replicas) {
      grpc.cut();
      http.cut();
    }
    await delay(500);
    await scene.cluster.endpoints(1)[0]?.cancel(rid);
    const [reading] = await done;
    expect(reading?.reconnects).toBeGreaterThan(0);
    expect(outcomesOf(reading === undefined ? [] : [reading])).toEqual(["CANCELLED"]);
  });
});
