// The core of the service: everything that generates answers. Stored streams and doors are not part of it.
import { randomBytes } from "node:crypto";
import { LocalActivity } from "./activity/local-activity.ts";
import { CallerRegistry } from "./callers/caller-registry.ts";
import { ConfiguredCallers, joinDirectories } from "./callers/configured-callers.ts";
import { KeyUses } from "./callers/key-uses.ts";
import { createAuthenticator } from "./calls/authenticator.ts";
import type { Clock } from "./clock.ts";
import type { Config } from "./config/config.ts";
import { withSharedPlaces } from "./config/reliability.ts";
import { countRecord } from "./create-activity.ts";
import { createLedger } from "./create-ledger.ts";
import { Adapters } from "./deployment/adapters.ts";
import { createDeployment, type Deployment, type ProviderTypes } from "./deployment/deployment.ts";
import type { InForce } from "./deployment/reload-steps.ts";
import { describeDefect, type OnDefect } from "./domain/defect.ts";
import type { Log } from "./domain/log-line.ts";
import type { Model } from "./domain/model.ts";
import { GenerationRuns } from "./gateway/generation-runs.ts";
import { createIdSource } from "./id-source.ts";
import type { Ledger } from "./ledger/ledger.ts";
import { LimitedCallers } from "./limits/limited-callers.ts";
import { createErrorTextLog } from "./operations/log-error-texts.ts";
import { logTargetChanges } from "./operations/log-target-changes.ts";
import { createOperations } from "./operations/operations.ts";
import { SchemaChecks } from "./output/schema-checks.ts";
import type { CallerDirectory } from "./ports/caller-directory.ts";
import { nameOf } from "./reliability/engine-call.ts";
import { ProviderStats } from "./reliability/provider-stats.ts";
import { ReliabilityEngine } from "./reliability/reliability-engine.ts";
import type { SharedPlaces } from "./reliability/shared-places.ts";
import { TargetStates } from "./reliability/target-states.ts";
import { startOptionalTelemetry } from "./telemetry/start-optional-telemetry.ts";
import type { Telemetry } from "./telemetry/telemetry.ts";
import { createTokenCounter, type TokenCounter } from "./usage/token-counter.ts";
import { UsageFile } from "./usage/usage-file.ts";
import type { UsageSink } from "./usage/usage-sink.ts";

const MEDIAN = 0.5;

export interface CoreOptions {
  readonly types: ProviderTypes;
  readonly log: Log;
  readonly clock: Clock;
  readonly config: Config;
  /** Name of this process among the replicas. Default: a random one. */
  readonly replica?: string | undefined;
  /** Places of targets that this worker shares with others; undefined: there are no other workers. */
  readonly places?: SharedPlaces | undefined;
}

export interface Core extends Pick<CoreOptions, "log" | "clock"> {
  /** Name of this process among the replicas, new at each start. */
  readonly replica: string;
  readonly newId: () => string;
  readonly onDefect: OnDefect;
  readonly telemetry: Telemetry;
  /** The metrics in Prometheus' text format; undefined: they are not served. */
  readonly readMetrics: (() => Promise<string>) | undefined;
  readonly states: TargetStates;
  readonly engine: ReliabilityEngine;
  readonly stats: ProviderStats;
  readonly counter: TokenCounter;
  readonly usage: UsageFile;
  /** Sums in memory, until the stores are open. */
  readonly ledger: Ledger;
  readonly limits: LimitedCallers;
  readonly runs: GenerationRuns;
  readonly operations: ReturnType<typeof createOperations>;
  readonly activity: LocalActivity;
  /** What a reload replaces. */
  readonly inForce: InForce;
  readonly deployment: () => Deployment;
  readonly deploy: (from: Config) => Promise<Deployment>;
  readonly callers: ReturnType<typeof createCallers>;
  readonly authenticator: (from: Config) => InForce["authenticate"];
  /** Applies the settings in force to the states of the targets. */
  readonly configureStates: () => void;
  /** Called when no generation runs any more. */
  close(): Promise<void>;
}

/** Median milliseconds of a model's answers, measured from attempts; undefined: no measurement. */
function medianLatency(states: TargetStates, clock: Clock) {
  return (model: Model): number | undefined => {
    const { streamed, whole } = states.of(nameOf({ model }));
    const now = clock.now();
    return streamed.quantile(MEDIAN, now) ?? whole.quantile(MEDIAN, now);
  };
}

function createCounter(
  clock: Clock,
  telemetry: Telemetry,
  estimator: () => Config["estimator"],
): TokenCounter {
  return createTokenCounter({
    clock,
    estimator,
    observe: {
      estimated: (model, name) => telemetry.recordEstimate(nameOf({ model }), name),
      measured: (model, error) => telemetry.recordEstimateError(nameOf({ model }), error),
    },
  });
}

function createLimits(
  { clock, telemetry, onDefect }: Pick<Core, "clock" | "telemetry" | "onDefect">,
  directory: CallerDirectory,
  log: Log,
  config: () => Config,
): LimitedCallers {
  return new LimitedCallers({
    clock,
    directory,
    settings: () => config().limits,
    storeTimeoutMs: () => config().streams.storeTimeoutMs,
    observer: {
      ...telemetry.limits(),
      near: (line) => log({ event: "limit near", ...line }),
      countedLocally: (calls) => log({ event: "limits counted locally", calls }),
    },
    onDefect,
  });
}

/** Callers of the configuration and of the store. */
function createCallers(clock: Clock, config: () => Config) {
  const known = new ConfiguredCallers(config);
  const uses = new KeyUses();
  const registry = new CallerRegistry({
    clock,
    staleForMs: () => config().callerStore.staleForMs,
    isConfigured: (id) => known.callers.has(id),
    uses,
  });
  return { known, uses, registry, directory: joinDirectories(known, registry) };
}

/** Rejects if the configuration cannot be served. */
export async function startCore(options: CoreOptions): Promise<Core> {
  const { types, clock, config } = options;
  const newId = createIdSource();
  const { replica = randomBytes(4).toString("hex") } = options;
  const runningGenerations = (): number => runs.active;
  const activity = new LocalActivity({ clock, replica, runningGenerations });
  const log = activity.remembering(options.log);
  const { telemetry, observe, readMetrics, shutdown } = await startOptionalTelemetry(
    config.telemetry && {
      ...config.telemetry,
      clock,
      isScraped: config.telemetry.metricsAddress !== undefined,
    },
  );
  const stats = new ProviderStats(clock);
  const states = new TargetStates(clock, config.reliability, options.places);
  logTargetChanges(states, clock, log);
  const engine = new ReliabilityEngine(clock, states);
  const counter = createCounter(clock, telemetry, () => inForce.config.estimator);
  const checks = new SchemaChecks(clock);
  const adapters = new Adapters((error) =>
    log({ event: "defect", error: error instanceof Error ? error.name : typeof error }),
  );
  const latencyMs = medianLatency(states, clock);
  const onErrorText = createErrorTextLog(clock, log);
  const deploy = (from: Config) =>
    createDeployment(from, {
      types,
      clock,
      adapters,
      latencyMs,
      counter,
      callers: callers.directory,
      onErrorText,
    });
  const callers = createCallers(clock, () => inForce.config);
  const authenticator = (from: Config) => createAuthenticator(from, callers.registry);
  const inForce: InForce = {
    config,
    deployment: await deploy(config),
    authenticate: authenticator(config),
  };
  const deployment = () => inForce.deployment;
  const usage = new UsageFile({
    clock,
    path: config.accounting.usageFile,
    onFailure: (code) => log({ event: "usage file failed", code }),
    onDropped: () => telemetry.recordLostUsage(),
  });
  const onDefect: OnDefect = (error, place) =>
    log({ event: "defect", ...place, ...describeDefect(error) });
  const { directory } = callers;
  const ledger = createLedger({ clock, log, telemetry, inForce, callers: directory, onDefect });
  const shared = { clock, telemetry, counter, newId, deployment, onDefect };
  const limits = createLimits(shared, directory, log, () => inForce.config);
  const sink: UsageSink = {
    record(record) {
      usage.record(record);
      ledger.record(record);
      countRecord(activity.counters, record);
    },
  };
  const runs = new GenerationRuns({ ...shared, usage: sink, stats, engine, checks, limits });
  const operations = createOperations({ clock, engine, stats, deployment });
  observe(operations);
  return {
    ...shared,
    activity,
    usage,
    ledger,
    log,
    replica,
    readMetrics,
    states,
    engine,
    stats,
    limits,
    runs,
    operations,
    inForce,
    deploy,
    callers,
    authenticator,
    configureStates() {
      const { reliability, isCallerShareOpen } = inForce.config;
      const isShared = isCallerShareOpen && callers.registry.holders !== "none";
      states.configure(isShared ? withSharedPlaces(reliability) : reliability);
    },
    async close() {
      await adapters.close();
      await usage.close();
      await counter.close();
      await checks.close();
      await shutdown();
    },
  };
}
