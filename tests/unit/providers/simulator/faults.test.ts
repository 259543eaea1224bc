import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { GatewayError } from "../../../../src/domain/gateway-error.ts";
import type { JsonObject } from "../../../../src/domain/json.ts";
import { simulator } from "../../../../src/providers/simulator/provider.ts";
import { collectEvents } from "../../../support/collect-events.ts";
import { createManualClock } from "../../../support/manual-clock.ts";
import { testInstance, testRequest } from "../../../support/provider-request.ts";
import { simulate, textOf, user } from "../../../support/simulate.ts";

describe("scripted faults of the simulator", () => {
  it.each<[string, JsonObject, string, number]>([
    ["a status", { status: 503 }, "server-error", 0],
    [
      "a status with its body",
      { status: 400, body: { error: { code: "context_length_exceeded" } } },
      "context-length",
      0,
    ],
    ["a refused connection", { refuse: true }, "network", 0],
    ["a cut", { cut_after_bytes: 10 }, "network", 1],
    ["a broken event", { malformed_at: 3 }, "protocol", 3],
    ["an error inside", { error_at: 2 }, "server-error", 2],
    [
      "an overload inside",
      { error_at: 2, body: { error: { type: "overloaded_error" } } },
      "provider-overloaded",
      2,
    ],
    ["no end marker", { omit_terminator: true }, "truncated", 20],
  ])("fails by script: %s", async (_name, fault, kind, least) => {
    const { events, error } = await simulate(user("Hi"), { faults: [{ attempt: 1, ...fault }] });
    expect(error).toBeInstanceOf(GatewayError);
    expect(error).toMatchObject({ kind });
    expect(events.some(({ type }) => type === "finish")).toBe(false);
    expect(events.filter(({ type }) => type === "text-delta").length).toBeGreaterThanOrEqual(least);
  });

  it.each<[string, JsonObject, string]>([
    ["a cut", { cut_after_bytes: 10 }, "network"],
    ["a broken answer", { malformed_at: 0 }, "protocol"],
    ["an error inside", { error_at: 2 }, "server-error"],
    ["no end", { omit_terminator: true }, "truncated"],
  ])("gives nothing of an answer that is not streamed: %s", async (_name, fault, kind) => {
    const script = { faults: [{ attempt: 1, ...fault }] };
    const { events, error } = await simulate(user("Hi"), script, { stream: false });
    expect(error).toMatchObject({ kind });
    expect(events).toEqual([]);
  });

  it("cuts off what does not fit into the bytes of the script", async () => {
    const whole = textOf((await simulate(user("Hi"), { text: "Übung é 東京", tokens: 1 })).events);
    await fc.assert(
      fc.asyncProperty(fc.nat(Buffer.byteLength(whole)), async (cut_after_bytes) => {
        const script = { text: whole, faults: [{ attempt: 1, cut_after_bytes }] };
        const { events, error } = await simulate(user("Hi"), script);
        expect(error).toMatchObject({ kind: "network" });
        expect(whole.startsWith(textOf(events))).toBe(true);
        const bytes = Buffer.byteLength(textOf(events));
        expect(bytes).toBeLessThanOrEqual(cut_after_bytes);
        expect(bytes).toBeGreaterThan(cut_after_bytes - 4);
      }),
    );
  });

  it("passes on how long a provider asks to wait, and its verdict on a repetition", async () => {
    const fault = {
      attempt: 1,
      status: 429,
      headers: { "Retry-After": "7", "x-should-retry": "false", "x-request-id": "r-1" },
    };
    const { error } = await simulate(user("Hi"), { faults: [fault] });
    expect(error).toMatchObject({
      kind: "rate-limit",
      retryAfterMs: 7_000,
      providerFailure: { httpStatus: 429, requestId: "r-1", shouldRetry: false },
    });
  });

  it.each([
    ["before the first token", 0, 0],
    ["inside the answer", 3, 3],
    ["before the end marker", 1_000, 20],
  ])("stalls %s until it is aborted, and then ends at once", async (_name, after, least) => {
    const clock = createManualClock();
    const provider = await simulator.create(testInstance({ type: "simulator" }), {
      clock,
      allowFaults: true,
    });
    const controller = new AbortController();
    const options = { faults: [{ attempt: 1, stall_after_events: after }] };
    const outcome = collectEvents(
      provider.generate(testRequest({ options, stream: true }), controller.signal),
    );
    let ended = false;
    void outcome.then(() => {
      ended = true;
    });
    await clock.advance(3_600_000);
    expect(ended).toBe(false);
    const reason = new GatewayError("idle-timeout", "test");
    controller.abort(reason);
    const { events, error } = await outcome;
    expect(error).toBe(reason);
    const deltas = events.filter(({ type }) => type === "text-delta").length;
    if (after < 20) expect(deltas).toBe(least);
    else expect(deltas).toBeGreaterThanOrEqual(least);
  });

  it("fails the attempt that the script names, and no other", async () => {
    const script = { faults: [{ attempt: 1, status: 500 }] };
    expect((await simulate(user("Hi"), script)).error).toBeDefined();
    expect((await simulate(user("Hi"), script, { attempt: 2 })).error).toBeUndefined();
  });

  it("needs permission for faults", async () => {
    const faults = { faults: [{ attempt: 1, refuse: true }] };
    expect((await simulate(user("Hi"), faults, { allowFaults: false })).error).toMatchObject({
      reason: "FAULTS_DISABLED",
    });
  });
});
