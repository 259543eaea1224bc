import { describe, expect, it } from "vitest";
import type { Deployment } from "../../../src/gateway/generation-run.ts";
import { readSummary } from "../../../src/gateway/stream-summary.ts";
import { cut, fails, hangs, type Script, succeeds } from "../../support/engine.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { testModel } from "../../support/provider-request.ts";
import { createGatewayOver, STREAM_OPTIONS } from "../../support/test-gateway.ts";

const EPHEMERAL = { ...STREAM_OPTIONS, ephemeral: true, onDisconnect: "cancel" } as const;

/** A gateway over these instances, each with a model of its own, and the reading of one call. */
function setUp(scripts: Readonly<Record<string, Script>>) {
  const clock = createManualClock();
  const deployment: Deployment = {
    route(spec) {
      const [first, ...others] = Object.keys(scripts).map((provider) => ({
        model: testModel({ provider, id: `model-${provider}` }),
        spec,
        effort: undefined,
        options: {},
        warnings: [],
      }));
      if (first === undefined) throw new Error("no target");
      return { targets: [first, ...others], skipped: [], unfit: [] };
    },
    lease: () => () => {},
    provider: (id) => ({
      generate: (_, signal) => (scripts[id] ?? hangs)(signal, clock),
      close: async () => {},
    }),
    abort: { mode: "close", maxTimeMs: 1_000 },
    timeouts: {
      connectMs: 1_000,
      firstTokenMs: 20_000,
      firstTokenFailoverMs: 20_000,
      answerFailoverMs: 20_000,
      idleMs: 20_000,
      reasoningMs: 20_000,
      reasoningFailoverMs: 20_000,
      totalMs: 60_000,
      maxTotalMs: 60_000,
    },
  };
  const set = createGatewayOver(clock, deployment);
  async function read(options: typeof EPHEMERAL | typeof STREAM_OPTIONS, timeoutMs?: number) {
    const stream = await set.gateway.streamGenerate({ ...set.call, timeoutMs }, options);
    const ended = set.collect(stream).then(
      (events) => ({ last: events.at(-1)?.body, at: clock.now() - startedAt }),
      (error: unknown) => ({ thrown: error, at: clock.now() - startedAt }),
    );
    return { streamId: stream.streamId, ended };
  }
  const startedAt = clock.now();
  const headOf = async (streamId: string) => {
    const [head] = await set.log.store.heads([streamId]);
    if (head === undefined) throw new Error(`${streamId} is not there`);
    return { ...head, summary: readSummary(head.progress) };
  };
  return { clock, read, headOf };
}

describe("the deadline of a call, of which a margin is left for its end", () => {
  it("ends an ephemeral stream with its generation", async () => {
    const { clock, read } = setUp({ a: hangs });
    const { ended } = await read(EPHEMERAL, 500);
    await clock.advance(60_000);
    expect(await ended).toMatchObject({
      at: 450,
      last: {
        type: "error",
        failure: {
          error: { kind: "total-timeout", message: "the generation took longer than 450 ms" },
        },
      },
    });
  });

  it("ends the reading of a stored stream, whose generation goes on", async () => {
    const { clock, read, headOf } = setUp({ a: succeeds(700) });
    const { streamId, ended } = await read(STREAM_OPTIONS, 500);
    await clock.advance(500);
    expect(await ended).toMatchObject({
      at: 450,
      thrown: { failure: { error: { kind: "total-timeout", reason: "DELIVERY_DEADLINE" } } },
    });
    expect((await headOf(streamId)).phase).toBe("running");
    await clock.advance(500);
    expect((await headOf(streamId)).phase).toBe("completed");
  });

  it.each([
    ["stored", STREAM_OPTIONS],
    ["ephemeral", EPHEMERAL],
  ] as const)(
    "leaves half of it to the next target, where the first is silent: %s",
    async (_, options) => {
      const { clock, read } = setUp({ a: hangs, b: succeeds(100) });
      const { ended } = await read(options, 500);
      await clock.advance(60_000);
      expect(await ended).toMatchObject({ at: 325, last: { type: "complete" } });
    },
  );

  it("is none where the call has none", async () => {
    const { clock, read } = setUp({ a: succeeds(15_000) });
    const { ended } = await read(EPHEMERAL);
    await clock.advance(60_000);
    expect(await ended).toMatchObject({ at: 15_000, last: { type: "complete" } });
  });
});

it("a stored stream says where its next attempt goes as soon as its readers are told", async () => {
  const { clock, read, headOf } = setUp({ a: fails(cut(), 10), b: succeeds(5_000) });
  const { streamId, ended } = await read(STREAM_OPTIONS);
  expect(await headOf(streamId)).toMatchObject({
    progress: { provider: "a" },
    summary: { model: "model-a", attempts: [] },
  });
  await clock.advance(1_000);
  expect(await headOf(streamId)).toMatchObject({
    phase: "running",
    // A notice is no content.
    firstContent: 0,
    progress: { provider: "b" },
    summary: { model: "model-b", attempts: [{ provider: "a" }, { provider: "a" }] },
  });
  await clock.advance(10_000);
  await ended;
  expect(await headOf(streamId)).toMatchObject({
    phase: "completed",
    firstContent: 4,
    summary: { model: "model-b", attempts: [{}, {}, { provider: "b" }] },
  });
});
