// The cost of tokens and money for a streamed event whose provider reports usage, in a separate process: `node
// bench/accounting.ts`. The floor is the record of the same attempt without meter and price.
import { systemClock } from "../src/clock.ts";
import type { Pricing } from "../src/domain/model.ts";
import type { ProviderEvent } from "../src/domain/provider-event.ts";
import type { TokenUsage } from "../src/domain/token-usage.ts";
import { AttemptRecord, type AttemptRecordOptions } from "../src/output/attempt-record.ts";
import { costOf } from "../src/usage/cost.ts";
import { createTokenCounter } from "../src/usage/token-counter.ts";
import { createUsageMeter } from "../src/usage/usage-meter.ts";
import { testModel, testSpec } from "../tests/support/provider-request.ts";
import { compare, print } from "./in-process.ts";

const RUNS = 400;
/** Events of one answer. */
const EVENTS = 500;
const PRICING: Pricing = {
  currency: "USD",
  date: "2026-11-22",
  inputPicos: 2_500_000,
  outputPicos: 10_000_000,
  cacheReadPicos: 250_000,
  tiers: [],
};
const NOTHING: TokenUsage = { inputTokens: 0, outputTokens: 0, source: "provider" };

const clock = systemClock;
const model = testModel({ pricing: PRICING });
const spec = testSpec();
let estimates = 0;
const counter = createTokenCounter({
  clock,
  estimator: () => "auto",
  observe: { estimated: () => void estimates++, measured: () => {} },
});

const delta: ProviderEvent = { type: "text-delta", partIndex: 0, text: "word " };
const ending: readonly ProviderEvent[] = [
  {
    type: "usage",
    counts: { inputTokens: 12, outputTokens: EVENTS, cacheReadTokens: 4, reasoningTokens: 0 },
  },
  { type: "finish", reason: "stop", rawReason: "stop" },
];

type Accounting = Pick<AttemptRecordOptions, "meter" | "price">;

function attempt(accounting: Accounting): void {
  const record = new AttemptRecord({
    index: 1,
    target: { model, spec, warnings: [] },
    trigger: "initial",
    stream: true,
    delayMs: 0,
    delayFromProvider: false,
    clock,
    isMoneyLimited: false,
    continues: undefined,
    ...accounting,
  });
  for (let event = 0; event < EVENTS; event++) record.observe(delta, event, true);
  for (const event of ending) record.observe(event, EVENTS, false);
  record.end("succeeded", undefined);
  record.attempt();
}

const accounted = (): void =>
  attempt({
    meter: createUsageMeter(counter, model, spec),
    price: (usage, reported) => costOf(model.pricing, usage, reported),
  });
const bare = (): void =>
  attempt({
    meter: { report: () => {}, usage: () => NOTHING, settle: () => undefined },
    price: () => undefined,
  });

const { value, floor } = await compare(RUNS, accounted, bare);
print({ event: { value: value / EVENTS, floor: floor / EVENTS }, estimates });
await counter.close();
