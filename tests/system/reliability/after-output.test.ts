import { describe, expect, it } from "vitest";
import { MidStreamRecovery } from "../../../gen/es/steer/v1/generation_pb.js";
import type { StreamEvent } from "../../../gen/es/steer/v1/stream_pb.js";
import { EXPECTED, expectedFailure } from "../../support/conformance/expectations.ts";
import { type FaultRow, faultySpec, LATE_ROWS, TOKENS } from "../../support/conformance/faults.ts";
import { named, observeBoth, useClockedStack } from "../../support/conformance/suite.ts";
import { ADAPTERS, eventually } from "../../support/stack.ts";

// Every fault after the first content: by default the call ends, whatever else
// could be tried; with RESTART it begins anew, and the reader is told to forget.

const stack = useClockedStack();
const IDLE_MS = 30_000;
const WHOLE = Array.from({ length: TOKENS }, (_, index) => `word${index} `).join("");

/** Lets the time of the idle limit pass once the provider has fallen silent. */
function passing({ kind }: FaultRow) {
  return async (events: readonly StreamEvent[]): Promise<void> => {
    if (kind !== "idle") return;
    const deltas = () => events.filter(({ event }) => event.case === "textDelta");
    await eventually(() => deltas().length === 2);
    await stack().clock.advance(IDLE_MS);
  };
}

describe.each(ADAPTERS)("%s", (adapter) => {
  const rows = named(LATE_ROWS, adapter, "stream");

  it.each(rows)("FAIL: %s ends the call", async (_name, row) => {
    const routing = { fallbacks: [{ model: `spare-${adapter}` }] };
    const [byGrpc, byConnect] = await observeBoth(
      stack(),
      adapter,
      "stream",
      () => faultySpec(adapter, row, 1, { routing }),
      passing(row),
    );
    expect(byGrpc.failure).toMatchObject(expectedFailure(row.kind, undefined));
    expect(byGrpc).toMatchObject({ upstreamCalls: 1, waits: [] });
    expect(byGrpc.attempts).toMatchObject([{ outcome: "FAILED", delivered: true }]);
    expect(byGrpc.text).toMatch(/^word/);
    expect(byGrpc.events).not.toContain("attemptNotice");
    expect(byGrpc.events.at(-1)).toBe("error");
    expect(byConnect).toEqual(byGrpc);
  });

  const repeated = rows.filter(([, { kind }]) => EXPECTED[kind].alone.length > 0);

  it.each(rows.filter((row) => !repeated.includes(row)))(
    "field:E8 RESTART: %s is not asked for again at the same target",
    async (_name, row) => {
      const routing = { midStreamRecovery: MidStreamRecovery.RESTART };
      const [byGrpc, byConnect] = await observeBoth(
        stack(),
        adapter,
        "stream",
        () => faultySpec(adapter, row, 1, { routing }),
        passing(row),
      );
      expect(byGrpc.failure).toMatchObject(expectedFailure(row.kind, undefined));
      expect(byGrpc).toMatchObject({ upstreamCalls: 1, waits: [] });
      expect(byConnect).toEqual(byGrpc);
    },
  );

  it.each(repeated)("RESTART: %s leads to a fresh answer", async (_name, row) => {
    const routing = { midStreamRecovery: MidStreamRecovery.RESTART };
    const [byGrpc, byConnect] = await observeBoth(
      stack(),
      adapter,
      "stream",
      () => faultySpec(adapter, row, 1, { routing }),
      passing(row),
    );
    const [delayMs] = EXPECTED[row.kind].alone;
    expect(byGrpc.failure).toBeUndefined();
    expect(byGrpc).toMatchObject({ upstreamCalls: 2, waits: [delayMs], text: WHOLE });
    expect(byGrpc.attempts).toMatchObject([
      { outcome: "FAILED", category: EXPECTED[row.kind].category, delivered: true },
      { outcome: "SUCCEEDED", trigger: "RETRY", delayMs },
    ]);
    expect(byGrpc.events.filter((name) => name === "attemptNotice")).toHaveLength(1);
    expect(byConnect).toEqual(byGrpc);
  });
});
