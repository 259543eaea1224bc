import { onTestFinished } from "vitest";
import type { GenerationSpec } from "../../src/domain/generation-spec.ts";
import type { Model } from "../../src/domain/model.ts";
import type { ProviderEvent } from "../../src/domain/provider-event.ts";
import type { RoutedTarget } from "../../src/domain/route.ts";
import { type Delivery, NO_DELIVERY } from "../../src/gateway/delivery.ts";
import { type AttemptContext, GenerationAttempt } from "../../src/gateway/generation-attempt.ts";
import { signOfEvent } from "../../src/gateway/sign-of-event.ts";
import { GenerationResult } from "../../src/output/generation-result.ts";
import { SchemaChecks } from "../../src/output/schema-checks.ts";
import type { ProviderRequest } from "../../src/providers/provider.ts";
import type { AttemptPlan, RunningAttempt } from "../../src/reliability/engine-call.ts";
import { ProviderStats } from "../../src/reliability/provider-stats.ts";
import { DEFAULT_SETTINGS } from "../../src/reliability/reliability-settings.ts";
import { TargetStates } from "../../src/reliability/target-states.ts";
import { noTelemetry } from "../../src/telemetry/telemetry.ts";
import type { UsageRecord } from "../../src/usage/usage-sink.ts";
import { createManualClock } from "./manual-clock.ts";
import { testModel, testSpec } from "./provider-request.ts";
import { testCounter } from "./token-counter.ts";

const TIMEOUTS = {
  connectMs: 5_000,
  firstTokenMs: 30_000,
  firstTokenFailoverMs: 10_000,
  answerFailoverMs: 20_000,
  idleMs: 40_000,
  reasoningMs: 120_000,
  reasoningFailoverMs: 60_000,
  totalMs: 600_000,
  maxTotalMs: 600_000,
};
export interface AttemptChanges {
  readonly model?: Partial<Model>;
  readonly spec?: Partial<GenerationSpec>;
  readonly plan?: Partial<AttemptPlan<RoutedTarget>>;
  readonly isStream?: boolean;
  readonly waitsMs?: number;
  /** Events that commit an attempt; default: texts. */
  readonly commits?: Delivery["commits"];
}

/** A call whose attempts the test starts one by one. */
export function attemptScene({ isStream = true, waitsMs = 600_000, commits }: AttemptChanges = {}) {
  const clock = createManualClock();
  const counter = testCounter(clock, "character");
  onTestFinished(() => counter.close());
  const stats = new ProviderStats(clock);
  const states = new TargetStates(clock, DEFAULT_SETTINGS);
  const requests: ProviderRequest[] = [];
  const records: UsageRecord[] = [];
  const infos: unknown[] = [];
  const spans: Record<string, unknown>[] = [];
  const delivered: ProviderEvent[] = [];
  const lifetime = new AbortController();
  const result = new GenerationResult({
    generationId: "g.1",
    requestedModel: "test-model",
    target: { provider: "test", model: "test-model", providerModel: "" },
    clock,
    before: undefined,
  });
  const delivery: Delivery = {
    ...NO_DELIVERY,
    commits: commits ?? (({ type }) => type === "text-delta"),
    deliver: (event) => void delivered.push(event),
    json: () => ({ documents: 1, changes: 0, units: 0, malformed: 0 }),
  };
  const context: AttemptContext = {
    telemetry: {
      ...noTelemetry,
      startAttempt(_, info) {
        infos.push(info);
        return {
          headers: { traceparent: "00-1" },
          end: (end) => void spans.push({ ...end, rhythm: end.rhythm?.() }),
        };
      },
    },
    callTelemetry: { end: () => {} },
    stats,
    counter,
    checks: new SchemaChecks(clock),
    provider: () => ({
      async *generate(request) {
        requests.push(request);
        yield { type: "text-delta", partIndex: 0, text: "ab" };
      },
      close: async () => {},
    }),
    timeouts: TIMEOUTS,
    clock,
    usage: { record: (record) => void records.push(record) },
    onDefect: () => {},
    facts: { generationId: "g.1", caller: "alice", labels: {}, stream: isStream },
    abort: { mode: "close", maxTimeMs: 1_000 },
    lifetime: lifetime.signal,
    hurry: new AbortController().signal,
    result,
    stream: isStream,
    waitsUntil: clock.now() + waitsMs,
    delivery: () => delivery,
  };
  function fitted({ model, spec }: Pick<AttemptChanges, "model" | "spec"> = {}): RoutedTarget {
    return {
      model: testModel(model),
      spec: testSpec(spec),
      effort: "high",
      options: { custom: 1 },
      warnings: [],
    };
  }
  function start(changes: AttemptChanges = {}) {
    const target = changes.plan?.target ?? fitted(changes);
    return new GenerationAttempt(context, {
      target,
      state: states.of({ provider: target.model.provider, model: target.model.id }),
      trigger: "initial",
      delayMs: 0,
      delayFromProvider: false,
      queuedMs: 0,
      number: 1,
      probeFirstTokenMs: undefined,
      hasNext: false,
      remainingMs: 600_000,
      decided: undefined,
      ...changes.plan,
    });
  }
  /** The provider says this now. */
  function say(attempt: RunningAttempt<ProviderEvent>, ...events: readonly ProviderEvent[]): void {
    for (const event of events)
      void attempt.take(event, clock.now(), signOfEvent(event) === "content");
  }
  return {
    clock,
    counter,
    result,
    stats,
    requests,
    records,
    infos,
    spans,
    delivered,
    fitted,
    start,
    say,
  };
}
