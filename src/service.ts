import { randomBytes, randomFillSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Clock, systemClock } from "./clock.ts";
import { ConfigError } from "./config/sources.ts";
import { type Config, loadConfig } from "./config.ts";
import { checkRecords, createDeployment, type ProviderTypes } from "./deployment.ts";
import type { GatewayError } from "./domain/gateway-error.ts";
import type { Model } from "./domain/model.ts";
import { createInputCounter } from "./gateway/count-input.ts";
import { createGateway } from "./gateway/gateway.ts";
import { GenerationRuns } from "./gateway/generation-run.ts";
import { createLostUsage } from "./gateway/lost-usage.ts";
import { createLog, type Log } from "./log.ts";
import { createClusterOperations } from "./operations/cluster-operations.ts";
import { createOperations } from "./operations/operations.ts";
import { encodeSnapshot } from "./operations/replica-snapshot.ts";
import { shareTargetStates } from "./operations/share-target-states.ts";
import { createStreamOperations } from "./operations/stream-operations.ts";
import { sessionOf } from "./operations/stream-state.ts";
import * as providerTypes from "./providers/registry.ts";
import { ReliabilityEngine } from "./reliability/attempts.ts";
import { nameOf } from "./reliability/engine-call.ts";
import { ProviderStats } from "./reliability/provider-stats.ts";
import { TargetStates } from "./reliability/target-states.ts";
import { createAdminService } from "./rpc/admin-service.ts";
import { authorize, createAuthenticator } from "./rpc/authenticate.ts";
import { createDispatcher } from "./rpc/dispatcher.ts";
import { drain } from "./rpc/drain.ts";
import { encodeEvent } from "./rpc/encode-event.ts";
import { createGenerationService } from "./rpc/generation-service.ts";
import { createGrpcListener } from "./rpc/grpc-listener.ts";
import { createHttpListener } from "./rpc/http-listener.ts";
import { addressText } from "./rpc/listen.ts";
import { createModelService } from "./rpc/model-service.ts";
import { outputText } from "./rpc/stored-output.ts";
import { startStreams } from "./stream-service.ts";
import { openStore } from "./streams/open-store.ts";
import { noTelemetry } from "./telemetry/telemetry.ts";
import { createTokenCounter } from "./usage/token-counter.ts";
import { UsageFile } from "./usage/usage-file.ts";

const types: ProviderTypes = providerTypes;
const IMAGE = join(import.meta.dirname, "../gen/steer.binpb");
const ID_BYTES = 16;
const IDS_PER_FETCH = 256;
const MEDIAN = 0.5;

/** Random identifiers of 128 bits; randomness is fetched for many at a time. */
function createIdSource(): () => string {
  const pool = Buffer.allocUnsafe(ID_BYTES * IDS_PER_FETCH);
  let position = pool.length;
  return () => {
    if (position === pool.length) {
      randomFillSync(pool);
      position = 0;
    }
    position += ID_BYTES;
    return pool.toString("hex", position - ID_BYTES, position);
  };
}

/** A started service. */
export interface RunningService {
  /** Reads the configuration again; a mistake in it leaves everything as it is. */
  reload(): Promise<void>;
  /** Ends every call and closes the listeners; `hurry` skips the waits. */
  stop(hurry: AbortSignal): Promise<void>;
}

async function startTelemetry(config: Config, clock: Clock) {
  if (config.telemetry === undefined) {
    return { telemetry: noTelemetry, observe: () => {}, shutdown: async () => {} };
  }
  const sdk = await import("./telemetry/sdk.ts");
  return sdk.startTelemetry(clock, config.telemetry.serviceName);
}

/** Starts everything and logs the addresses taken as the first line. */
export async function startService(
  log: Log,
  clock: Clock,
  load: () => Config,
  open = openStore,
): Promise<RunningService> {
  checkRecords(types);
  let config = load();
  const replica = randomBytes(4).toString("hex");
  const newId = createIdSource();
  const { telemetry, observe, shutdown } = await startTelemetry(config, clock);
  const stats = new ProviderStats(clock);
  const states = new TargetStates(clock, config.reliability);
  const engine = new ReliabilityEngine(clock, states);
  const latencyMs = (model: Model): number | undefined => {
    const { streamed, whole } = states.of(nameOf({ model }));
    const now = clock.now();
    return streamed.quantile(MEDIAN, now) ?? whole.quantile(MEDIAN, now);
  };
  const counter = createTokenCounter({
    clock,
    estimator: () => config.estimator,
    observe: {
      estimated: (model, estimator) => telemetry.recordEstimate(nameOf({ model }), estimator),
      measured: (model, error) => telemetry.recordEstimateError(nameOf({ model }), error),
    },
  });
  let deployment = await createDeployment(config, types, clock, latencyMs, counter);
  let authenticate = createAuthenticator(config);

  const usage = new UsageFile({
    clock,
    path: config.accounting.usageFile,
    onFailure: (code) => log({ event: "usage file failed", code }),
    onDropped: () => telemetry.recordLostUsage(),
  });
  const runs = new GenerationRuns({
    clock,
    usage,
    telemetry,
    stats,
    engine,
    counter,
    newId,
    deployment: () => deployment,
  });
  const operations = createOperations({ clock, engine, stats, deployment: () => deployment });
  observe(operations);
  // What the store says before the addresses are known waits for them: they are the first line.
  let early: Parameters<Log>[0][] | undefined = [];
  const streams = await startStreams({
    clock,
    log: (line) => (early === undefined ? log(line) : void early.push(line)),
    store: await open(config.store, clock),
    session: sessionOf(replica, newId()),
    runs,
    lostUsage: createLostUsage({ clock, counter, deployment: () => deployment, outputText }),
    telemetry,
    newId,
    config: () => config,
    snapshot: () => encodeSnapshot({ replica, status: operations.status() }),
  });
  shareTargetStates(streams.log.control, states, operations);
  const gateway = createGateway({
    clock,
    runs,
    log: streams.log,
    local: streams.local,
    telemetry: streams.telemetry,
    stored: streams.stored,
    newId,
    encodeEvent,
  });
  /** Hands over what another replica can go on with, and ends the rest. */
  async function endGenerations(error: GatewayError): Promise<void> {
    const handedOver = streams.log.handOffAll();
    runs.abortAll(error);
    await handedOver;
  }
  const services = [
    createGenerationService({
      gateway,
      countInput: createInputCounter({ clock, counter, deployment: () => deployment }),
    }),
    createModelService({
      list: () => deployment.models,
      lookup: (name) => deployment.lookup(name)[0],
      isAvailable: (model) => deployment.isAvailable(model),
    }),
    createAdminService({
      replica,
      audit: (line) => log({ event: "audit", ...line }),
      operations: createClusterOperations(operations, streams.log, replica),
      streams: createStreamOperations({
        clock,
        log: streams.log,
        endOrphan: streams.endOrphan,
      }),
    }),
  ];
  const dispatcher = createDispatcher({
    services,
    authenticate: (call) => authenticate(call),
    authorize,
    telemetry,
    clock,
    log,
    replica,
    endGenerations,
  });

  const image = readFileSync(IMAGE);
  const { grpc, http } = await listen().catch(async (error: unknown) => {
    await streams.close();
    throw error;
  });

  async function listen() {
    const grpc = await createGrpcListener({ ...config.grpc, dispatcher, image, clock });
    const http = await createHttpListener({
      ...config.http,
      dispatcher,
      clock,
      isDegraded: () => streams.log.health.isDown,
    }).catch(async (error: unknown) => {
      await grpc.close();
      throw error;
    });
    return { grpc, http };
  }
  log({
    event: "listening",
    grpc: addressText(grpc.address),
    http: addressText(http.address),
    replica,
  });
  for (const line of early) log(line);
  early = undefined;
  for (const message of [...config.warnings, ...deployment.warnings]) {
    log({ event: "warning", message });
  }

  async function reloadOnce(): Promise<void> {
    try {
      const next = load();
      const before = deployment;
      deployment = await createDeployment(next, types, clock, latencyMs, counter, before);
      config = next;
      states.configure(next.reliability);
      for (const id of before.replaced(deployment)) states.forget(id);
      authenticate = createAuthenticator(next);
      usage.reopen(next.accounting.usageFile);
      log({ event: "reloaded" });
      for (const message of [...next.warnings, ...deployment.warnings]) {
        log({ event: "warning", message });
      }
      await before.retire(deployment);
    } catch (error) {
      const message = error instanceof ConfigError ? error.message : "unexpected failure";
      log({ event: "reload failed", message });
    }
  }

  let reloading = Promise.resolve();
  return {
    // One after the other: each takes over the adapters of the one before.
    reload() {
      reloading = reloading.then(reloadOnce);
      return reloading;
    },
    async stop(hurry) {
      await drain({ clock, grpc, http, dispatcher, generations: runs, hurry });
      await streams.close();
      await deployment.retire(undefined);
      await usage.close();
      await counter.close();
      await shutdown();
    },
  };
}

/** Runs the service until a signal ends the process. */
export async function run(open = openStore): Promise<void> {
  const { log, flush } = createLog(process.stdout, systemClock.wallTime);
  const hurry = new AbortController();
  let service: RunningService | undefined;
  let stopping = false;
  const stop = (signal: NodeJS.Signals): void => {
    if (stopping) return hurry.abort();
    stopping = true;
    log({ event: "draining", signal });
    const stopped = service?.stop(hurry.signal) ?? Promise.resolve();
    void stopped.finally(() => {
      log({ event: "stopped" });
      flush();
      process.exit(0);
    });
  };
  // A defect in one call must not end the others; what it says stays out of the log.
  process.on("unhandledRejection", (error) => {
    log({ event: "defect", error: error instanceof Error ? error.name : typeof error });
  });
  // Before anything listens: who reads the first line may send a signal at once.
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
  process.on("SIGHUP", () => void service?.reload());
  try {
    service = await startService(log, systemClock, () => loadConfig(types), open);
  } catch (error) {
    process.stderr.write(`steer: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
