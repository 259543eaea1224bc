import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createGrpcClient as createHelperClient } from "../../clients/typescript/grpc.ts";
import { streamGenerate } from "../../clients/typescript/steer.ts";
import { MidStreamRecovery } from "../../gen/es/steer/v1/generation_pb.js";
import { GenerationService } from "../../gen/es/steer/v1/generation_service_pb.js";
import type { StreamEvent } from "../../gen/es/steer/v1/stream_pb.js";
import { createGrpcClient } from "../support/grpc-client.ts";
import { collect, refusalOf, streamIdOf } from "../support/stream-calls.ts";
import { readText } from "../support/targets.ts";
import { ANSWER, type Break, textOf } from "./chat-upstream.ts";
import { failures, mostForOneCall, report } from "./figures.ts";
import { type Pair, pairOf, type Scene, startScene, withRecovery } from "./scene.ts";

const { RESTART, UNSPECIFIED } = MidStreamRecovery;
const { resumeStream } = GenerationService.method;
const STREAMS = 20;
/** Attempts of one call over all targets, as shipped. */
const TOTAL_ATTEMPTS = 4;
/** Tokens of P that a reader gets before the stream breaks. */
const TOKENS_BEFORE = 5;

/** Targets whose P breaks its streams so. Each test has its own. */
function cutPair(id: string, by: Break): Pair {
  return pairOf(
    `${id}-${by}`,
    () => ({ kind: "cut", tokens: TOKENS_BEFORE, by }),
    () => ANSWER,
  );
}

const BREAKS = (["reset", "error", "truncation"] as const).map((by) => {
  return {
    by,
    restarted: [cutPair("restarted", by), cutPair("restarted-blindly", by)] as const,
    ended: [cutPair("ended", by), cutPair("ended-blindly", by)] as const,
    helped: cutPair("helped", by),
    resumed: cutPair("resumed", by),
  };
});

let scene: Scene;

beforeAll(async () => {
  const pairs = BREAKS.flatMap(({ restarted, ended, helped, resumed }) => {
    return [...restarted, ...ended, helped, resumed];
  });
  scene = await startScene(pairs.flatMap(({ instances }) => instances));
});

afterAll(async () => {
  await scene[Symbol.asyncDispose]();
});

/** The text as a reader has it who adds what comes and knows no notice. */
function blindText(events: readonly StreamEvent[]): string {
  return events.map(({ event }) => (event.case === "textDelta" ? event.value.text : "")).join("");
}

/** What P sent of its answers, and the whole answers that Q sent. */
function sentBy({ p, q }: Pair) {
  const { upstream } = scene;
  return {
    begun: upstream.arrivals(p).map((arrival) => textOf(arrival, TOKENS_BEFORE)),
    whole: upstream.arrivals(q).map((arrival) => textOf(arrival)),
    arrivals: [...upstream.arrivals(p), ...upstream.arrivals(q)],
  };
}

function streams(pair: Pair, recovery: MidStreamRecovery, acceptsDiscard: boolean) {
  const spec = withRecovery(pair, recovery);
  const calls = Array.from({ length: STREAMS }, () => {
    return scene.call("stream", { spec, acceptsDiscard });
  });
  return Promise.all(calls);
}

/** By the index of a pair: whether the reader says that it accepts discards. */
const READERS = [
  ["a reader that accepts discards", 0],
  ["a reader that says nothing of discards", 1],
] as const;

describe.each(BREAKS)("streams that are cut midway by $by", ({ by, ...pairs }) => {
  it.for(READERS)("are read to the end after RESTART was asked for: %s", async (row, context) => {
    const [reader, at] = row;
    const pair = pairs.restarted[at];
    const outcomes = await streams(pair, RESTART, at === 0);
    const { whole, arrivals } = sentBy(pair);
    report(context, `cut by ${by}, RESTART, ${reader}`, outcomes, arrivals.length);
    // Without the flag it is an older stub, whose readers are taken to know the notice.
    expect(failures(outcomes)).toEqual({});
    expect(outcomes.map(({ events }) => readText(events)).sort()).toEqual(whole.sort());
    expect(mostForOneCall(arrivals)).toBeLessThanOrEqual(TOTAL_ATTEMPTS);
  });

  it.for(READERS)(
    "end typed with their text where nothing was asked for: %s",
    async (row, context) => {
      const [reader, at] = row;
      const pair = pairs.ended[at];
      const outcomes = await streams(pair, UNSPECIFIED, at === 0);
      const { begun, whole, arrivals } = sentBy(pair);
      report(context, `cut by ${by}, no recovery, ${reader}`, outcomes, arrivals.length);
      const failed = outcomes.filter(({ code }) => code !== 0);
      expect(failed.filter(({ code, typed }) => typed?.code !== code)).toEqual([]);
      expect(failed.map(({ events }) => blindText(events)).sort()).toEqual(begun.sort());
      // A circuit that has opened sends the rest to Q before anything was delivered.
      const served = outcomes.filter(({ code }) => code === 0);
      expect(served.map(({ events }) => blindText(events)).sort()).toEqual(whole.sort());
    },
  );

  it("are one answer to the TypeScript helper, which asks for that itself", async () => {
    const client = createHelperClient({ address: scene.service.grpc });
    try {
      const events: StreamEvent[] = [];
      const spec = { ...pairs.helped.spec, prompt: "helper" };
      for await (const event of streamGenerate(client, { spec })) events.push(event);
      expect(events.at(-1)?.event.case).toBe("complete");
      expect([readText(events)]).toEqual(sentBy(pairs.helped).whole);
    } finally {
      client.close();
    }
  });

  it("give a raw reader nothing behind the text that is void, and the rest from there on", async () => {
    const client = createGrpcClient(scene.service.grpc);
    try {
      const spec = withRecovery(pairs.resumed, RESTART);
      const { events } = await scene.call("stream", { spec, acceptsDiscard: true });
      const streamId = streamIdOf(events);
      const replay = await collect(client.stream(resumeStream, { streamId }));
      const { begun, whole } = sentBy(pairs.resumed);
      expect(begun).toContain(blindText(replay.events));
      expect(refusalOf(replay.error)).toMatchObject({ reason: "OUTPUT_DISCARDED" });
      const notice = events.findLast(
        ({ event }) => event.case === "attemptNotice" && event.value.discardOutput,
      );
      const cursor = { streamId, lastSequence: notice?.sequence ?? 0 };
      const rest = await collect(client.stream(resumeStream, cursor));
      expect(rest.error).toBeUndefined();
      expect([blindText(rest.events)]).toEqual(whole);
    } finally {
      client.close();
    }
  });
});
