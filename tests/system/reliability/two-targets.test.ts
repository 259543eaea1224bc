import { describe, expect, it } from "vitest";
import { EXPECTED, type FaultKind } from "../../support/conformance/expectations.ts";
import {
  errorBody,
  eventStream,
  type FaultRow,
  faultySpec,
  type Spec,
} from "../../support/conformance/faults.ts";
import { observe } from "../../support/conformance/observe.ts";
import { MODES, named, observeBoth, useClockedStack } from "../../support/conformance/suite.ts";
import { ADAPTERS, type Adapter } from "../../support/stack.ts";

// What follows by kind where other targets are left: a sister model at the same
// instance with a window of the same size, and a spare one elsewhere with a larger one.

const stack = useClockedStack();

type Place = "m" | "sister" | "spare";

interface Path extends FaultRow {
  /** Waits of repetitions at the first target, before another one is tried. */
  readonly here: readonly number[];
  /** Where the call is served then; undefined: it fails. */
  readonly then: Place | undefined;
}

function path(
  kind: FaultKind,
  fault: FaultRow["fault"],
  here: readonly number[],
  then: Place | undefined,
  more: Partial<Path> = {},
): Path {
  return {
    name: `${kind} ${JSON.stringify(fault) ?? ""}`.trim(),
    kind,
    fault,
    here,
    then,
    ...more,
  };
}

const http = (status: number, headers = {}) => ({ status, headers });

const PATHS: readonly Path[] = [
  path("validation", http(400), [], undefined),
  path("validation", http(422, { "x-should-retry": "true" }), [], undefined),
  path("unclassified", http(303), [], undefined),
  path(
    "filter",
    { status: 400, body: errorBody("chat", "content_policy_violation") },
    [],
    undefined,
    {
      only: ["chat", "responses"],
    },
  ),
  path("context", http(413), [], "spare"),
  path("authentication", http(401), [], "spare"),
  path("permission", http(403), [], "sister"),
  path("quota", http(402), [], "spare"),
  path("missing", http(404), [], "sister"),
  path("rate", http(429), [], "sister", { name: "A-33: rate without headers" }),
  // The sister is another model: the first one is waited for, once.
  path("rate", http(429, { "retry-after": "2" }), [2_100], "sister", {
    name: "field:E3 rate with a short hint",
  }),
  path("server", http(503, { "retry-after": "2" }), [2_100], "sister", {
    name: "field:E3 a failure with a short hint",
  }),
  path("server", http(503, { "retry-after": "15" }), [], "sister", {
    name: "field:E4 a failure with a long hint",
  }),
  path("rate", http(429, { "retry-after": "60" }), [], "sister", { name: "A-43: a long hint" }),
  path("overloaded", http(529), [], "sister"),
  path("server", http(503), [25], "sister"),
  path("server", http(503, { "x-should-retry": "false" }), [], "sister"),
  path("unclassified", http(303, { "x-should-retry": "true" }), [25], "sister"),
  path("once", http(409), [25], "sister"),
  path("network", { cut_after_bytes: 40 }, [25], "sister"),
  path("unanswered", { refuse: true }, [0], "sister"),
  path("truncated", eventStream(""), [25], "sister", { modes: ["stream"] }),
  path("protocol", { malformed_at: 0 }, [25], "sister"),
  path("server", { error_at: 0 }, [25], "sister", { name: "A-22: an error in an early chunk" }),
];

function fallbacks(adapter: Adapter, more: object = {}): NonNullable<Spec["routing"]> {
  return { fallbacks: [{ model: `sister-${adapter}` }, { model: `spare-${adapter}` }], ...more };
}

describe.each(ADAPTERS)("A-23: %s", (adapter) => {
  describe.each(MODES)("%s", (mode) => {
    it.each(named(PATHS, adapter, mode))("%s", async (_name, row) => {
      const { here, then, kind } = row as Path;
      // The sister shares the script of the instance: it is served by the attempt after these.
      const failing = then === "sister" ? here.length + 1 : 9;
      const [byGrpc, byConnect] = await observeBoth(stack(), adapter, mode, () =>
        faultySpec(adapter, row, failing, { routing: fallbacks(adapter) }),
      );
      const { category } = EXPECTED[kind];
      const failed = { model: `m-${adapter}`, outcome: "FAILED", category, delivered: false };
      expect(byGrpc.attempts).toMatchObject([
        { ...failed, trigger: "INITIAL", delayMs: 0 },
        ...here.map((delayMs) => ({ ...failed, trigger: "RETRY", delayMs })),
        ...(then === undefined
          ? []
          : [
              {
                model: `${then}-${adapter}`,
                trigger: "FAILOVER",
                outcome: "SUCCEEDED",
                delayMs: 0,
                fromProvider: false,
              },
            ]),
      ]);
      expect(byGrpc.attempts).toHaveLength(here.length + (then === undefined ? 1 : 2));
      expect(byGrpc.failure?.category).toBe(then === undefined ? category : undefined);
      expect(byGrpc.upstreamCalls).toBe(byGrpc.attempts.length);
      expect(byGrpc.waits).toEqual(here.filter((ms) => ms > 0));
      expect(byConnect).toEqual(byGrpc);
    });

    it("A-44, A-46: the ceiling ends a call that fails everywhere, and its status is trimmed", async () => {
      const [byGrpc, byConnect] = await observeBoth(stack(), adapter, mode, () =>
        faultySpec(adapter, { fault: http(503) }, 99, {
          routing: { fallbacks: [{ model: `sister-${adapter}` }] },
          retry: { maxAttempts: 5 },
        }),
      );
      expect(byGrpc.upstreamCalls).toBe(4);
      // The first target is asked again where the next one is of no help.
      expect(byGrpc.waits).toEqual([25, 750]);
      expect(byGrpc.failure).toMatchObject({
        category: "SERVER_ERROR",
        reason: "ATTEMPTS_EXHAUSTED",
        pushback: "-1",
        attemptsTrailer: "4",
        attempts: [
          // The first cause and the last two; the repetition between them is left out.
          { model: `m-${adapter}`, trigger: "INITIAL" },
          { model: `sister-${adapter}`, trigger: "FAILOVER" },
          { model: `m-${adapter}`, trigger: "FAILOVER" },
        ],
      });
      // In band nothing is left out; a unary call has the status alone.
      expect(byGrpc.attempts).toHaveLength(mode === "stream" ? 4 : 3);
      expect(byConnect).toEqual(byGrpc);
    });

    it("each open target gets its attempt before one that has failed gets another", async () => {
      const [byGrpc, byConnect] = await observeBoth(stack(), adapter, mode, () =>
        faultySpec(adapter, { fault: http(503) }, 99, { routing: fallbacks(adapter) }),
      );
      expect(byGrpc.failure).toBeUndefined();
      expect(byGrpc.attempts.map(({ model }) => model)).toEqual(
        ["m", "m", "sister", "spare"].map((name) => `${name}-${adapter}`),
      );
      expect(byConnect).toEqual(byGrpc);
    });

    it("A-28: disable_failover keeps the call at its target", async () => {
      const routing = fallbacks(adapter, { disableFailover: true });
      const [byGrpc, byConnect] = await observeBoth(stack(), adapter, mode, () =>
        faultySpec(adapter, { fault: http(503) }, 9, { routing }),
      );
      expect(byGrpc.waits).toEqual([375, 750]);
      expect(byGrpc.attempts.map(({ model }) => model)).toEqual(Array(3).fill(`m-${adapter}`));
      expect(byConnect).toEqual(byGrpc);
    });

    it("a target that is paused is passed over, and that is told", async () => {
      await stack().reset(adapter);
      const pause = { status: 429, headers: { "retry-after": "60" } };
      await observe(
        stack(),
        "grpc-js",
        mode,
        faultySpec(adapter, { fault: pause }, 9, { model: `sister-${adapter}` }),
      );
      const spec = faultySpec(adapter, { fault: http(503) }, 9, { routing: fallbacks(adapter) });
      const seen = await observe(stack(), "connect", mode, spec);
      expect(seen.failure).toBeUndefined();
      expect(seen.attempts).toMatchObject([
        { model: `m-${adapter}`, outcome: "FAILED", delayMs: 0 },
        { model: `m-${adapter}`, outcome: "FAILED", delayMs: 25 },
        { model: `sister-${adapter}`, outcome: "SKIPPED", category: "RATE_LIMIT" },
        { model: `spare-${adapter}`, outcome: "SUCCEEDED", trigger: "FAILOVER" },
      ]);
      expect(seen.upstreamCalls).toBe(3);
    });
  });
});
