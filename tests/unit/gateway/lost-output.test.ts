import { describe, expect, it } from "vitest";
import type { Attempt, AttemptNotice, StreamEventBody } from "../../../src/domain/generation.ts";
import type { MidStreamRecovery } from "../../../src/domain/generation-spec.ts";
import { createLostOutput } from "../../../src/gateway/lost-output.ts";
import { decodeStreamEvent } from "../../../src/rpc/decode-event.ts";
import { encodeEvent } from "../../../src/rpc/encode-event.ts";
import { createFaultyStore } from "../../support/faulty-store.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { testRouting, testSpec } from "../../support/provider-request.ts";
import { appendTo, newStream } from "../../support/stored-streams.ts";

const LOST: Attempt = {
  provider: "first",
  model: "large",
  index: 1,
  trigger: "initial",
  outcome: "failed",
  errorKind: "owner-lost",
  startTimeMs: 0,
  durationMs: 0,
  delayMs: 0,
  delayFromProvider: false,
  outputDelivered: true,
};

function text(value: string, partIndex = 0): StreamEventBody {
  return { type: "text-delta", partIndex, text: value };
}

function notice(action: AttemptNotice["action"], discardOutput: boolean): StreamEventBody {
  const next = { provider: "first", model: "large" };
  return {
    type: "attempt-notice",
    notice: { failed: LOST, action, next, delayMs: 0, discardOutput },
  };
}

/** A stream with these events from sequence 2 on. */
async function setUp(
  bodies: readonly StreamEventBody[],
  midStreamRecovery: MidStreamRecovery = "continue",
) {
  const clock = createManualClock();
  const { store, faults } = createFaultyStore(clock);
  const start = {
    type: "start",
    streamId: "s.1",
    generationId: "g.1",
    requestedModel: "large",
    target: { provider: "first", model: "large" },
    createTimeMs: 0,
    durability: "process",
  } as const;
  const first = encodeEvent({ sequence: 1, attemptIndex: 0, body: start }, 1);
  const stream = newStream({ start: first });
  await store.create(stream);
  for (const [index, body] of bodies.entries()) {
    const sequence = index + 2;
    const writer = stream.token.nonce;
    const events = [encodeEvent({ sequence, attemptIndex: 1, body }, writer)];
    const batch = { first: sequence, last: sequence, writer, events };
    await store.append(appendTo(stream, sequence, sequence, { batch }));
  }
  const lostOutput = createLostOutput({ clock, decodeEvent: decodeStreamEvent });
  const spec = testSpec({ routing: testRouting({ midStreamRecovery }) });
  const asked = { store, streamId: stream.streamId, spec, isStream: true };
  return { faults, output: () => lostOutput(asked, LOST) };
}

describe("the output of a lost attempt", () => {
  it("is the text of the log, from its first event on", async () => {
    const { output } = await setUp([text("the sea "), text("is"), text(" wide")]);
    const delivered = await output();
    expect(delivered?.assembler.message().parts).toEqual([
      { type: "text", text: "the sea is wide" },
    ]);
    expect(delivered).toMatchObject({
      name: { provider: "first", model: "large" },
      firstSequence: 2,
      hasWholePart: false,
    });
  });

  it("goes through attempts that went on with each other", async () => {
    const { output } = await setUp([text("a"), notice("continue", false), text("b")]);
    expect((await output())?.assembler.outputText()).toBe("ab");
  });

  it("begins behind the last notice that has voided it", async () => {
    const { output } = await setUp([
      { type: "part-end", partIndex: 0 },
      notice("retry", true),
      text("b"),
    ]);
    expect(await output()).toMatchObject({ firstSequence: 4 });
  });

  it.each<[string, readonly StreamEventBody[]]>([
    ["there is none", []],
    ["all of it is void", [text("a"), notice("retry", true)]],
    ["its part is whole", [text("a"), { type: "part-end", partIndex: 0 }]],
    ["it has a second part", [text("a"), text("b", 1)]],
    ["it has reasoning", [{ type: "reasoning-delta", partIndex: 0, text: "hm" }, text("a")]],
    [
      "it has a call",
      [{ type: "tool-call-delta", partIndex: 0, id: "c", name: "f", argumentsFragment: "" }],
    ],
  ])("is not gone on with where %s", async (_, bodies) => {
    expect(await (await setUp(bodies)).output()).toBeUndefined();
  });

  it.each(["fail", "restart"] as const)("is not gone on with by %s", async (recovery) => {
    expect(await (await setUp([text("a")], recovery)).output()).toBeUndefined();
  });

  it("is unknown where the store does not give it", async () => {
    const { faults, output } = await setUp([text("a")]);
    faults.isDown = true;
    expect(await output()).toBeUndefined();
  });
});
