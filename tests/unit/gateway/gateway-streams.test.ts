import { describe, expect, it } from "vitest";
import type { ProviderEvent } from "../../../src/domain/provider-event.ts";
import { testRouting } from "../../support/provider-request.ts";
import { type Answer, createTestGateway, STREAM_OPTIONS } from "../../support/test-gateway.ts";

const text: ProviderEvent = { type: "text-delta", partIndex: 0, text: "a" };
const finish: ProviderEvent = { type: "finish", reason: "stop", rawReason: "end" };
const ANSWER: readonly ProviderEvent[] = [text, { type: "part-end", partIndex: 0 }, finish];
const endless: Answer = async function* (signal) {
  yield text;
  await new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason));
  });
};
const EPHEMERAL = { ...STREAM_OPTIONS, ephemeral: true, onDisconnect: "cancel" } as const;

type Set = ReturnType<typeof createTestGateway>;

/** A reader's first event: the stream has begun. */
async function begin(set: Set, options: typeof EPHEMERAL | typeof STREAM_OPTIONS) {
  const stream = await set.gateway.streamGenerate(set.call, options);
  const events = set.read(stream);
  await events.next();
  await events.next();
  const rest = (async () => {
    const all = [];
    for await (const event of events) all.push(event);
    return all;
  })();
  return { stream, rest };
}

const named = (set: Set, requestId = "request-1") => ({
  ...set.call,
  identity: { ...set.call.identity, requestId, fingerprint: "same" },
});

describe("what a stream says of itself", () => {
  it.each([
    ["stored", STREAM_OPTIONS, /^s\./, "process"],
    ["ephemeral", EPHEMERAL, /^e\./, "none"],
  ] as const)("as it is opened, %s", async (_name, options, id, durability) => {
    for (const [acceptsDiscard, midStreamRecovery, endsAtDiscard] of [
      [true, "restart", true],
      [false, "fail", true],
      // Older than the word: it does accept them.
      [false, "restart", false],
    ] as const) {
      const set = createTestGateway(ANSWER);
      const spec = { ...set.call.spec, routing: testRouting({ midStreamRecovery }) };
      const call = { ...set.call, acceptsDiscard, spec };
      const stream = await set.gateway.streamGenerate(call, options);
      expect(stream).toMatchObject({
        streamId: expect.stringMatching(id),
        isReplayed: false,
        holdsOutput: false,
      });
      expect(stream.endsAtDiscard).toBe(endsAtDiscard);
      const events = await set.collect(stream);
      expect(events[0]?.body).toMatchObject({
        type: "start",
        streamId: stream.streamId,
        generationId: stream.generationId,
      });
      if (durability === "none") expect(events[0]?.body).toMatchObject({ durability });
      const terminal = stream.terminal();
      expect(terminal && set.decode(terminal).body.type).toBe("complete");
      expect(stream.soFar?.()).toMatchObject({ outputText: "a" });
    }
  });
});

it("an ephemeral stream holds its provider back while nobody reads, and loses nothing", async () => {
  let made = 0;
  const many: Answer = async function* () {
    for (; made < 1_000; made++) yield text;
    yield { type: "part-end", partIndex: 0 };
    yield finish;
  };
  const set = createTestGateway(many);
  const stream = await set.gateway.streamGenerate(set.call, EPHEMERAL);
  await set.clock.advance(500);
  expect(made).toBeGreaterThan(10);
  expect(made).toBeLessThan(100);
  const events = await set.collect(stream);
  expect(events.filter(({ body }) => body.type === "text-delta")).toHaveLength(1_000);
  expect(events.at(-1)?.body.type).toBe("complete");
});

describe("a stream that is cancelled by its name", () => {
  it.each([
    ["stored", STREAM_OPTIONS],
    ["ephemeral", EPHEMERAL],
  ] as const)("ends as its caller's wish, once, %s", async (_name, options) => {
    const set = createTestGateway(endless);
    const { stream, rest } = await begin(set, options);
    const { streamId } = stream;
    // Another caller's is not there.
    await expect(set.gateway.cancelGeneration("bob", { streamId })).rejects.toMatchObject({
      kind: "not-found",
    });
    expect(await set.gateway.cancelGeneration("alice", { streamId })).toBe(true);
    await set.clock.advance(1_000);
    expect((await rest).at(-1)?.body).toMatchObject({
      type: "error",
      failure: { error: { kind: "cancelled", reason: "CANCELLED_BY_CALLER" } },
    });
    if (options === EPHEMERAL) {
      await expect(set.gateway.cancelGeneration("alice", { streamId })).rejects.toMatchObject({
        kind: "not-found",
      });
    } else expect(await set.gateway.cancelGeneration("alice", { streamId })).toBe(false);
  });

  it("is found by the key of its call", async () => {
    const set = createTestGateway(endless);
    const stream = await set.gateway.streamGenerate(named(set), STREAM_OPTIONS);
    const events = set.collect(stream);
    const requestId = "request-1";
    await expect(set.gateway.cancelGeneration("bob", { requestId })).rejects.toMatchObject({
      kind: "not-found",
    });
    expect(await set.gateway.cancelGeneration("alice", { requestId })).toBe(true);
    await set.clock.advance(1_000);
    expect((await events).at(-1)?.body).toMatchObject({ type: "error" });
    await expect(
      set.gateway.cancelGeneration("alice", { requestId: "request-2" }),
    ).rejects.toMatchObject({ kind: "not-found" });
  });

  it("is not looked for while the store is away", async () => {
    const set = createTestGateway(ANSWER);
    set.faulty.faults.isDown = true;
    await expect(
      set.gateway.cancelGeneration("alice", { streamId: "s.other" }),
    ).rejects.toMatchObject({ kind: "state-unavailable" });
    // The store has none of that name.
    await expect(
      set.gateway.cancelGeneration("alice", { streamId: "x.other" }),
    ).rejects.toMatchObject({ kind: "not-found" });
  });
});

describe("a stream that is resumed", () => {
  const resume = (set: Set, streamId: string, sequence = 0, caller = "alice") =>
    set.gateway.resumeStream({
      caller,
      streamId,
      cursor: { sequence, writer: 0 },
      signal: set.controller.signal,
      timeoutMs: undefined,
    });

  it("has all behind the cursor, and its reader's end is counted", async () => {
    const set = createTestGateway(ANSWER);
    const stream = await set.gateway.streamGenerate(set.call, STREAM_OPTIONS);
    const all = await set.collect(stream);
    const again = await resume(set, stream.streamId);
    expect(await set.collect(again)).toEqual(all);
    expect([again.streamId, again.soFar]).toEqual([stream.streamId, undefined]);
    expect(set.resumed).toEqual(["ok"]);
  });

  it("is not there for another caller, or where there is none; that is counted, too", async () => {
    const set = createTestGateway(ANSWER);
    const { streamId } = await set.gateway.streamGenerate(set.call, STREAM_OPTIONS);
    for (const [name, caller] of [
      [streamId, "bob"],
      ["s.other", "alice"],
      ["x.other", "alice"],
    ] as const) {
      await expect(resume(set, name, 0, caller)).rejects.toMatchObject({ kind: "not-found" });
    }
    expect(set.resumed).toEqual(Array(3).fill("STREAM_NOT_FOUND"));
    set.faulty.faults.isDown = true;
    await expect(resume(set, "s.other")).rejects.toMatchObject({ kind: "state-unavailable" });
    expect(set.resumed.at(-1)).toBe("STATE_UNAVAILABLE");
    expect(set.resumed).toHaveLength(4);
  });

  it("is none that nothing is kept of", async () => {
    const set = createTestGateway(ANSWER);
    await expect(resume(set, "e.1")).rejects.toMatchObject({
      kind: "validation",
      reason: "STREAM_NOT_RESUMABLE",
      message: "an ephemeral stream cannot be resumed",
    });
    expect(set.resumed).toEqual([]);
  });
});

describe("a whole answer", () => {
  it("without a key is kept nowhere, and with one is there again", async () => {
    const set = createTestGateway(ANSWER);
    expect(await set.gateway.generate(set.call)).toMatchObject({
      state: "generated",
      generation: { outputText: "a" },
    });
    const opened: string[][] = [];
    const onOpen = (...names: string[]): void => void opened.push(names);
    const first = await set.gateway.generate({ ...named(set), onOpen });
    expect(first).toMatchObject({ state: "stored", isReplayed: false });
    expect(first.generation?.outputText).toBe("a");
    const again = await set.gateway.generate({ ...named(set), onOpen });
    expect(again).toMatchObject({ state: "stored", isReplayed: true });
    expect(again.generation).toBeUndefined();
    expect(opened).toHaveLength(2);
    expect(opened[0]).toEqual(opened[1]);
    expect(opened[0]?.[0]).toMatch(/^s\./);
    expect(set.calls()).toBe(2);
  });

  it("whose caller is gone before it begins, or meanwhile, is cancelled", async () => {
    const gone = createTestGateway(ANSWER);
    gone.controller.abort();
    await expect(gone.gateway.generate(gone.call)).rejects.toMatchObject({});
    const set = createTestGateway(endless);
    const answer = set.gateway.generate(set.call);
    answer.catch(() => {});
    await set.clock.advance(1);
    set.controller.abort();
    await set.clock.advance(1_000);
    await expect(answer).rejects.toMatchObject({
      failure: { error: { kind: "cancelled", reason: "CANCELLED_BY_CALLER" } },
    });
  });
});
