// One replica of a simulation: the gateway as `service.ts` composes it, without listeners.

import type { OnDefect } from "../../src/domain/defect.ts";
import { GatewayError } from "../../src/domain/gateway-error.ts";
import { createGateway } from "../../src/gateway/gateway.ts";
import type { Deployment } from "../../src/gateway/generation-run.ts";
import type { GenerationRuns } from "../../src/gateway/generation-runs.ts";
import { createLostOutput } from "../../src/gateway/lost-output.ts";
import { createLostUsage } from "../../src/gateway/lost-usage.ts";
import { SchemaChecks } from "../../src/output/schema-checks.ts";
import type { Gateway } from "../../src/ports/gateway.ts";
import { ProviderStats } from "../../src/reliability/provider-stats.ts";
import { ReliabilityEngine } from "../../src/reliability/reliability-engine.ts";
import { DEFAULT_SETTINGS } from "../../src/reliability/reliability-settings.ts";
import { TargetStates } from "../../src/reliability/target-states.ts";
import { decodeStreamEvent } from "../../src/rpc/decode-event.ts";
import { encodeEvent, encodeInternalEnd } from "../../src/rpc/encode-event.ts";
import { outputText } from "../../src/rpc/output-text.ts";
import { MemoryEngine } from "../../src/store/memory/engine.ts";
import { type StreamService, startStreams } from "../../src/stream-service.ts";
import type { StreamSettings } from "../../src/streams/stream-settings.ts";
import type { StreamStore } from "../../src/streams/stream-store.ts";
import { noTelemetry } from "../../src/telemetry/telemetry.ts";
import type { History } from "../support/history.ts";
import { noUsageSink } from "../support/no-usage-sink.ts";
import { testModel } from "../support/provider-request.ts";
import { testCounter } from "../support/token-counter.ts";
import { createSimulatedLimits, type SharedLimits } from "./limits/simulated-limits.ts";
import type { ProviderWorld } from "./provider.ts";
import type { SimulatedProcess } from "./scheduler.ts";
import { WatchedRuns } from "./watched-runs.ts";

const TIMEOUTS = {
  connectMs: 1_000,
  firstTokenMs: 2_000,
  firstTokenFailoverMs: 2_000,
  answerFailoverMs: 2_000,
  idleMs: 2_000,
  reasoningMs: 2_000,
  reasoningFailoverMs: 2_000,
  totalMs: 60_000,
  maxTotalMs: 60_000,
};

export interface ReplicaOptions {
  readonly process: SimulatedProcess;
  readonly store: StreamStore;
  readonly settings: StreamSettings;
  readonly provider: ProviderWorld;
  readonly history: History;
  readonly limits: SharedLimits;
  readonly onEvent: (event: string) => void;
}

export class Replica {
  readonly process: SimulatedProcess;
  readonly #options: ReplicaOptions;
  #runs: GenerationRuns | undefined;
  #streams: StreamService | undefined;
  #gateway: Gateway | undefined;
  #session: string | undefined;
  /** New calls are refused. */
  isDraining = false;

  constructor(options: ReplicaOptions) {
    this.#options = options;
    this.process = options.process;
  }

  /** Undefined until it has started. */
  get gateway(): Gateway | undefined {
    return this.#gateway;
  }

  async start(): Promise<void> {
    const { process, store, settings, provider, history, onEvent } = this.#options;
    const { clock } = process;
    const { random } = clock;
    const newId = (): string =>
      Array.from({ length: 4 }, () => Math.floor(random() * 2 ** 32).toString(16)).join("");
    const adapter = provider.view(process);
    const models = ["one", "two"].map((id) => testModel({ id, provider: id, prefill: true }));
    const states = new TargetStates(clock, DEFAULT_SETTINGS);
    const counter = testCounter(clock, "character");
    const deployment = (): Deployment => ({
      route(spec) {
        const targetOf = (model: (typeof models)[number]) => ({
          model,
          spec,
          effort: undefined,
          options: {},
          warnings: [],
        });
        const [first, ...others] = models.map(targetOf);
        if (first === undefined) throw new GatewayError("internal", "no model");
        return { targets: [first, ...others], skipped: [], unfit: [] };
      },
      provider: () => adapter,
      lease: () => () => {},
      timeouts: TIMEOUTS,
      abort: { mode: "close", maxTimeMs: 1_000 },
    });
    const onDefect: OnDefect = () => onEvent("defect");
    const encoder = { encodeEvent, encodeInternalEnd };
    const limits = createSimulatedLimits(process, onDefect);
    const session = newId();
    this.#session = session;
    const counters = await this.#options.limits.open(process, session);
    const runs = new WatchedRuns(
      {
        usage: noUsageSink,
        onDefect,
        clock,
        telemetry: noTelemetry,
        stats: new ProviderStats(clock),
        engine: new ReliabilityEngine(clock, states),
        counter,
        checks: new SchemaChecks(clock),
        limits,
        newId,
        deployment,
      },
      history,
    );
    this.#runs = runs;
    const streams = await startStreams({
      clock,
      log: ({ event }) => onEvent(String(event)),
      config: () => ({ streams: settings }),
      stores: { engine: new MemoryEngine(clock), streams: store },
      limits: {
        open: (health) => limits.open({ store: counters, health, session }),
        close: () => limits.close(),
      },
      session,
      runs,
      lostUsage: createLostUsage({ clock, counter, deployment, outputText }),
      lostOutput: createLostOutput({ clock, decodeEvent: decodeStreamEvent }),
      newId,
      onDefect,
      ...encoder,
      telemetry: noTelemetry,
      snapshot: () => new Uint8Array(),
    });
    this.#streams = streams;
    const { log, local, stored, telemetry } = streams;
    this.#gateway = createGateway({
      clock,
      runs,
      log,
      local,
      stored,
      telemetry,
      newId,
      onDefect,
      ...encoder,
    });
  }

  /** The last steps of a drain: what can move is handed over, the rest ends. */
  async drain(): Promise<void> {
    this.isDraining = true;
    await this.#streams?.log.handOffAll();
    this.#runs?.abortAll(
      new GatewayError("gateway-overloaded", "the replica is shutting down", {
        reason: "DRAINING",
      }),
    );
    await this.#runs?.idle();
    await this.#streams?.close();
  }

  /** It is gone: its session ends. */
  lose(): void {
    if (this.#session !== undefined) this.#options.limits.lose(this.#session);
  }

  /** What it holds for streams and calls. */
  get held(): number {
    const { log, local } = this.#streams ?? {};
    if (log === undefined || local === undefined) return 0;
    const readers = log.readElsewhere.length + local.readElsewhere.length;
    return log.owned.size + local.owned.size + readers + (this.#runs?.active ?? 0);
  }
}
