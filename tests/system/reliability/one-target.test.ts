import { describe, expect, it } from "vitest";
import { expectedFailure, repetitionsOf } from "../../support/conformance/expectations.ts";
import { faultySpec, STATUS_ROWS, WIRE_ROWS } from "../../support/conformance/faults.ts";
import { MODES, named, observeBoth, useClockedStack } from "../../support/conformance/suite.ts";
import { ADAPTERS } from "../../support/stack.ts";

// Every fault before the first content, with no other target: how often and after
// which waits the request goes again, and what each kind of client reads in the end.

const stack = useClockedStack();

describe.each(ADAPTERS)("A-49: %s", (adapter) => {
  describe.each(MODES)("%s", (mode) => {
    it.each(named([...STATUS_ROWS, ...WIRE_ROWS], adapter, mode))("%s", async (_name, row) => {
      const { kind, hintMs } = row;
      const repetitions = repetitionsOf(kind, hintMs, row.repetitions);
      const [byGrpc, byConnect] = await observeBoth(stack(), adapter, mode, () =>
        faultySpec(adapter, row),
      );
      const failure = expectedFailure(kind, hintMs, repetitions.length + 1);
      expect(byGrpc.failure).toMatchObject(failure);
      expect(byGrpc.upstreamCalls).toBe(repetitions.length + 1);
      expect(byGrpc.waits).toEqual(repetitions.filter((ms) => ms > 0));
      expect(byGrpc.attempts).toMatchObject([
        { trigger: "INITIAL", delayMs: 0, fromProvider: false, outcome: "FAILED" },
        ...repetitions.map((delayMs) => ({
          trigger: "RETRY",
          outcome: "FAILED",
          category: failure.category,
          delayMs,
          fromProvider: hintMs !== undefined,
          delivered: false,
        })),
      ]);
      if (row.providerCode !== undefined) expect(byGrpc.attempts[0]?.code).toBe(row.providerCode);
      // A stream says that it began and of each repetition, and shows nothing of what failed.
      const notices = repetitions.map(() => "attemptNotice");
      expect(byGrpc.events).toEqual(mode === "unary" ? [] : ["start", ...notices, "error"]);
      expect(byConnect).toEqual(byGrpc);
    });
  });
});
