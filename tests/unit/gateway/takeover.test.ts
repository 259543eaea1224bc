import { describe, expect, it } from "vitest";
import { WHOLE_ANSWER } from "../../../src/domain/stream-options.ts";
import { readSummary, type StreamSummary } from "../../../src/gateway/stream-summary.ts";
import { Takeover } from "../../../src/gateway/takeover.ts";
import { encodeEvent, encodeInternalEnd } from "../../../src/rpc/encode-event.ts";
import { DEFAULT_STREAM_SETTINGS, MAX_HAND_OVERS } from "../../../src/streams/stream-settings.ts";
import { noStreamTelemetry } from "../../../src/telemetry/stream-telemetry.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { noUsageSink } from "../../support/no-usage-sink.ts";
import { testSpec } from "../../support/provider-request.ts";
import { sharedStore } from "../../support/shared-store.ts";
import { encode, LONG_MS, newStream } from "../../support/stored-streams.ts";
import { streamLog } from "../../support/stream-log.ts";

const SUMMARY: StreamSummary = {
  kind: "unary",
  generationId: "g.1",
  requestedModel: "simulator",
  model: "simulator",
  createTimeMs: 0,
  labels: {},
  heartbeatMs: 0,
  attempts: [],
};

/** How a stream can have lost its owners before the one that this test is about. */
type Loss = "lost" | "handedOver";

/** A replica that sees the stream of another one, which is gone, and that could run its request. */
async function orphaned(details: string, before: Partial<Record<Loss, number>> = {}) {
  const clock = createManualClock();
  const store = sharedStore(clock);
  const log = streamLog(store, clock, "here-1");
  await store.openSession("here-1", LONG_MS);
  const progress = { provider: "simulator", details: encode(details) };
  const stream = newStream({ session: "gone-1", requestId: "request-1", progress });
  await store.create(stream);
  let token = stream.token;
  const nextOwner = async (isHandedOver: boolean): Promise<void> => {
    if (isHandedOver) await store.handOff(stream.streamId, token, "planned");
    const next = { session: `gone-${token.epoch + 1}`, nonce: 1 };
    await store.claim(stream.streamId, token.epoch, next);
    token = { epoch: token.epoch + 1, nonce: 1 };
  };
  for (let loss = 0; loss < (before.lost ?? 0); loss++) await nextOwner(false);
  for (let loss = 0; loss < (before.handedOver ?? 0); loss++) await nextOwner(true);
  const asked: unknown[] = [];
  const takeover = new Takeover({
    onEnd: () => {},
    clock,
    log,
    encodeEvent,
    encodeInternalEnd,
    onDefect: () => {},
    telemetry: noStreamTelemetry,
    lostUsage: async () => ({}),
    lostOutput: async () => undefined,
    runs: {
      usage: noUsageSink,
      prepare(call: unknown) {
        asked.push(call);
        return Promise.reject(new Error("no run"));
      },
    } as never,
    disconnectPolicy: () => ({ policy: "continue" }),
    decodeRequest: () => ({ spec: testSpec(), options: WHOLE_ANSWER }),
  });
  const head = async () => {
    const [found] = await store.heads([stream.streamId]);
    if (found === undefined) throw new Error("no stream");
    return found;
  };
  return {
    clock,
    log,
    stream,
    head,
    runs: () => asked.length,
    asked,
    adopt: async () => takeover.adopt(await head()),
  };
}

describe("an orphaned whole answer", () => {
  it("is left to others for 5 s, then ends as OWNER_LOST without another run, its key free", async () => {
    const set = await orphaned(JSON.stringify(SUMMARY));
    expect(await set.adopt()).toBe("left");
    await set.clock.advance(4_999);
    expect(await set.adopt()).toBe("left");
    await set.clock.advance(1);
    expect(await set.adopt()).toBe("ended");
    await set.clock.advance(0);
    const after = await set.head();
    expect(after).toMatchObject({ phase: "failed", isBound: false });
    expect(readSummary(after.progress).error?.kind).toBe("owner-lost");
    expect(set.runs()).toBe(0);
  });

  it("is run anew, at once, where somebody waits for it", async () => {
    const set = await orphaned(JSON.stringify(SUMMARY));
    const cursor = { sequence: 0, writer: 0 };
    const { signal } = new AbortController();
    const { streamId } = set.stream;
    set.log.reader({ streamId, cursor, signal, heartbeatMs: 0, watch: undefined }, true);
    expect(await set.adopt()).toBe("taken");
    expect(set.runs()).toBe(1);
  });
});

describe("an orphan that is run on", () => {
  it.each<[Partial<StreamSummary>, object]>([
    [{ kind: "stream" }, { stream: true, acceptsDiscard: true }],
    [
      { kind: "stream", endsAtDiscard: false },
      { stream: true, acceptsDiscard: true },
    ],
    [
      { kind: "stream", endsAtDiscard: true },
      { stream: true, acceptsDiscard: false },
    ],
  ])("voids output where its creator has accepted that: %j", async (summary, call) => {
    const set = await orphaned(JSON.stringify({ ...SUMMARY, ...summary }));
    expect(await set.adopt()).toBe("taken");
    const { caller } = set.stream;
    const before = { generationId: "g.1", createTimeMs: 0 };
    expect(set.asked).toMatchObject([{ ...call, caller, before }]);
  });

  it("has nobody that was shown a part of a whole answer", async () => {
    const set = await orphaned(JSON.stringify({ ...SUMMARY, endsAtDiscard: true }));
    const { streamId } = set.stream;
    const { signal } = new AbortController();
    const cursor = { sequence: 0, writer: 0 };
    set.log.reader({ streamId, cursor, signal, heartbeatMs: 0, watch: undefined }, true);
    expect(await set.adopt()).toBe("taken");
    expect(set.asked).toMatchObject([{ stream: false, acceptsDiscard: true }]);
  });
});

describe("an orphan whose summary this version cannot read", () => {
  it.each(["", "not JSON", "[]", "{}", JSON.stringify({ ...SUMMARY, attempts: "none" })])(
    "ends as OWNER_LOST: %j",
    async (details) => {
      const set = await orphaned(details);
      expect(await set.adopt()).toBe("ended");
      await set.clock.advance(0);
      const after = await set.head();
      expect(after).toMatchObject({ phase: "failed", token: { epoch: 2 } });
      expect(readSummary(after.progress).error?.kind).toBe("owner-lost");
      expect(set.runs()).toBe(0);
    },
  );
});

describe("an orphan that has lost its owner before", () => {
  const details = JSON.stringify({ ...SUMMARY, kind: "stream" });
  const { maxTakeovers } = DEFAULT_STREAM_SETTINGS;
  const lost = "the replica that produced the stream was lost, after 2 takeovers";
  const handedOver = "the stream was handed over 8 times and still ran";

  // The loss that makes it an orphan now is one more.
  it.each<[Partial<Record<Loss, number>>, string | undefined]>([
    [{ lost: maxTakeovers - 1 }, undefined],
    [{ lost: maxTakeovers }, lost],
    [{ lost: maxTakeovers + 1 }, lost],
    // Replicas that end as planned are no sign of a request that ends them.
    [{ handedOver: MAX_HAND_OVERS }, undefined],
    [{ handedOver: MAX_HAND_OVERS, lost: maxTakeovers - 1 }, undefined],
    [{ handedOver: MAX_HAND_OVERS + 1 }, handedOver],
  ])("runs on as often as `max_takeovers` says, and no more: %j", async (before, message) => {
    const set = await orphaned(details, before);
    expect(await set.adopt()).toBe(message === undefined ? "taken" : "ended");
    expect(set.runs()).toBe(message === undefined ? 1 : 0);
    if (message === undefined) return;
    await set.clock.advance(0);
    const { error } = readSummary((await set.head()).progress);
    expect(error).toMatchObject({ kind: "owner-lost", message });
  });
});
