import { describe, expect, it } from "vitest";
import { GatewayError } from "../../../src/domain/gateway-error.ts";
import type { ProviderEvent } from "../../../src/domain/provider-event.ts";
import { signOfEvent } from "../../../src/gateway/sign-of-event.ts";
import type { AttemptLimits } from "../../../src/reliability/attempt-timers.ts";
import { runAttempt } from "../../../src/reliability/run-attempt.ts";
import { createManualClock, type ManualClock } from "../../support/manual-clock.ts";

const NO_LIMITS: AttemptLimits = {
  firstTokenMs: undefined,
  idleMs: undefined,
  attemptMs: undefined,
};

const text = (value: string): ProviderEvent => ({ type: "text-delta", partIndex: 0, text: value });
const usage: ProviderEvent = { type: "usage", counts: { outputTokens: 1 } };
const finish: ProviderEvent = { type: "finish", reason: "stop", rawReason: "stop" };

/** Yields each event after its time in milliseconds since the one before; then hangs or ends. */
function scripted(
  clock: ManualClock,
  steps: readonly (readonly [number, ProviderEvent])[],
  hang = false,
) {
  return async function* open(signal: AbortSignal): AsyncGenerator<ProviderEvent> {
    for (const [ms, event] of steps) {
      if (ms > 0) await clock.sleep(ms, signal);
      yield event;
    }
    if (hang) await clock.sleep(1e9, signal);
  };
}

function start(
  clock: ManualClock,
  open: (signal: AbortSignal) => AsyncIterable<ProviderEvent>,
  limits: Partial<AttemptLimits> = {},
  onEvent: (event: ProviderEvent) => Promise<void> | undefined = () => undefined,
) {
  const controller = new AbortController();
  const outcome = runAttempt({
    open,
    signOf: signOfEvent,
    onItem: onEvent,
    limits: { ...NO_LIMITS, ...limits },
    clock,
    signal: controller.signal,
    isDraining: () => false,
  }).then(
    () => "done" as const,
    (error: unknown) => error as GatewayError,
  );
  return { controller, outcome };
}

describe("runAttempt", () => {
  it("ends with the provider's finish, and leaves no timer behind", async () => {
    const clock = createManualClock();
    const { outcome } = start(
      clock,
      scripted(clock, [
        [10, text("a")],
        [10, finish],
      ]),
      {
        firstTokenMs: 100,
        idleMs: 100,
        attemptMs: 100,
      },
    );
    await clock.advance(50);
    expect(await outcome).toBe("done");
    expect(clock.pendingTimers).toBe(0);
  });

  it("takes an end without a finish for truncated", async () => {
    const clock = createManualClock();
    const { outcome } = start(clock, scripted(clock, [[0, text("a")]]));
    expect(await outcome).toMatchObject({
      kind: "truncated",
      message: "the provider's answer ended without its end marker",
    });
  });

  it.each<[string, [number, ProviderEvent][], Partial<AttemptLimits>, string, number]>([
    ["no content at all", [], { firstTokenMs: 100, idleMs: 30 }, "first-token-timeout", 100],
    [
      "a role and usage, no content",
      [
        [10, usage],
        [10, { type: "response", id: "r" }],
      ],
      { firstTokenMs: 100, idleMs: 30 },
      "first-token-timeout",
      100,
    ],
    ["an empty delta", [[10, text("")]], { firstTokenMs: 100 }, "first-token-timeout", 100],
    [
      "silence after content",
      [[10, text("a")]],
      { firstTokenMs: 100, idleMs: 30 },
      "idle-timeout",
      40,
    ],
    [
      "silence after usage",
      [
        [10, text("a")],
        [20, usage],
      ],
      { idleMs: 30 },
      "idle-timeout",
      60,
    ],
    [
      "what says nothing, after content",
      [
        [10, text("a")],
        [20, { type: "response", id: "r" }],
      ],
      { idleMs: 30 },
      "idle-timeout",
      40,
    ],
    [
      "an attempt that talks on",
      [
        [10, text("a")],
        [40, text("b")],
        [40, text("c")],
      ],
      { idleMs: 50, attemptMs: 100 },
      "idle-timeout",
      100,
    ],
    ["an attempt without content", [], { attemptMs: 100 }, "first-token-timeout", 100],
  ])("limits %s", async (_name, steps, limits, kind, atMs) => {
    const clock = createManualClock();
    let ended = false;
    const { outcome } = start(clock, scripted(clock, steps, true), limits);
    void outcome.then(() => {
      ended = true;
    });
    await clock.advance(atMs - 1);
    expect(ended).toBe(false);
    await clock.advance(1);
    expect(await outcome).toMatchObject({ kind });
    expect(clock.pendingTimers).toBe(0);
  });

  it("does not take the reader's time for the provider's silence", async () => {
    const clock = createManualClock();
    const { outcome } = start(
      clock,
      scripted(clock, [
        [10, text("a")],
        [10, text("b")],
        [10, finish],
      ]),
      { idleMs: 30 },
      (event) =>
        event.type === "text-delta" ? clock.sleep(500, new AbortController().signal) : undefined,
    );
    await clock.advance(2_000);
    expect(await outcome).toBe("done");
  });

  it("takes no reader's time for content", async () => {
    const clock = createManualClock();
    const { outcome } = start(
      clock,
      scripted(clock, [[10, usage]], true),
      { firstTokenMs: 100, idleMs: 10_000 },
      () => clock.sleep(20, new AbortController().signal),
    );
    await clock.advance(100);
    expect(await outcome).toMatchObject({ kind: "first-token-timeout" });
  });

  it.each([
    ["before it began", 0],
    ["while the provider is silent", 5],
  ])("ends by the signal's reason, %s", async (_name, afterMs) => {
    const clock = createManualClock();
    const reason = new GatewayError("cancelled", "test");
    const { controller, outcome } = start(clock, scripted(clock, [], true));
    if (afterMs > 0) await clock.advance(afterMs);
    controller.abort(reason);
    expect(await outcome).toBe(reason);
  });

  it("types whatever an adapter throws", async () => {
    const clock = createManualClock();
    const { outcome } = start(clock, async function* () {
      yield text("a");
      throw new TypeError("a defect with a secret in it");
    });
    const error = await outcome;
    expect(error).toMatchObject({ kind: "internal", message: "internal error" });
  });

  it("closes the adapter's answer when it ends early", async () => {
    const clock = createManualClock();
    let closed = false;
    const { controller, outcome } = start(clock, async function* (signal) {
      try {
        yield text("a");
        await clock.sleep(1e6, signal);
      } finally {
        closed = true;
      }
    });
    await clock.advance(1);
    controller.abort(new GatewayError("cancelled", "test"));
    await outcome;
    expect(closed).toBe(true);
  });

  it("ends at once when it is aborted while a reader or a store lags", async () => {
    const clock = createManualClock();
    const open = scripted(clock, [[0, text("a")]], true);
    const { controller, outcome } = start(clock, open, {}, () => new Promise(() => {}));
    await clock.advance(1);
    const reason = new GatewayError("cancelled", "over");
    controller.abort(reason);
    expect(await outcome).toBe(reason);
    expect(clock.pendingTimers).toBe(0);
  });
});
