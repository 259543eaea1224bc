// Counts of input over the engine, by one provider that counts as a test wants.

import { GatewayError } from "../../src/domain/gateway-error.ts";
import type { Model } from "../../src/domain/model.ts";
import { InputCounter } from "../../src/gateway/input-counter.ts";
import type { CountMethod, InputCountCall } from "../../src/ports/gateway.ts";
import type { Provider, ProviderRequest } from "../../src/providers/provider.ts";
import { ProviderStats } from "../../src/reliability/provider-stats.ts";
import { ReliabilityEngine } from "../../src/reliability/reliability-engine.ts";
import {
  DEFAULT_SETTINGS,
  type ReliabilitySettings,
} from "../../src/reliability/reliability-settings.ts";
import { TargetStates } from "../../src/reliability/target-states.ts";
import { noTelemetry } from "../../src/telemetry/telemetry.ts";
import { createManualClock, type ManualClock } from "./manual-clock.ts";
import { NO_LIMITS } from "./no-limits.ts";
import { testModel, testSpec } from "./provider-request.ts";
import { testCounter } from "./token-counter.ts";

export const TOTAL_MS = 60_000;
const TIMEOUTS = {
  connectMs: 5_000,
  firstTokenMs: 1_000,
  firstTokenFailoverMs: 1_000,
  answerFailoverMs: 1_000,
  idleMs: 1_000,
  reasoningMs: 1_000,
  reasoningFailoverMs: 1_000,
  totalMs: TOTAL_MS,
  maxTotalMs: TOTAL_MS,
};

export type Count = NonNullable<Provider["countInput"]>;

export const counts: Count = async () => 42;
export const breaks: Count = async () => {
  throw new GatewayError("network", "broken");
};
/** Never counts. */
export const hangs =
  (clock: ManualClock): Count =>
  async (_request, signal) => {
    await clock.sleep(1e9, signal);
    return 0;
  };

interface SetUp {
  readonly isAvailable?: boolean;
  readonly settings?: ReliabilitySettings;
  readonly model?: Partial<Model>;
}

/** The counter before a provider; undefined: one that does not count. */
export function countScene(
  countInput?: Count | ((clock: ManualClock) => Count),
  { isAvailable = true, settings = DEFAULT_SETTINGS, model = {} }: SetUp = {},
) {
  const clock = createManualClock();
  const count = countInput === hangs ? hangs(clock) : (countInput as Count | undefined);
  const asked: ProviderRequest[] = [];
  let leases = 0;
  const provider: Provider = {
    // biome-ignore lint/correctness/useYield: counting generates nothing.
    async *generate() {
      throw new Error("nothing is generated");
    },
    close: async () => {},
    ...(count !== undefined && {
      countInput: (request: ProviderRequest, signal: AbortSignal) => {
        asked.push(request);
        return count(request, signal);
      },
    }),
  };
  const controller = new AbortController();
  const states = new TargetStates(clock, settings);
  const state = states.of({ provider: "test", model: "test-model" });
  const stats = new ProviderStats(clock);
  const spans: object[] = [];
  const waits: number[] = [];
  const inputCounter = new InputCounter({
    clock,
    counter: testCounter(clock, "character"),
    engine: new ReliabilityEngine(clock, states),
    stats,
    telemetry: {
      ...noTelemetry,
      startAttempt: (_, info) => ({
        headers: { traceparent: "00-1" },
        end: (result) => void spans.push({ ...info, ...result }),
      }),
      startBackoff(_, { ms }) {
        waits.push(ms);
        return () => {};
      },
    },
    limits: NO_LIMITS,
    newId: () => "count-1",
    deployment: () => ({
      firstTarget: (spec) => ({
        model: testModel({ timeouts: { connectMs: 700 } as never, ...model }),
        spec,
        effort: undefined,
        options: {},
        warnings: [],
      }),
      isAvailable: () => isAvailable,
      provider: () => provider,
      lease() {
        leases++;
        return () => leases--;
      },
      timeouts: TIMEOUTS,
    }),
  });
  const ask = (method: CountMethod, changes: Partial<InputCountCall> = {}) =>
    inputCounter.count({
      spec: testSpec(),
      method,
      caller: "alice",
      telemetry: { end: () => {} },
      signal: controller.signal,
      timeoutMs: undefined,
      ...changes,
    });
  const held = () => [leases, state.limit.inFlight, stats.of("test").inFlight, clock.pendingTimers];
  return { clock, ask, asked, controller, held, state, stats, spans, waits };
}

/** Leases, places, running attempts and timers when nothing runs. */
export const NOTHING = [0, 0, 0, 0];
export const ONE_ATTEMPT = { spec: testSpec({ retry: { retryOn: [], maxAttempts: 1 } }) };

export const SENDER = { caller: "bob" };

export const byProvider = { tokens: 42, estimate: undefined };
/** "user: Hi" at four characters a token, and four for the message. */
export const estimated = { tokens: 6, estimate: { estimator: "chars/4" } };
