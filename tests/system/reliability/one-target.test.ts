import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ClockedStack, startClockedStack } from "../../support/clocked-stack.ts";
import { expectedFailure, repetitionsOf } from "../../support/conformance/expectations.ts";
import {
  type FaultRow,
  faultySpec,
  type Mode,
  STATUS_ROWS,
  WIRE_ROWS,
} from "../../support/conformance/faults.ts";
import { CLIENTS, observe } from "../../support/conformance/observe.ts";
import { ADAPTERS } from "../../support/stack.ts";

// Every fault before the first content, with no other target: how often and after
// which waits the request goes again, and what each kind of client reads in the end.

let stack: ClockedStack;

beforeAll(async () => {
  stack = await startClockedStack();
});

afterAll(async () => {
  await stack[Symbol.asyncDispose]();
});

const MODES: readonly Mode[] = ["unary", "stream"];

describe.each(ADAPTERS)("A-49: %s", (adapter) => {
  describe.each(MODES)("%s", (mode) => {
    const rows = [...STATUS_ROWS, ...WIRE_ROWS]
      .filter(
        ({ only = ADAPTERS, modes = MODES }) => only.includes(adapter) && modes.includes(mode),
      )
      .map((row): [string, FaultRow] => [row.name, row]);

    it.each(rows)("%s", async (_name, row) => {
      const { kind, hintMs } = row;
      const repetitions = repetitionsOf(kind, hintMs, row.repetitions);
      const seen = [];
      for (const client of CLIENTS) {
        await stack.reset(adapter);
        seen.push(await observe(stack, client, mode, faultySpec(adapter, row)));
      }
      const [first, second] = seen;
      expect(first?.failure).toMatchObject(expectedFailure(kind, hintMs));
      expect(first?.upstreamCalls).toBe(repetitions.length + 1);
      expect(first?.waits).toEqual(repetitions.filter((ms) => ms > 0));
      expect(first?.attempts).toMatchObject([
        { trigger: "INITIAL", delayMs: 0, fromProvider: false, outcome: "FAILED" },
        ...repetitions.map((delayMs) => ({
          trigger: "RETRY",
          outcome: "FAILED",
          category: expectedFailure(kind, hintMs).category,
          delayMs,
          fromProvider: hintMs !== undefined,
          delivered: false,
        })),
      ]);
      if (row.providerCode !== undefined) {
        expect(first?.attempts[0]?.code).toBe(row.providerCode);
      }
      // A stream says that it began and of each repetition, and shows nothing of what failed.
      const notices = repetitions.map(() => "attemptNotice");
      expect(first?.events).toEqual(mode === "unary" ? [] : ["start", ...notices, "error"]);
      expect(second).toEqual(first);
    });
  });
});
