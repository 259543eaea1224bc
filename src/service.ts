import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Adapters } from "./adapters.ts";
import { createAuthenticator } from "./calls/authenticate.ts";
import { createCalls } from "./calls/calls.ts";
import { createOriginCheck } from "./calls/check-origin.ts";
import type { Clock } from "./clock.ts";
import type { Config } from "./config.ts";
import { checkRecords, createDeployment, type ProviderTypes } from "./deployment.ts";
import { describeDefect, type OnDefect } from "./domain/defect.ts";
import type { GatewayError } from "./domain/gateway-error.ts";
import type { Log, LogLine } from "./domain/log-line.ts";
import type { Model } from "./domain/model.ts";
import { createInputCounter } from "./gateway/count-input.ts";
import { createGateway } from "./gateway/gateway.ts";
import { GenerationRuns } from "./gateway/generation-run.ts";
import { createLostUsage } from "./gateway/lost-usage.ts";
import { createIdSource } from "./id-source.ts";
import { createClusterOperations } from "./operations/cluster-operations.ts";
import { createErrorTextLog } from "./operations/log-error-texts.ts";
import { logTargetChanges } from "./operations/log-target-changes.ts";
import { createOperations } from "./operations/operations.ts";
import { encodeSnapshot } from "./operations/replica-snapshot.ts";
import { createRevoke } from "./operations/revoke-callers.ts";
import { shareTargetStates } from "./operations/share-target-states.ts";
import { createStreamOperations } from "./operations/stream-operations.ts";
import { sessionOf } from "./operations/stream-state.ts";
import { SchemaChecks } from "./output/schema-checks.ts";
import * as providerTypes from "./providers/registry.ts";
import { ReliabilityEngine } from "./reliability/attempts.ts";
import { nameOf } from "./reliability/engine-call.ts";
import { ProviderStats } from "./reliability/provider-stats.ts";
import { TargetStates } from "./reliability/target-states.ts";
import { createReloadSteps, type InForce, namesFiles, readListenersTls } from "./reload-steps.ts";
import { Reloads } from "./reloads.ts";
import { createAdminService } from "./rpc/admin-service.ts";
import { checkTimeout } from "./rpc/deadline.ts";
import { createDispatcher } from "./rpc/dispatcher.ts";
import { drain } from "./rpc/drain.ts";
import { encodeEvent, encodeInternalEnd } from "./rpc/encode-event.ts";
import { createGenerationService } from "./rpc/generation-service.ts";
import { createGrpcListener } from "./rpc/grpc-listener.ts";
import { createHttpListener } from "./rpc/http-listener.ts";
import { addressText } from "./rpc/listen.ts";
import { createModelService } from "./rpc/model-service.ts";
import { outputText } from "./rpc/stored-output.ts";
import { startStreams } from "./stream-service.ts";
import { openStore } from "./streams/open-store.ts";
import { startOptionalTelemetry } from "./telemetry/start-optional-telemetry.ts";
import { createTokenCounter } from "./usage/token-counter.ts";
import { UsageFile } from "./usage/usage-file.ts";

const types: ProviderTypes = providerTypes;
const IMAGE = join(import.meta.dirname, "../gen/steer.binpb");
const MEDIAN = 0.5;

/** A started service. */
export interface RunningService {
  /** Reads the configuration again; a mistake in it leaves everything as it is. */
  reload(): Promise<void>;
  /** Lets calls end, hands over or ends the rest, and closes the listeners; `hurry` skips the waits. */
  stop(hurry: AbortSignal): Promise<void>;
}

/** What a process can be given in place of its own. */
export interface ServiceParts {
  readonly open: typeof openStore;
  readonly encodeEvent: typeof encodeEvent;
}

import { VERSION } from "./version.ts";

export const OWN_PARTS: ServiceParts = { open: openStore, encodeEvent };

/** Starts everything and logs the addresses taken as the first line. */
export async function startService(
  log: Log,
  clock: Clock,
  load: () => Config,
  parts = OWN_PARTS,
): Promise<RunningService> {
  checkRecords(types);
  const config = load();
  const replica = randomBytes(4).toString("hex");
  const newId = createIdSource();
  const { telemetry, observe, shutdown } = await startOptionalTelemetry(clock, config.telemetry);
  const stats = new ProviderStats(clock);
  const states = new TargetStates(clock, config.reliability);
  logTargetChanges(states, clock, log);
  const engine = new ReliabilityEngine(clock, states);
  const latencyMs = (model: Model): number | undefined => {
    const { streamed, whole } = states.of(nameOf({ model }));
    const now = clock.now();
    return streamed.quantile(MEDIAN, now) ?? whole.quantile(MEDIAN, now);
  };
  const counter = createTokenCounter({
    clock,
    estimator: () => inForce.config.estimator,
    observe: {
      estimated: (model, estimator) => telemetry.recordEstimate(nameOf({ model }), estimator),
      measured: (model, error) => telemetry.recordEstimateError(nameOf({ model }), error),
    },
  });
  const checks = new SchemaChecks(clock);
  const adapters = new Adapters((error) =>
    log({ event: "defect", error: error instanceof Error ? error.name : typeof error }),
  );
  const onErrorText = createErrorTextLog(clock, log);
  const deploy = (from: Config) =>
    createDeployment(from, { types, clock, adapters, latencyMs, counter, onErrorText });
  const inForce: InForce = {
    config,
    deployment: await deploy(config),
    authenticate: createAuthenticator(config),
  };
  const deployment = () => inForce.deployment;

  const usage = new UsageFile({
    clock,
    path: config.accounting.usageFile,
    onFailure: (code) => log({ event: "usage file failed", code }),
    onDropped: () => telemetry.recordLostUsage(),
  });
  const encoder = { encodeEvent: parts.encodeEvent, encodeInternalEnd };
  const onDefect: OnDefect = (error, place) =>
    log({ event: "defect", ...place, ...describeDefect(error) });
  const runs = new GenerationRuns({
    clock,
    usage,
    onDefect,
    telemetry,
    stats,
    engine,
    counter,
    checks,
    newId,
    deployment,
  });
  const operations = createOperations({ clock, engine, stats, deployment });
  observe(operations);
  // What the store says before the addresses are known waits for them: they are the first line.
  let early: LogLine[] | undefined = [];
  const streams = await startStreams({
    clock,
    log: (line) => (early === undefined ? log(line) : void early.push(line)),
    store: await parts.open(config.store, clock),
    session: sessionOf(replica, newId()),
    runs,
    lostUsage: createLostUsage({ clock, counter, deployment, outputText }),
    telemetry,
    newId,
    config: () => inForce.config,
    onDefect,
    ...encoder,
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
    onDefect,
    ...encoder,
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
      countInput: createInputCounter({ clock, counter, deployment }),
      recovery: () => inForce.config.routing.midStreamRecovery,
    }),
    createModelService({
      list: () => deployment().models,
      lookup: (name) => deployment().lookup(name)[0],
      isAvailable: (model) => deployment().isAvailable(model),
    }),
    createAdminService({
      replica,
      audit: (line) => log({ event: "audit", ...line }),
      operations: createClusterOperations(operations, streams.log, replica, clock),
      streams: createStreamOperations({
        clock,
        log: streams.log,
        endOrphan: streams.endOrphan,
      }),
    }),
  ];
  const calls = createCalls({
    checkOrigin: createOriginCheck(config.http.corsOrigins),
    authenticate: (call) => inForce.authenticate(call),
    checkHeaders: checkTimeout,
    telemetry,
    clock,
    log,
    replica,
    version: VERSION,
  });
  const dispatcher = createDispatcher({ services, calls, clock, ...config.limits });

  const { grpc, http } = await listen().catch(async (error: unknown) => {
    await streams.close();
    throw error;
  });

  async function listen() {
    const tls = readListenersTls(config);
    const ofGrpc = { ...config.grpc, ...config.limits, image: readFileSync(IMAGE), tls: tls.grpc };
    const grpc = await createGrpcListener({ ...ofGrpc, dispatcher, clock });
    const http = await createHttpListener({
      ...config.http,
      ...config.limits,
      tls: tls.http,
      dispatcher,
      clock,
      storeTrouble: () => streams.log.health.trouble?.cause,
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
    version: VERSION,
  });
  for (const line of early) log(line);
  early = undefined;
  for (const message of [...config.warnings, ...deployment().warnings]) {
    log({ event: "warning", message });
  }

  const ending = new AbortController();
  const revoke = createRevoke({
    clock,
    log: streams.log,
    abortGenerations: (isMeant, error) => runs.abortOf(isMeant, error),
    endCalls(isMeant, error) {
      dispatcher.endArrivalsOf(isMeant, error);
      calls.accepted.endOf(isMeant, error);
    },
    onFailure: (caller) =>
      log({ event: "warning", message: `streams of ${caller} may run on elsewhere: no store` }),
    signal: ending.signal,
  });
  const steps = createReloadSteps({
    inForce,
    listeners: { grpc, http },
    load,
    deploy,
    forget: (id) => states.forget(id),
    configure(next) {
      states.configure(next.reliability);
      usage.reopen(next.accounting.usageFile);
    },
    revoke: (callers) => void revoke(callers),
    log,
  });
  const reloads = new Reloads({ clock, log, steps, hasFiles: () => namesFiles(inForce.config) });

  return {
    reload: () => reloads.request("signal"),
    async stop(hurry) {
      const reloaded = reloads.stop();
      streams.stopAdopting();
      const settings = inForce.config.drain;
      const draining = { calls: calls.draining, generations: runs, endGenerations };
      await drain({ clock, settings, grpc, http, ...draining, hurry });
      calls.lines.close();
      await streams.close();
      await reloaded;
      ending.abort();
      await adapters.close();
      await usage.close();
      await counter.close();
      await checks.close();
      await shutdown();
    },
  };
}
