import { describe, expect, it } from "vitest";
import { because, requireReasons, sectionLines } from "../../support/explained-settings.ts";
import { startTimedService } from "../../support/timed-service.ts";

const check =
  (yaml: string, environment: Readonly<Record<string, string>> = {}) =>
  () =>
    requireReasons(yaml, environment);

describe("a configuration of a test", () => {
  it.each([
    ["a key of a section", "drain: {grace: 1s}", "drain.grace"],
    ["a key of a block", "retry:\n  transient:\n    base: 1ms", "retry.transient.base"],
    ["a reason at another line", "drain: {grace: 1s}\n# because: x", "drain.grace"],
    ["JSON", JSON.stringify({ budget: { capacity: 1_000_000 } }), "budget.capacity"],
    ["what only goes with another key", "grpc: {max_connection_age: 5m}", "max_connection_age"],
    [
      "an instance",
      "providers:\n  - {id: a, type: openai, limit: {queue_wait: 1s}}",
      "limit.queue_wait",
    ],
    ["a model", "models: [{id: m, provider: a, timeouts: {idle: 1s}}]", "models.timeouts.idle"],
    ["a bound", "stream: {store: memory, max_bytes: 64KiB}", "stream.max_bytes"],
    ["faults", "faults: {allow: true}", "faults.allow"],
  ])("needs a reason for %s", (_what, yaml, key) => {
    expect(check(yaml)).toThrow(`${key}: not the shipped default`);
  });

  it.each([
    ["on its line", "drain: {grace: 1s} # because: it is waited for"],
    ["on the line of its section", "retry: # because: real time\n  transient: {base: 1ms}"],
    [
      "within an instance",
      "providers:\n  - {id: a, type: openai, limit: {queue_wait: 1s} # because: x\n    }",
    ],
  ])("has the reason %s", (_where, yaml) => {
    expect(check(yaml)).not.toThrow();
  });

  it.each([
    ["the shipped defaults themselves", "drain: {grace: 25s}\nlimit: {max_in_flight: 512}"],
    [
      "where it listens and keeps things",
      "grpc: {address: '127.0.0.1:0'}\nstream: {store: 'sqlite:x'}",
    ],
    [
      "providers, models and callers",
      "providers: [{id: a, type: xai, prefill: true}]\ncallers: []",
    ],
  ])("needs none for %s", (_what, yaml) => {
    expect(check(yaml)).not.toThrow();
  });

  it("has no reason for a shipped default", () => {
    expect(check("drain: {grace: 25s} # because: nobody knows")).toThrow("shipped default: drain");
  });

  it("has its settings in the file, where their reasons can stand", () => {
    expect(check("", { STEER_DRAIN_GRACE: "1s" })).toThrow("STEER_DRAIN_GRACE");
    expect(check("", { STEER_STREAMING_STATE_TTL: "60" })).toThrow("STEER_STREAMING_STATE_TTL");
    const facts = { STEER_GRPC_ADDRESS: "127.0.0.1:0", STEER_STREAM_STORE: "memory" };
    expect(check("", { ...facts, STEER_DRAIN_GRACE: "25s", UP_KEY: "x" })).not.toThrow();
  });

  it("has the reasons of sections that are made as objects", () => {
    const health = { panic: false };
    expect(check(sectionLines({ health }))).toThrow("health.panic");
    expect(check(sectionLines({ health: because("one target", health) }))).not.toThrow();
  });

  it("is looked at before the service starts", async () => {
    await expect(startTimedService("drain: {grace: 1s}")).rejects.toThrow("drain.grace");
  });
});
