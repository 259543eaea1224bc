import { describe, expect, it } from "vitest";
import { RefusedCalls } from "../../../src/calls/refused-calls.ts";
import type { LogLine } from "../../../src/domain/log-line.ts";
import { createManualClock } from "../../support/manual-clock.ts";

const WRONG_KEY = {
  method: "steer.v1.GenerationService/Generate",
  system: "grpc",
  code: "UNAUTHENTICATED",
  error: "unauthenticated",
  reason: "CREDENTIALS_INVALID",
  duration_ms: 1,
};

function open() {
  const clock = createManualClock();
  const lines: LogLine[] = [];
  const refused = new RefusedCalls(clock, (line) => void lines.push(line));
  const written = (event: LogLine["event"]) => lines.filter((line) => line.event === event);
  return { clock, lines, refused, written };
}

describe("RefusedCalls", () => {
  it("field:S26 writes the first of those that are alike, and counts the rest without another call", async () => {
    const { clock, refused, written } = open();
    for (let call = 0; call < 1_000; call++) refused.write(WRONG_KEY);
    expect(written("call")).toHaveLength(10);
    await clock.advance(9_999);
    expect(written("calls left out")).toEqual([]);
    await clock.advance(1);
    const { code, error, reason } = WRONG_KEY;
    expect(written("calls left out")).toEqual([
      { event: "calls left out", code, error, reason, calls: 990, seconds: 10 },
    ]);
    // A new window.
    for (let call = 0; call < 11; call++) refused.write(WRONG_KEY);
    expect(written("call")).toHaveLength(20);
    await clock.advance(10_000);
    expect(written("calls left out").at(-1)).toMatchObject({ calls: 1 });
  });

  it("keeps callers and reasons apart, each with a window of its own", async () => {
    const { clock, refused, written } = open();
    const invalid = {
      ...WRONG_KEY,
      caller: "billing",
      code: "INVALID_ARGUMENT",
      error: "validation",
    };
    for (let call = 0; call < 12; call++) refused.write(WRONG_KEY);
    await clock.advance(4_000);
    for (const caller of ["billing", "ops"]) {
      for (let call = 0; call < 13; call++) refused.write({ ...invalid, caller });
    }
    expect(written("call")).toHaveLength(30);
    await clock.advance(6_000);
    expect(written("calls left out")).toMatchObject([{ calls: 2 }]);
    await clock.advance(4_000);
    expect(written("calls left out").slice(1)).toMatchObject([
      { caller: "billing", calls: 3, seconds: 10 },
      { caller: "ops", calls: 3 },
    ]);
  });

  it("counts calls that a listener refuses without a word of the contract", async () => {
    const { clock, refused, written } = open();
    const { error: _, reason: __, ...unnamed } = WRONG_KEY;
    for (let call = 0; call < 11; call++) refused.write(unnamed);
    await clock.advance(10_000);
    const [line] = written("calls left out");
    expect(line).toMatchObject({ code: "UNAUTHENTICATED", error: "", reason: "", calls: 1 });
  });

  it("says nothing of windows in which nothing was left out", async () => {
    const { clock, refused, lines } = open();
    for (let call = 0; call < 10; call++) refused.write(WRONG_KEY);
    await clock.advance(20_000);
    expect(lines).toHaveLength(10);
  });

  it("says what was left out at the end of the process, once", async () => {
    const { clock, refused, written } = open();
    for (let call = 0; call < 15; call++) refused.write(WRONG_KEY);
    await clock.advance(1_500);
    refused.flush();
    await clock.advance(20_000);
    expect(written("calls left out")).toMatchObject([{ calls: 5, seconds: 1.5 }]);
    refused.write(WRONG_KEY);
    refused.flush();
    expect(written("call")).toHaveLength(11);
    expect(written("calls left out")).toHaveLength(1);
    expect(clock.pendingTimers).toBe(0);
  });
});
