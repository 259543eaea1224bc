import { describe, expect, it } from "vitest";
import { startAttemptTimers } from "../../../src/reliability/attempt-timers.ts";
import { createManualClock } from "../../support/manual-clock.ts";

describe("the timers of an attempt", () => {
  function start(limits: { firstTokenMs?: number; idleMs?: number; attemptMs?: number }) {
    const clock = createManualClock();
    const errors: string[] = [];
    const timers = startAttemptTimers(
      { firstTokenMs: undefined, idleMs: undefined, attemptMs: undefined, ...limits },
      clock,
      (error) => errors.push(`${error.kind}: ${error.message}`),
    );
    return { clock, errors, timers };
  }

  it("say which limit has passed", async () => {
    const first = start({ firstTokenMs: 100 });
    await first.clock.advance(100);
    expect(first.errors).toEqual(["first-token-timeout: no first token within 100 ms"]);

    const idle = start({ idleMs: 50 });
    idle.timers.progress(0, true);
    await idle.clock.advance(50);
    expect(idle.errors).toEqual(["idle-timeout: the provider was silent for 50 ms"]);

    const early = start({ attemptMs: 30 });
    await early.clock.advance(30);
    expect(early.errors).toEqual(["first-token-timeout: the attempt took longer than 30 ms"]);

    const late = start({ attemptMs: 30 });
    late.timers.progress(0, true);
    await late.clock.advance(30);
    expect(late.errors).toEqual(["idle-timeout: the attempt took longer than 30 ms"]);
  });

  it("end no attempt by limits that it does not have", async () => {
    const { clock, errors, timers } = start({});
    timers.progress(clock.now(), true);
    await clock.advance(1e9);
    expect(errors).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
  });

  it("count silence from the last progress, and none while the reader holds the provider back", async () => {
    const { clock, errors, timers } = start({ idleMs: 100 });
    timers.progress(clock.now(), true);
    await clock.advance(60);
    timers.progress(clock.now(), false);
    await clock.advance(99);
    expect(errors).toEqual([]);
    timers.hold();
    await clock.advance(1_000);
    expect(errors).toEqual([]);
    timers.progress(clock.now(), false);
    await clock.advance(99);
    expect(errors).toEqual([]);
    await clock.advance(1);
    expect(errors).toHaveLength(1);
  });

  it("say nothing of idle time before content, and nothing at all once they are stopped", async () => {
    const { clock, errors, timers } = start({ firstTokenMs: 500, idleMs: 10, attemptMs: 900 });
    timers.progress(clock.now(), false);
    await clock.advance(499);
    timers.progress(clock.now(), true);
    await clock.advance(9);
    expect([errors, clock.pendingTimers]).toEqual([[], 2]);
    timers.stop();
    expect(clock.pendingTimers).toBe(0);
    await clock.advance(1_000);
    expect(errors).toEqual([]);
  });
});
