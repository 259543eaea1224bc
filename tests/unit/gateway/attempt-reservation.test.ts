import { expect, it } from "vitest";
import type { ProviderEvent } from "../../../src/domain/provider-event.ts";
import { AttemptReservation } from "../../../src/gateway/attempt-reservation.ts";
import type { AttemptNeed, CallReservation } from "../../../src/ports/call-limits.ts";
import { UsualOutput } from "../../../src/usage/usual-output.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { testModel, testSpec } from "../../support/provider-request.ts";
import { testCounter } from "../../support/token-counter.ts";

const pricing = {
  currency: "USD",
  date: "2026-11-22",
  inputPicos: 10,
  outputPicos: 100,
  tiers: [],
};

/** An attempt whose reservation answers with `begin`. */
function scene(begin: CallReservation["begin"]) {
  const told: { need: AttemptNeed; used: AttemptNeed }[] = [];
  const reservation: CallReservation = {
    warnings: [],
    begin,
    end: (need, used) => void told.push({ need, used }),
    settle: () => {},
    release: () => {},
  };
  const parameters = new Set(["sampling.max_output_tokens"] as const);
  const model = testModel({ pricing, parameters });
  const usualOutput = new UsualOutput();
  const spec = { ...testSpec(), sampling: { maxOutputTokens: 50 } };
  const target = { model, spec, effort: undefined, options: {}, warnings: [] };
  const counter = testCounter(createManualClock(), "character");
  const attempt = new AttemptReservation({ reservation, usualOutput }, counter, target);
  let sent = 0;
  async function* send(): AsyncGenerator<ProviderEvent, void> {
    sent++;
    yield { type: "text-delta", partIndex: 0, text: "hi" };
  }
  const read = async () => {
    for await (const _ of attempt.open(spec, send));
  };
  return { attempt, read, told, sent: () => sent, usualOutput, model };
}

it("an attempt is not sent before the limits have let it pass, and not at all if they refuse", async () => {
  const waiting = Promise.withResolvers<void>();
  const passes = scene(() => waiting.promise);
  const reading = passes.read();
  await Promise.resolve();
  expect(passes.sent()).toBe(0);
  waiting.resolve();
  await reading;
  expect(passes.sent()).toBe(1);

  const refused = scene(() => Promise.reject(new Error("refused")));
  await expect(refused.read()).rejects.toThrow("refused");
  expect(refused.sent()).toBe(0);
});

it("an attempt tells its need and its use, and a model's outputs are learned", async () => {
  const needs: AttemptNeed[] = [];
  const { attempt, read, told, usualOutput, model } = scene((_, need) => {
    needs.push(need);
    return undefined;
  });
  await read();
  const [need] = needs;
  const input = (need?.tokens ?? 0) - 50;
  expect(input).toBeGreaterThan(0);
  expect(need?.picos).toBe(input * 10 + 50 * 100);
  const usage = { inputTokens: 3, outputTokens: 4, source: "provider" } as const;
  const cost = { totalPicos: 430 } as never;
  attempt.end({ usage, cost, finish: { type: "finish", reason: "stop", rawReason: "stop" } });
  expect(told).toEqual([{ need, used: { tokens: 7, picos: 430 } }]);
  expect(usualOutput.of(model)).toBe(4);
});

it("an attempt that was not sent has used nothing", () => {
  const { attempt, told } = scene(() => undefined);
  attempt.end({ usage: undefined, cost: undefined, finish: undefined });
  expect(told).toEqual([]);
});
