import { expect, it } from "vitest";
import { GatewayError } from "../../../src/domain/gateway-error.ts";
import { AttemptEnd } from "../../../src/gateway/drain-attempt.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { testModel, testSpec } from "../../support/provider-request.ts";
import { testCounter } from "../../support/token-counter.ts";

it("A-8: a bound of money is watched token by token, and no watched piece is told of as an estimate", () => {
  const clock = createManualClock();
  const counter = testCounter(clock, "character");
  const lifetime = new AbortController();
  const pricing = { currency: "USD", date: "", inputPicos: 0, outputPicos: 10, tiers: [] };
  const end = new AttemptEnd({
    clock,
    counter,
    policy: { mode: "drain", maxTimeMs: 60_000, maxCostPicos: 50 },
    model: testModel({ pricing }),
    spec: testSpec(),
    options: {},
    stream: true,
    lifetime: lifetime.signal,
    hurry: new AbortController().signal,
  });
  const upstream = end.follow(lifetime.signal);
  lifetime.abort(new GatewayError("cancelled", "test"));
  expect([end.isDraining, upstream.aborted]).toEqual([true, false]);
  const told = counter.estimators.length;
  // One, one and two tokens: ten of the fifty are left, and one more token uses them up.
  for (const text of ["a", "b", "eight ch"])
    end.observe({ type: "text-delta", partIndex: 0, text });
  end.observe({ type: "part-end", partIndex: 0 });
  end.observe({ type: "usage", counts: { inputTokens: 5 } });
  expect(upstream.aborted).toBe(false);
  end.observe({ type: "tool-call-delta", partIndex: 1, argumentsFragment: "{}" });
  expect(upstream.aborted).toBe(true);
  expect(counter.estimators.length).toBe(told);
  end.stop();
  expect(clock.pendingTimers).toBe(0);
});
