import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { expectedFailure, type FaultKind } from "../../support/conformance/expectations.ts";
import { faultySpec, type Mode, type Spec } from "../../support/conformance/faults.ts";
import { MODES, observeBoth, useClockedStack } from "../../support/conformance/suite.ts";
import { ADAPTERS, eventually } from "../../support/stack.ts";

// A provider that takes the request and says nothing, and one that is not there.

const stack = useClockedStack();
const CONNECT_MS = 5_000;
const SILENT = { fault: { stall_after_events: 0 } };

/** Lets time pass once a request has come to the provider and is not answered. */
function passing(ms: number) {
  const { clock, upstream } = stack();
  return async (): Promise<void> => {
    const before = upstream.requests.length;
    await eventually(() => upstream.requests.length > before);
    await clock.advance(ms);
  };
}

interface Limit {
  readonly name: string;
  readonly kind: FaultKind;
  readonly modes: readonly Mode[];
  readonly ms: number;
  readonly timeouts?: NonNullable<Spec["timeouts"]>;
}

const LIMITS: readonly Limit[] = [
  { name: "first token", kind: "firstToken", modes: ["stream"], ms: 30_000 },
  {
    name: "first token of the request's own",
    kind: "firstToken",
    modes: MODES,
    ms: 3_000,
    timeouts: { firstToken: durationFromMs(3_000) },
  },
  {
    name: "attempt of the request's own",
    kind: "firstToken",
    modes: MODES,
    ms: 4_000,
    timeouts: { attempt: durationFromMs(4_000) },
  },
  { name: "total", kind: "total", modes: ["unary"], ms: 600_000 },
  {
    name: "total of the request's own",
    kind: "total",
    modes: MODES,
    ms: 5_000,
    timeouts: { total: durationFromMs(5_000) },
  },
];

describe.each(ADAPTERS)("%s", (adapter) => {
  describe.each(MODES)("%s", (mode) => {
    const limits = LIMITS.filter(({ modes }) => modes.includes(mode));

    it.each(limits)("A-30: $name ends a silent attempt, which is not sent again", async (limit) => {
      const { kind, ms, timeouts = {} } = limit;
      const [byGrpc, byConnect] = await observeBoth(
        stack(),
        adapter,
        mode,
        () => faultySpec(adapter, SILENT, 9, { timeouts }),
        passing(ms),
      );
      expect(byGrpc.failure).toMatchObject(expectedFailure(kind, undefined));
      expect(byGrpc).toMatchObject({ upstreamCalls: 1, waits: [] });
      expect(byConnect).toEqual(byGrpc);
    });

    it("a silent target is left for the next one", async () => {
      // Of a whole answer no first token is expected unless the request says so.
      const timeouts = mode === "unary" ? { firstToken: durationFromMs(10_000) } : {};
      const routing = { fallbacks: [{ model: `sister-${adapter}` }] };
      const [byGrpc, byConnect] = await observeBoth(
        stack(),
        adapter,
        mode,
        () => faultySpec(adapter, SILENT, 1, { timeouts, routing }),
        passing(10_000),
      );
      expect(byGrpc.failure).toBeUndefined();
      expect(byGrpc.attempts).toMatchObject([
        { model: `m-${adapter}`, outcome: "FAILED", category: "FIRST_TOKEN_TIMEOUT" },
        { model: `sister-${adapter}`, outcome: "SUCCEEDED", trigger: "FAILOVER", delayMs: 0 },
      ]);
      expect(byGrpc.waits).toEqual([]);
      expect(byConnect).toEqual(byGrpc);
    });

    it("a connection that does not come about is given up and tried again", async () => {
      const spec = { model: `mute-${adapter}`, prompt: "Hi" };
      const { clock, mute } = stack();
      const passingConnects = async (): Promise<void> => {
        for (let before = mute.connections, count = 1; count <= 3; count++) {
          await eventually(() => mute.connections >= before + count);
          await clock.advance(CONNECT_MS);
        }
      };
      const [byGrpc, byConnect] = await observeBoth(
        stack(),
        adapter,
        mode,
        () => spec,
        passingConnects,
      );
      expect(byGrpc.failure).toMatchObject(expectedFailure("connect", undefined));
      expect(byGrpc).toMatchObject({ upstreamCalls: 0, waits: [375, 750] });
      expect(byConnect).toEqual(byGrpc);
    });

    it("a refused connection is tried again at once, and then after a wait", async () => {
      const spec = { model: `dead-${adapter}`, prompt: "Hi" };
      const [byGrpc, byConnect] = await observeBoth(stack(), adapter, mode, () => spec);
      expect(byGrpc.failure).toMatchObject(expectedFailure("unanswered", undefined, 3));
      expect(byGrpc).toMatchObject({ upstreamCalls: 0, waits: [750] });
      expect(byGrpc.attempts).toMatchObject([
        { code: "ECONNREFUSED", status: 0 },
        { trigger: "RETRY", delayMs: 0 },
        { trigger: "RETRY", delayMs: 750 },
      ]);
      expect(byConnect).toEqual(byGrpc);
    });
  });
});
