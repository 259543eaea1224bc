import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { expectedFailure, hintedMs } from "../../support/conformance/expectations.ts";
import { faultySpec, type Spec } from "../../support/conformance/faults.ts";
import { observe } from "../../support/conformance/observe.ts";
import { MODES, observeBoth, useClockedStack } from "../../support/conformance/suite.ts";
import { ADAPTERS, type Adapter } from "../../support/stack.ts";

// every form in which a provider says how long to stay away. The wait is
// never shorter, and where it is too long nobody waits.

const stack = useClockedStack();

type Headers = Readonly<Record<string, string>>;

interface HintForm {
  readonly name: string;
  readonly headers: (inSeconds: (seconds: number) => Date) => Headers;
  /** Undefined: it is no hint. */
  readonly hintMs: number | undefined;
  readonly only?: readonly Adapter[];
}

const OPENAI: readonly Adapter[] = ["chat", "responses"];
const CLAUDE: readonly Adapter[] = ["claude"];

const FORMS: readonly HintForm[] = [
  { name: "seconds", headers: () => ({ "retry-after": "2" }), hintMs: 2_000 },
  { name: "a part of a second", headers: () => ({ "retry-after": "1.5" }), hintMs: 1_500 },
  {
    name: "an HTTP date",
    headers: (inSeconds) => ({ "retry-after": inSeconds(7).toUTCString() }),
    hintMs: 7_000,
  },
  { name: "milliseconds", headers: () => ({ "retry-after-ms": "1300" }), hintMs: 1_300 },
  {
    name: "milliseconds before seconds",
    headers: () => ({ "retry-after-ms": "1300", "retry-after": "9" }),
    hintMs: 1_300,
  },
  {
    name: "the longest allowed wait",
    headers: () => ({ "retry-after": "50" }),
    hintMs: 50_000,
  },
  {
    name: "the reset of the exhausted limit",
    headers: () => ({
      "x-ratelimit-remaining-requests": "0",
      "x-ratelimit-reset-requests": "2s",
      "x-ratelimit-remaining-tokens": "149984",
      "x-ratelimit-reset-tokens": "6m0s",
    }),
    hintMs: 2_000,
    only: OPENAI,
  },
  {
    name: "the last reset of two exhausted limits",
    headers: () => ({
      "x-ratelimit-remaining-requests": "0",
      "x-ratelimit-reset-requests": "1s500ms",
      "x-ratelimit-remaining-tokens": "0",
      "x-ratelimit-reset-tokens": "4s",
    }),
    hintMs: 4_000,
    only: OPENAI,
  },
  {
    name: "the vendor's date of the reset",
    headers: (inSeconds) => ({
      "anthropic-ratelimit-requests-remaining": "0",
      "anthropic-ratelimit-requests-reset": inSeconds(5).toISOString(),
    }),
    hintMs: 5_000,
    only: CLAUDE,
  },
  { name: "a negative number", headers: () => ({ "retry-after": "-1" }), hintMs: undefined },
  { name: "no number", headers: () => ({ "retry-after": "soon" }), hintMs: undefined },
  {
    name: "a date in the past",
    headers: (inSeconds) => ({ "retry-after": inSeconds(-60).toUTCString() }),
    hintMs: undefined,
  },
];

/** The clock of the test begins each row at a whole second, as dates are written. */
async function wholeSecond(): Promise<(seconds: number) => Date> {
  const { clock } = stack();
  await clock.advance((1_000 - (clock.wallTime() % 1_000)) % 1_000);
  const now = clock.wallTime();
  return (seconds) => new Date(now + seconds * 1_000);
}

describe.each(ADAPTERS)("A-43: %s", (adapter) => {
  const forms = FORMS.filter(({ only = ADAPTERS }) => only.includes(adapter));

  describe.each(MODES)("%s", (mode) => {
    it.each(forms)("$name", async ({ headers, hintMs }) => {
      const makeSpec = async (): Promise<Spec> =>
        faultySpec(adapter, { fault: { status: 429, headers: headers(await wholeSecond()) } }, 1);
      const [byGrpc, byConnect] = await observeBoth(stack(), adapter, mode, makeSpec);
      expect(byGrpc.failure).toBeUndefined();
      const [wait = 0] = byGrpc.waits;
      // Without a hint it is the gateway's own wait, a second at most and a little.
      if (hintMs === undefined) expect(wait).toBeLessThanOrEqual(1_050);
      else expect(byGrpc.waits).toEqual([hintedMs(hintMs)]);
      expect(byGrpc.attempts).toMatchObject([
        { outcome: "FAILED", category: "RATE_LIMIT", status: 429 },
        {
          outcome: "SUCCEEDED",
          trigger: "RETRY",
          delayMs: wait,
          fromProvider: hintMs !== undefined,
        },
      ]);
      expect(byConnect).toEqual(byGrpc);
    });

    it("A-42: the wait is that of the newest error", async () => {
      const fault = [
        { status: 429, headers: { "retry-after": "6" } },
        { status: 429, headers: { "retry-after": "3" } },
      ];
      const [byGrpc, byConnect] = await observeBoth(stack(), adapter, mode, () =>
        faultySpec(adapter, { fault }),
      );
      expect(byGrpc.failure).toBeUndefined();
      expect(byGrpc.waits).toEqual([hintedMs(6_000), hintedMs(3_000)]);
      expect(byConnect).toEqual(byGrpc);
    });

    it("A-47: a hint beyond the call's time is handed on at once", async () => {
      const headers = { "retry-after": "10" };
      const timeouts = { total: durationFromMs(9_000) };
      const [byGrpc, byConnect] = await observeBoth(stack(), adapter, mode, () =>
        faultySpec(adapter, { fault: { status: 429, headers } }, 9, { timeouts }),
      );
      expect(byGrpc.failure).toMatchObject(expectedFailure("rate", 10_000));
      expect(byGrpc.failure).toMatchObject({ pushback: "10000", retryAfter: "10" });
      expect(byGrpc).toMatchObject({ upstreamCalls: 1, waits: [] });
      expect(byConnect).toEqual(byGrpc);
    });

    it("a call that meets the pause of another one waits for its end", async () => {
      const { clock } = stack();
      await stack().reset(adapter);
      const headers = { "retry-after": "8" };
      const retry = { maxAttempts: 1 };
      await observe(
        stack(),
        "grpc-js",
        mode,
        faultySpec(adapter, { fault: { status: 429, headers } }, 1, { retry }),
      );
      await clock.advance(2_000);
      const seen = await observe(stack(), "grpc-js", mode, { model: `m-${adapter}`, prompt: "Hi" });
      expect(seen.failure).toBeUndefined();
      expect(seen.waits).toEqual([hintedMs(6_000)]);
      expect(seen.attempts).toMatchObject([
        { trigger: "INITIAL", delayMs: hintedMs(6_000), fromProvider: true },
      ]);
    });
  });
});
