import { describe, expect, it } from "vitest";
import { RetryDecisionReason } from "../../../gen/es/steer/admin/v1/admin_service_pb.js";
import { type Fault, faultySpec } from "../../support/conformance/faults.ts";
import { observe } from "../../support/conformance/observe.ts";
import { MODES, useClockedStack } from "../../support/conformance/suite.ts";
import { ADAPTERS, type Adapter } from "../../support/stack.ts";

// A provider can force or forbid a repetition; what it decided is counted, and the
// limits and the list of what is never repeated hold nevertheless.

const stack = useClockedStack();

const FORCE = { "x-should-retry": "true" };
const FORBID = { "x-should-retry": "false" };

/** Decisions of an instance so far, by reason. */
async function decisions(provider: Adapter): Promise<Readonly<Record<string, number>>> {
  const { providers } = await stack().admin.getRetryMetrics({});
  const counts: Record<string, number> = {};
  for (const { reason, count } of providers[provider]?.decisions ?? []) {
    const name = Object.entries(RetryDecisionReason).find(([, value]) => value === reason)?.[0];
    counts[name ?? ""] = (counts[name ?? ""] ?? 0) + Number(count);
  }
  return counts;
}

interface Row {
  readonly name: string;
  readonly fault: Fault;
  readonly failing: number;
  readonly calls: number;
  readonly decided: Readonly<Record<string, number>>;
}

const ROWS: readonly Row[] = [
  {
    name: "a forced repetition of an otherwise unknown error",
    fault: { status: 303, headers: FORCE },
    failing: 1,
    calls: 2,
    decided: { EXPLICIT_HINT: 1 },
  },
  {
    name: "without the hint it is final",
    fault: { status: 303 },
    failing: 1,
    calls: 1,
    decided: { CLASSIFIER: 1 },
  },
  {
    name: "a forbidden repetition of a 503",
    fault: { status: 503, headers: FORBID },
    failing: 9,
    calls: 1,
    decided: { EXPLICIT_HINT: 1 },
  },
  {
    name: "a force ends at the attempt limit",
    fault: { status: 303, headers: FORCE },
    failing: 9,
    calls: 3,
    decided: { EXPLICIT_HINT: 2, ATTEMPTS: 1 },
  },
  ...[400, 401, 404, 422].map((status) => ({
    name: `a force of ${status} is not heard`,
    fault: { status, headers: FORCE },
    failing: 9,
    calls: 1,
    decided: { CLASSIFIER: 1 },
  })),
];

describe.each(ADAPTERS)("%s", (adapter) => {
  describe.each(MODES)("%s", (mode) => {
    it.each(ROWS)("$name", async ({ fault, failing, calls, decided }) => {
      await stack().reset(adapter);
      const before = await decisions(adapter);
      const spec = faultySpec(adapter, { fault }, failing);
      const seen = await observe(stack(), "grpc-js", mode, spec);
      expect(seen.upstreamCalls).toBe(calls);
      const after = Object.entries(await decisions(adapter));
      const added = after.map(([reason, count]) => [reason, count - (before[reason] ?? 0)]);
      expect(Object.fromEntries(added.filter(([, count]) => count !== 0))).toEqual(decided);
    });
  });
});
