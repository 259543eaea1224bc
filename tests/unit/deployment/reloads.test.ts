import { expect, it } from "vitest";
import { ConfigError } from "../../../src/config/sources.ts";
import { type ReloadCause, Reloads } from "../../../src/deployment/reloads.ts";
import { createManualClock } from "../../support/manual-clock.ts";

/** Reloads whose steps end when the test says so. */
function setUp(hasFiles = false) {
  const clock = createManualClock();
  const log: unknown[] = [];
  const begun: ReloadCause[] = [];
  const ends: (() => void)[] = [];
  const step = (cause: ReloadCause) => () => {
    begun.push(cause);
    return new Promise<boolean>((resolve) => ends.push(() => resolve(true)));
  };
  const reloads = new Reloads({
    clock,
    log: (line) => void log.push(line),
    steps: {
      signal: step("signal"),
      api_key_file: step("api_key_file"),
      provider_tls: step("provider_tls"),
      tls: step("tls"),
    },
    hasFiles: () => hasFiles,
  });
  const settle = () => clock.advance(0);
  return { clock, log, begun, ends, reloads, settle };
}

it("signals that come while a reload runs are one more reload, however many there are", async () => {
  const { begun, ends, reloads, settle } = setUp();
  const first = reloads.request("signal");
  await settle();
  const others = Array.from({ length: 1_000 }, () => reloads.request("signal"));
  await settle();
  expect(begun).toEqual(["signal"]);
  ends.shift()?.();
  await first;
  await settle();
  expect(begun).toEqual(["signal", "signal"]);
  ends.shift()?.();
  await Promise.all(others);
  expect(begun).toHaveLength(2);
});

it("steps of different causes run one after the other", async () => {
  const { begun, ends, reloads, settle } = setUp();
  const all = (["tls", "signal", "api_key_file"] as const).map((cause) => reloads.request(cause));
  for (let steps = 1; steps <= 3; steps++) {
    await settle();
    expect(begun).toHaveLength(steps);
    ends.shift()?.();
  }
  await Promise.all(all);
});

it("files are looked at again and again, until the end of the process", async () => {
  const { clock, begun, ends, reloads } = setUp(true);
  for (let looks = 1; looks <= 3; looks++) {
    await clock.advance(10_000);
    while (ends.length > 0) {
      ends.shift()?.();
      await clock.advance(0);
    }
    expect(begun).toHaveLength(3 * looks);
  }
  await reloads.stop();
  expect(clock.pendingTimers).toBe(0);
});

it("without files there is no timer", () => {
  expect(setUp().clock.pendingTimers).toBe(0);
});

it("a mistake is told of in its words, and anything else without them", async () => {
  const lines: unknown[] = [];
  const errors = [new ConfigError("steer.yaml:1: a mistake"), new TypeError("a secret")];
  const fail = async (): Promise<boolean> => {
    throw errors.shift();
  };
  const reloads = new Reloads({
    clock: createManualClock(),
    log: (line) => void lines.push(line),
    steps: { signal: fail, api_key_file: fail, provider_tls: fail, tls: fail },
    hasFiles: () => false,
  });
  await reloads.request("signal");
  await reloads.request("signal");
  expect(lines).toEqual([
    { event: "reload failed", cause: "signal", message: "steer.yaml:1: a mistake" },
    { event: "reload failed", cause: "signal", message: "unexpected failure (TypeError)" },
  ]);
});
