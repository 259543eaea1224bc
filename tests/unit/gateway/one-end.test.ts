// A defect anywhere behind the admission of a generation: one typed end, nothing held, nothing left
// to others. Each place where our own code can throw is broken in turn.

import { describe, expect, it } from "vitest";
import { describeDefect } from "../../../src/domain/defect.ts";
import { GatewayError } from "../../../src/domain/gateway-error.ts";
import { GenerationFailed, type StreamEvent } from "../../../src/domain/generation.ts";
import type { ProviderEvent } from "../../../src/domain/provider-event.ts";
import { readSummary } from "../../../src/gateway/stream-summary.ts";
import { decodeEvent } from "../../../src/rpc/encode-event.ts";
import { listAll } from "../../support/list-all.ts";
import { type Answer, createTestGateway, STREAM_OPTIONS } from "../../support/test-gateway.ts";

const text = (value: string): ProviderEvent => ({ type: "text-delta", partIndex: 0, text: value });

/** Two deltas, some silence, the end; `aborted` holds the reason that reaches the provider. */
function answers() {
  const seen: { aborted: unknown; calls: number } = { aborted: undefined, calls: 0 };
  const whole: Answer = async function* (signal) {
    seen.calls++;
    signal.addEventListener("abort", () => {
      seen.aborted = signal.reason;
    });
    yield text('{"a": 1');
    yield text("}");
    yield { type: "part-end", partIndex: 0 };
    yield { type: "usage", counts: { inputTokens: 3, outputTokens: 2 } };
    yield { type: "finish", reason: "stop", rawReason: "end" };
  };
  /** The first attempt breaks off, the second one is whole. */
  const second: Answer = async function* (signal) {
    if (seen.calls > 0) return yield* whole(signal);
    seen.calls++;
    throw new GatewayError("server-error", "try again");
  };
  return { seen, whole, second };
}

interface Place {
  readonly place: string;
  readonly nth?: number;
  /** The place is reached by a retry. */
  readonly retries?: boolean;
  readonly only?: "stream" | "whole";
}

/** Behind admission, up to the last event. */
const PLACES: readonly Place[] = [
  { place: "encode text-delta", only: "stream" },
  { place: "encode text-delta", nth: 2, only: "stream" },
  { place: "encode part-end", only: "stream" },
  { place: "encode usage", only: "stream" },
  { place: "encode attempt-notice", retries: true, only: "stream" },
  { place: "encode complete" },
  { place: "telemetry startAttempt" },
  { place: "telemetry startAttempt", nth: 2, retries: true },
  { place: "telemetry attempt end" },
  { place: "telemetry attempt end", nth: 2, retries: true },
  { place: "telemetry startBackoff", retries: true },
  { place: "telemetry backoff end", retries: true },
  { place: "telemetry recordDecision", retries: true },
  { place: "telemetry recordCall" },
  { place: "usage attempt" },
  { place: "usage call" },
];

const KINDS = ["stored stream", "ephemeral stream", "local stream", "stored unary", "plain unary"];
const cases = PLACES.flatMap((place) =>
  KINDS.filter((kind) => {
    const isStream = kind.endsWith("stream");
    if (place.place === "encode complete" && kind === "plain unary") return false;
    return place.only === undefined || (place.only === "stream") === isStream;
  }).map((kind) => ({ ...place, kind, name: `${kind}: ${place.place} ${place.nth ?? 1}` })),
);

type Set = ReturnType<typeof createTestGateway>;

function keyed(call: Set["call"]): Set["call"] {
  return { ...call, identity: { ...call.identity, requestId: "r1", fingerprint: "f1" } };
}

/** The last event, and how many came; a whole answer has one. */
async function run(set: Set, kind: string): Promise<readonly StreamEvent[]> {
  const options = { ...STREAM_OPTIONS, includeUsage: true, heartbeatMs: 1_000 };
  if (kind === "plain unary" || kind === "stored unary") {
    const call = kind === "plain unary" ? set.call : keyed(set.call);
    const answer = await set.gateway.generate(call).catch((error: unknown) => {
      if (!(error instanceof GenerationFailed)) throw error;
      const { failure } = error;
      return { sequence: 1, attemptIndex: 0, body: { type: "error", failure } } as const;
    });
    if ("body" in answer) return [answer];
    if (answer.state === "generated") throw new Error("a defect has made a success");
    return [set.decode(answer.terminal)];
  }
  if (kind === "local stream") {
    set.faulty.faults.isDown = true;
    return set.collect(await set.gateway.streamGenerate(keyed(set.call), options));
  }
  const ephemeral = kind === "ephemeral stream";
  return set.collect(await set.gateway.streamGenerate(set.call, { ...options, ephemeral }));
}

describe("field:S2 field:S3 a defect behind admission", () => {
  it.each(cases)("ends it with one INTERNAL: $name", async ({ place, nth, retries, kind }) => {
    const { seen, whole, second } = answers();
    const set = createTestGateway(retries === true ? second : whole);
    set.faults.break(place, nth);
    const finished = run(set, kind);
    await set.clock.advance(1_000);
    await set.clock.advance(5_000);
    const events = await finished;
    expect(set.faults.hits.length).toBeGreaterThan(0);
    const last = events.at(-1);
    expect(last?.body).toMatchObject({ type: "error", failure: { error: { kind: "internal" } } });
    const ends = events.filter(({ body }) => body.type === "error" || body.type === "complete");
    expect(ends).toHaveLength(1);
    if (kind.endsWith("stream")) {
      expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, index) => index + 1));
    }
    // Nothing is sent, and paid, behind a defect.
    const isSecond = place === "telemetry attempt end" && nth === 2;
    expect(seen.calls).toBeLessThanOrEqual(isSecond ? 2 : 1);
    // Nothing is held: no run, no timer, no slot, no name.
    expect(set.runs.active).toBe(0);
    expect(set.clock.pendingTimers).toBe(0);
    expect(set.engine.states.of({ provider: "test", model: "test-model" }).limit.inFlight).toBe(0);
    expect(set.log.owned.size).toBe(0);
    // What is told finds the defect, and says nothing of its message.
    const [told] = set.told;
    expect(told?.place?.generation_id).toMatch(/^id-/);
    expect(describeDefect(told?.error)).toMatchObject({
      error: "PutInDefect",
      stack: expect.arrayContaining([expect.stringContaining("faults.ts")]),
    });
    expect(JSON.stringify(describeDefect(told?.error))).not.toContain("secret");
  });

  it("aborts the provider's call where an event cannot be told", async () => {
    const seen: { reason: unknown } = { reason: undefined };
    const set = createTestGateway(async function* (signal) {
      yield text("a");
      yield text("b");
      await new Promise((_, reject) => {
        signal.addEventListener("abort", () => {
          seen.reason = signal.reason;
          reject(signal.reason);
        });
      });
    });
    set.faults.break("encode text-delta", 2);
    const events = await set.collect(await set.gateway.streamGenerate(set.call, STREAM_OPTIONS));
    expect(events.map(({ body }) => body.type)).toEqual(["start", "text-delta", "error"]);
    expect(events.at(-1)?.body).toMatchObject({
      failure: { partial: { usage: { source: "estimated" }, attempts: [{ outcome: "failed" }] } },
    });
    expect(set.stats.of("test").inFlight).toBe(0);
  });

  it("a defect of `start` ends the call before there is a stream", async () => {
    for (const ephemeral of [true, false]) {
      const { whole } = answers();
      const set = createTestGateway(whole);
      set.faults.break("encode start");
      const call = set.gateway.streamGenerate(set.call, { ...STREAM_OPTIONS, ephemeral });
      await expect(call).rejects.toThrow();
      expect([set.runs.active, set.clock.pendingTimers, set.log.owned.size]).toEqual([0, 0, 0]);
    }
  });
});

describe("field:S2 an end that cannot be encoded", () => {
  it.each(["stored stream", "ephemeral stream", "stored unary"])(
    "is an INTERNAL of fixed bytes, which every reader gets: %s",
    async (kind) => {
      const { whole } = answers();
      const set = createTestGateway(whole);
      set.faults.break("encode complete");
      set.faults.break("encode error");
      const events = await run(set, kind);
      const last = events.at(-1);
      expect(last?.body).toMatchObject({ type: "error" });
      expect([set.runs.active, set.clock.pendingTimers, set.log.owned.size]).toEqual([0, 0, 0]);
      if (kind === "ephemeral stream") return;
      // Readers that come later, and operators.
      const query = { phases: [], provider: "", caller: "", olderThanMs: 0, after: undefined };
      const [stored] = await listAll(set.faulty.peer, { ...query, limit: 10 });
      expect(stored).toMatchObject({ phase: "failed", isBound: false });
      if (stored === undefined) throw new Error("no stream");
      expect(readSummary(stored.progress)).toMatchObject({ error: { kind: "internal" } });
      const read = await set.faulty.peer.read(stored.streamId, { sequence: 0, writer: 0 }, 100);
      if (read.state !== "read") throw new Error("not read");
      const bytes = read.batches.flatMap((batch) => batch.events).at(-1);
      const { event, sequence, writer } = decodeEvent(bytes ?? new Uint8Array());
      expect(event).toMatchObject({
        case: "error",
        value: { error: { reason: "INTERNAL", code: 13, retryable: false } },
      });
      expect([sequence, writer]).toEqual([stored.tail, stored.token.nonce]);
      await set.log.releaseAbandoned();
      expect(await set.faulty.peer.orphans(10)).toEqual([]);
    },
  );
});

describe("describeDefect", () => {
  it("has class and frames, of the first cause, and no line of a message", () => {
    class Deep extends TypeError {}
    const message = "a prompt\n    at /home/secret.ts:1:1\nmore";
    const error = new Error("outer", { cause: new Deep(message) });
    const { error: name, stack } = describeDefect(error);
    expect(name).toBe("Deep");
    expect(JSON.stringify(stack)).not.toContain("secret");
    expect(JSON.stringify(stack)).toContain("one-end.test.ts");
    expect(describeDefect("a text")).toEqual({ error: "string" });
    const nameless = new Error("outer");
    // What a library may make of it: lines behind the message that are no places.
    nameless.stack = `Error: outer\nsaid: a prompt\n    at a prompt\n    at node:fs:1:1`;
    expect(describeDefect(nameless).stack).toEqual(["at node:fs:1:1"]);
    const changed = new Error(message);
    changed.message = "other";
    expect(JSON.stringify(describeDefect(changed))).not.toContain("a prompt");
  });
});
