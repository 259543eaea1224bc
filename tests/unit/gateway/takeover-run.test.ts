import { describe, expect, it } from "vitest";
import { GatewayError } from "../../../src/domain/gateway-error.ts";
import { GenerationFailed } from "../../../src/domain/generation.ts";
import type { ProviderEvent } from "../../../src/domain/provider-event.ts";
import { WHOLE_ANSWER } from "../../../src/domain/stream-options.ts";
import { readSummary } from "../../../src/gateway/stream-summary.ts";
import { ORPHAN_SUMMARY, orphanedStream } from "../../support/orphaned-stream.ts";
import { testSpec } from "../../support/provider-request.ts";
import type { Answer } from "../../support/test-gateway.ts";

const short: readonly ProviderEvent[] = [
  { type: "text-delta", partIndex: 0, text: "a" },
  { type: "part-end", partIndex: 0 },
  { type: "finish", reason: "stop", rawReason: "end" },
];

const endless: Answer = async function* (signal) {
  yield { type: "text-delta", partIndex: 0, text: "a" };
  await new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason));
  });
};

const facts = { generationId: "g.1", caller: "alice", labels: { team: "a" }, stream: true };
const lost = {
  provider: "provider-before",
  model: "model-before",
  index: 1,
  trigger: "initial",
  outcome: "failed",
  errorKind: "owner-lost",
};

describe("a stream that goes on here", () => {
  it("is told of by its notice, its end, its span, its line and the record of the lost attempt", async () => {
    const set = await orphanedStream(short);
    expect(await set.adopt()).toBe("taken");
    const { told } = set;
    expect(told.events.map(({ sequence, body }) => [sequence, body.type])).toEqual([
      [2, "attempt-notice"],
      [3, "text-delta"],
      [4, "part-end"],
      [5, "complete"],
    ]);
    expect(told.events[0]?.body).toMatchObject({
      notice: {
        failed: lost,
        action: "takeover",
        next: { provider: "test", model: "test-model" },
        delayMs: 0,
        discardOutput: false,
      },
    });
    expect(told.asked).toMatchObject([
      [{ store: set.log.store, streamId: set.stream.streamId, isStream: true }, lost],
    ]);
    expect(told.epochs).toEqual([2]);
    expect(told.spans).toEqual([{ code: "OK", reason: undefined }]);
    // The run writes the records of its own.
    expect(told.records).toMatchObject([{ ...facts, type: "attempt", attempt: lost }]);
    const { streamId } = set.stream;
    const { labels } = ORPHAN_SUMMARY;
    expect(told.ends).toMatchObject([
      [
        { streamId, caller: "alice", requestId: "request-1", labels, traceId: "trace-1" },
        {
          generation: {
            generationId: "g.1",
            requestedModel: "test-model",
            createTimeMs: 7,
            attempts: [lost, { trigger: "takeover", outcome: "succeeded", provider: "test" }],
          },
        },
      ],
    ]);
    expect(await set.head()).toMatchObject({ phase: "completed", tail: 5, token: { epoch: 2 } });
    expect(readSummary((await set.head()).progress)).toMatchObject({ kind: "stream", labels });
    expect(told.defects).toEqual([]);
  });

  it("voids what its lost owner has told, where the request allows that", async () => {
    const spec = testSpec();
    const routing = { ...spec.routing, midStreamRecovery: "restart" as const };
    const decodeRequest = () => ({ spec: { ...spec, routing }, options: WHOLE_ANSWER });
    const set = await orphanedStream(short, { hasOutput: true, decodeRequest });
    expect(await set.adopt()).toBe("taken");
    expect(set.told.events[0]?.body).toMatchObject({ notice: { discardOutput: true } });
  });

  it("has one record of the attempt before it: its owner has written that when it handed it over", async () => {
    const set = await orphanedStream(short, { isHandedOff: true });
    expect(await set.adopt()).toBe("taken");
    expect(set.told.records).toEqual([]);
  });

  it("ends as INTERNAL by a defect, which is told of", async () => {
    const set = await orphanedStream(short, {
      onAdmitted: async () => {
        throw new RangeError("a secret");
      },
    });
    expect(await set.adopt()).toBe("taken");
    const after = await set.head();
    expect(after).toMatchObject({ phase: "failed", isBound: false });
    expect(readSummary(after.progress).error).toEqual({
      kind: "internal",
      message: "internal error",
    });
    const { streamId } = set.stream;
    expect(set.told.defects).toEqual([{ generation_id: "g.1", stream_id: streamId }]);
  });

  it("ends by the cancel that came while a target was looked for", async () => {
    const set = await orphanedStream(endless, {
      onAdmitted: (streamId) => set.log.requestCancel(streamId, "caller"),
    });
    expect(await set.adopt()).toBe("taken");
    await set.clock.advance(0);
    expect(await set.head()).toMatchObject({ phase: "cancelled" });
    expect(set.told.spans).toEqual([{ code: "UNKNOWN", reason: "cancelled" }]);
    expect(set.runs.active).toBe(0);
  });

  it("ends by a cancel that comes later", async () => {
    const set = await orphanedStream(endless);
    expect(await set.adopt()).toBe("taken");
    expect(await set.head()).toMatchObject({ phase: "running" });
    await set.log.requestCancel(set.stream.streamId, "operator");
    await set.clock.advance(0);
    expect(await set.head()).toMatchObject({ phase: "cancelled" });
    expect(set.told.ends).toMatchObject([[{}, { error: { kind: "cancelled" } }]]);
  });
});

describe("a stream that cannot go on here", () => {
  it("ends, with the records of its attempt and of its call", async () => {
    const set = await orphanedStream(short, { decodeRequest: () => undefined });
    expect(await set.adopt()).toBe("ended");
    expect(set.told.events.map(({ body }) => body.type)).toEqual(["error"]);
    expect(set.told.spans).toEqual([{ code: "UNKNOWN", reason: "owner-lost" }]);
    expect(set.told.records).toMatchObject([
      { ...facts, type: "attempt", attempt: lost },
      { ...facts, type: "call", state: "failed", errorKind: "owner-lost" },
    ]);
    const { caller, generationId } = facts;
    expect(set.told.settled).toEqual([[caller, generationId, { tokens: 0, picos: 0 }]]);
    // Nothing is known of what it was asked.
    expect(set.told.asked).toEqual([]);
    expect(set.calls()).toBe(0);
  });

  it("is not asked for its request where it cannot move", async () => {
    const set = await orphanedStream(short, { stream: { request: undefined } });
    expect(await set.adopt()).toBe("ended");
    expect(readSummary((await set.head()).progress).error?.kind).toBe("owner-lost");
  });

  it("ends once by an operator, who waits for that", async () => {
    const set = await orphanedStream(short);
    expect(await set.takeover.end(await set.head())).toBe(true);
    expect(await set.head()).toMatchObject({ phase: "failed", isBound: false });
    expect(set.calls()).toBe(0);
  });

  it("is another replica's, if that was quicker", async () => {
    const set = await orphanedStream(short);
    const seen = await set.head();
    await set.store.claim(seen.streamId, 1, { session: "quicker", nonce: 1 });
    expect(await set.takeover.adopt(seen)).toBe("left");
    expect(await set.takeover.end(seen)).toBe(false);
    const left = { code: "OK", reason: undefined };
    expect(set.told.spans).toEqual([left, left]);
    expect(set.told.events).toEqual([]);
  });

  it("stays an orphan where the store takes no claim", async () => {
    const set = await orphanedStream(short);
    const seen = await set.head();
    Object.assign(set.faulty.faults, { isDown: true, only: ["claim"] });
    await expect(set.takeover.adopt(seen)).rejects.toThrow("the store is away");
    expect(set.told.spans).toEqual([{ code: "UNAVAILABLE", reason: undefined }]);
  });

  it.each([
    ["no target takes", true],
    ["a defect keeps from its target", false],
  ])("ends as the generation that %s", async (_, isRefused) => {
    const refusal = new GenerationFailed({
      error: new GatewayError("circuit-open", "test"),
      partial: {} as never,
    });
    const thrown = isRefused ? refusal : new Error("defect");
    const set = await orphanedStream(short, { onAdmitted: () => Promise.reject(thrown) });
    expect(await set.adopt()).toBe("taken");
    const kind = isRefused ? "circuit-open" : "internal";
    expect(set.told.spans).toEqual([{ code: "UNKNOWN", reason: kind }]);
    // The run that no target took has written its own record.
    const types = set.told.records.map(({ type }) => type);
    expect(types).toEqual(isRefused ? ["attempt"] : ["attempt", "call"]);
    const place = { generation_id: "g.1", stream_id: set.stream.streamId };
    expect(set.told.defects).toEqual(isRefused ? [] : [place]);
    expect(set.told.ends).toMatchObject([
      [
        {},
        {
          error: { kind },
          generation: { provider: "provider-before", model: "model-before", providerModel: "" },
        },
      ],
    ]);
    const { phase, progress } = await set.head();
    expect([phase, progress.provider]).toEqual(["failed", "provider-before"]);
    expect(readSummary(progress)).toMatchObject({ model: "model-before", error: { kind } });
  });

  it("ends with INTERNAL by a defect of this replica, which nobody else inherits", async () => {
    const set = await orphanedStream(short, {
      lostUsage: () => Promise.reject(new Error("defect")),
    });
    expect(await set.adopt()).toBe("ended");
    expect(await set.head()).toMatchObject({ phase: "failed", isBound: false, tail: 2 });
    const { streamId } = set.stream;
    expect(set.told.defects).toEqual([{ generation_id: "g.1", stream_id: streamId }]);
    expect(set.told.spans).toEqual([{ code: "INTERNAL", reason: "internal" }]);
  });

  it("gives back the target that has taken it, where a defect follows", async () => {
    const set = await orphanedStream(short, {
      decodeRequest: () => ({
        spec: testSpec(),
        get options(): never {
          if (set.runs.active > 0) throw new Error("defect");
          return WHOLE_ANSWER as never;
        },
      }),
    });
    expect(await set.adopt()).toBe("ended");
    expect(await set.head()).toMatchObject({ phase: "failed" });
    expect([set.runs.active, set.told.defects.length]).toEqual([0, 1]);
  });
});

describe("a whole answer that nobody here waits for", () => {
  const whole = { summary: { kind: "unary" } } as const;

  it("has its 5 s anew after somebody has waited for it", async () => {
    const set = await orphanedStream(short, whole);
    expect(await set.adopt()).toBe("left");
    await set.clock.advance(4_000);
    const seen = await set.head();
    const left = new AbortController();
    const reader = set.log.reader(
      {
        streamId: seen.streamId,
        cursor: { sequence: 0, writer: 0 },
        signal: left.signal,
        deadline: undefined,
        heartbeatMs: 0,
        watch: undefined,
      },
      true,
    );
    // Another replica was quicker, and was lost as well.
    await set.store.claim(seen.streamId, 1, { session: "quicker", nonce: 1 });
    expect(await set.takeover.adopt(seen)).toBe("left");
    const reading = (async () => {
      for await (const _ of reader.follow());
    })();
    left.abort();
    await reading.catch(() => {});
    expect(set.log.readerCount(seen.streamId)).toBe(0);
    await set.clock.advance(1_000);
    expect(await set.adopt()).toBe("left");
    await set.clock.advance(5_000);
    expect(await set.adopt()).toBe("ended");
  });

  it("has its 5 s anew where another replica was quicker, and is lost as well", async () => {
    const set = await orphanedStream(short, whole);
    expect(await set.adopt()).toBe("left");
    const seen = await set.head();
    await set.clock.advance(5_000);
    await set.store.claim(seen.streamId, 1, { session: "quicker", nonce: 1 });
    expect(await set.takeover.adopt(seen)).toBe("left");
    expect(await set.adopt()).toBe("left");
    await set.clock.advance(5_000);
    expect(await set.adopt()).toBe("ended");
  });

  it.each([
    [59_999, "ended"],
    [60_000, "left"],
  ])("is forgotten once it was not seen for a minute: %i ms", async (ms, expected) => {
    const set = await orphanedStream(short, whole);
    await set.clock.advance(30_000);
    expect(await set.adopt()).toBe("left");
    await set.clock.advance(ms);
    expect(await set.adopt()).toBe(expected);
  });
});
