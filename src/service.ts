import { createCalls } from "./calls/calls.ts";
import { createOriginCheck } from "./calls/check-origin.ts";
import type { Clock } from "./clock.ts";
import { collectGarbage, heapBytes } from "./collect-garbage.ts";
import type { Config } from "./config/config.ts";
import { consoleUrl } from "./console/console-url.ts";
import { type Core, startCore } from "./core.ts";
import { startActivity } from "./create-activity.ts";
import { createServices, modelsOf, type SharedParts } from "./create-services.ts";
import { checkRecords, type ProviderTypes } from "./deployment/deployment.ts";
import { createReloadSteps, namesFiles } from "./deployment/reload-steps.ts";
import { Reloads } from "./deployment/reloads.ts";
import { callerRevoked, type GatewayError } from "./domain/gateway-error.ts";
import type { Log } from "./domain/log-line.ts";
import { DoorHost } from "./doors/door-host.ts";
import { EarlyLines } from "./early-lines.ts";
import { createGateway } from "./gateway/gateway.ts";
import { InputCounter } from "./gateway/input-counter.ts";
import { createLostOutput } from "./gateway/lost-output.ts";
import { createLostUsage } from "./gateway/lost-usage.ts";
import { createIdSource } from "./id-source.ts";
import { IdleCollection } from "./idle-collection.ts";
import { UsageQueries } from "./ledger/usage-queries.ts";
import { type Listeners, startListeners } from "./listeners.ts";
import { openStores, type Stores } from "./open-stores.ts";
import { createCallerRevocation } from "./operations/caller-revocation.ts";
import { encodeSnapshot } from "./operations/replica-snapshot.ts";
import { shareTargetStates } from "./operations/share-target-states.ts";
import { sessionOf } from "./operations/stream-state.ts";
import { createPassRules } from "./pass-rules.ts";
import * as providerTypes from "./providers/registry.ts";
import type { SharedPlaces } from "./reliability/shared-places.ts";
import { checkTimeout } from "./rpc/deadline.ts";
import { decodeStreamEvent } from "./rpc/decode-event.ts";
import { createDispatcher } from "./rpc/dispatcher.ts";
import { drain } from "./rpc/drain.ts";
import { encodeEvent, encodeInternalEnd } from "./rpc/encode-event.ts";
import type { ServedService } from "./rpc/handlers.ts";
import { addressText, type Listen } from "./rpc/listen.ts";
import { outputText } from "./rpc/output-text.ts";
import { createStoredCallers } from "./stored-callers.ts";
import { type StreamService, startStreams } from "./stream-service.ts";
import { createVendorDoors } from "./vendor-doors.ts";
import { VERSION } from "./version.ts";

const types: ProviderTypes = providerTypes;

/** A started service. */
export interface RunningService {
  /** Reads the configuration again. A mistake in it changes nothing. */
  reload(): Promise<void>;
  /** Lets calls end, hands over or ends the rest, and closes the listeners; `hurry` skips the waits. */
  stop(hurry: AbortSignal): Promise<void>;
  /** The metrics in Prometheus' text format; undefined: they are not kept. */
  readonly readMetrics: (() => Promise<string>) | undefined;
}

/** What a worker has of its primary. */
export interface WorkerParts {
  readonly replica: string;
  readonly places: SharedPlaces | undefined;
  readonly ports: Readonly<Record<"grpc" | "http", Listen>>;
  /** Writes the warnings of the configuration, which are the same for all workers. */
  readonly tellsWarnings: boolean;
}

/** Parts that the caller of `startService` can replace. */
export interface ServiceParts {
  readonly open: typeof openStores;
  readonly encodeEvent: typeof encodeEvent;
  readonly collectGarbage: typeof collectGarbage;
  /** Undefined: this process serves alone. */
  readonly worker?: WorkerParts;
}

export const OWN_PARTS: ServiceParts = { open: openStores, encodeEvent, collectGarbage };

async function startStoredStreams(core: Core, parts: ServiceParts, stores: Stores, log: Log) {
  const { limits } = core;
  const { clock, counter, deployment, inForce, newId, operations, replica, states } = core;
  const { onDefect, runs, telemetry } = core;
  const session = sessionOf(replica, newId());
  const streams = await startStreams({
    clock,
    runs,
    telemetry,
    newId,
    onDefect,
    log,
    stores,
    limits: {
      open: (health) => limits.open({ store: stores.limits, health, session }),
      close: () => limits.close(),
    },
    session,
    lostUsage: createLostUsage({ clock, counter, deployment, outputText }),
    lostOutput: createLostOutput({ clock, decodeEvent: decodeStreamEvent }),
    config: () => inForce.config,
    encodeEvent: parts.encodeEvent,
    encodeInternalEnd,
    snapshot: () =>
      encodeSnapshot({
        replica,
        status: operations.status(),
        activity: core.activity.share.current(),
      }),
  });
  shareTargetStates(streams.log.control, states, operations, replica);
  core.ledger.start(stores.ledger, session);
  const reports = new UsageQueries({
    clock,
    store: stores.ledger,
    labels: () => inForce.config.accounting.ledger.labels,
    lagMs: () => core.ledger.lagMs,
  });
  return { streams, reports };
}

/** The calls of the service, from every door. */
function createDoors(core: Core, services: readonly ServedService[], parts: SharedParts) {
  const { gateway, countInput } = parts;
  const { clock, inForce, log, replica, telemetry } = core;
  const { http, limits } = inForce.config;
  const { requestBytes } = limits;
  const calls = createCalls({
    checkOrigin: createOriginCheck(http.corsOrigins),
    authenticate: (call) => inForce.authenticate(call),
    checkHeaders: checkTimeout,
    telemetry,
    counts: core.activity.counters,
    clock,
    log,
    replica,
    version: VERSION,
  });
  const dispatcher = createDispatcher({ services, calls, clock, requestBytes });
  const doors = createVendorDoors({
    gateway,
    countInput,
    clock,
    models: modelsOf(core),
    requestBytes,
    settings: inForce.config.doors,
    passOf: createPassRules({
      directory: core.callers.directory,
      limits: core.limits,
      settings: () => inForce.config.doors,
    }),
  });
  const newId = createIdSource();
  const newRequestId = (): string => `req_${newId()}`;
  const host = new DoorHost({ doors, calls, dispatcher, newRequestId, requestBytes });
  return { calls, dispatcher, host };
}

type Doors = ReturnType<typeof createDoors>;

/** Ends the calls and generations of a caller that was removed. */
function revokeAt(core: Core, streams: StreamService, doors: Doors, signal: AbortSignal) {
  const { clock, log, runs } = core;
  return createCallerRevocation({
    clock,
    log: streams.log,
    abortGenerations: (isMeant, error) => runs.abortOf(isMeant, error),
    endCalls(isMeant, error) {
      doors.dispatcher.arrivals.endOf(isMeant, error);
      doors.calls.accepted.endOf(isMeant, error);
    },
    onFailure: (caller) =>
      log({ event: "warning", message: `streams of ${caller} may run on elsewhere: no store` }),
    signal,
  });
}

interface ReloadParts {
  readonly tellsWarnings: boolean;
  readonly listeners: Listeners;
  readonly load: () => Config;
  readonly revoke: ReturnType<typeof createCallerRevocation>;
}

function createReloads(core: Core, parts: ReloadParts): Reloads {
  const { listeners, load, revoke, tellsWarnings } = parts;
  const { authenticator, clock, deploy, inForce, log, states, usage } = core;
  const steps = createReloadSteps({
    inForce,
    listeners,
    load,
    deploy,
    authenticator,
    forget: (id) => states.forget(id),
    configure(next) {
      core.configureStates();
      usage.reopen(next.accounting.usageFile);
    },
    revoke: (callers) => void revoke(callers),
    onWarning: (message) => tellsWarnings && log({ event: "warning", message }),
  });
  return new Reloads({ clock, log, steps, hasFiles: () => namesFiles(inForce.config) });
}

/** Writes the first line of the log. */
function tellStart({ log, replica, inForce }: Core, { grpc, http, metrics }: Listeners): void {
  log({
    event: "listening",
    grpc: addressText(grpc.address),
    http: addressText(http.address),
    ...(metrics && { metrics: addressText(metrics.address) }),
    ...(inForce.config.console.enabled && {
      console: consoleUrl(http.address, http.tls !== undefined),
    }),
    replica,
    version: VERSION,
  });
}

/** Starts everything and logs the addresses taken as the first line. */
export async function startService(
  log: Log,
  clock: Clock,
  load: () => Config,
  parts = OWN_PARTS,
): Promise<RunningService> {
  checkRecords(types);
  const { worker } = parts;
  const core = await startCore({ types, log, clock, config: load(), ...worker });
  const { inForce, runs } = core;
  const early = new EarlyLines(log);
  const stores = await parts.open(inForce.config.store, clock);
  const { streams, reports } = await startStoredStreams(core, parts, stores, early.write);
  const callers = createStoredCallers({
    core,
    store: stores.callers,
    control: streams.log.control,
    onRevoked({ callers: ended, keys }) {
      const isMeant = (_: string, key = ""): boolean => keys.includes(key);
      calls.accepted.endOf(isMeant, callerRevoked());
      void revoke(ended);
    },
  });
  const gateway = createGateway({
    clock,
    runs,
    newId: core.newId,
    onDefect: core.onDefect,
    log: streams.log,
    local: streams.local,
    stored: streams.stored,
    telemetry: streams.telemetry,
    encodeEvent: parts.encodeEvent,
    encodeInternalEnd,
  });
  const inputCounter = new InputCounter(core);
  const countInput: InputCounter["count"] = (call) => inputCounter.count(call);
  const activity = startActivity(core, streams.log);
  const idle = new IdleCollection({ clock, collect: parts.collectGarbage, heapBytes });
  core.activity.ring.onSecond((sample) => idle.second(sample));
  const asked = { gateway, countInput, callers, reports, activity: activity.service };
  const doors = createDoors(core, createServices(core, streams, asked), asked);
  const { calls, dispatcher, host } = doors;
  const ending = new AbortController();
  const revoke = revokeAt(core, streams, doors, ending.signal);
  await callers.start();
  const storeTrouble = (): string | undefined => streams.log.health.trouble?.cause;
  const where = { doors: host, ports: worker?.ports };
  const listeners = await startListeners({ core, dispatcher, storeTrouble, ...where }).catch(
    async (error: unknown) => {
      activity.stop();
      await callers.stop();
      await streams.close(() => core.ledger.close());
      throw error;
    },
  );
  // The first line of a worker is its primary's.
  if (worker === undefined) tellStart(core, listeners);
  early.end();
  const { tellsWarnings = true } = worker ?? {};
  for (const message of [...inForce.config.warnings, ...core.deployment().warnings]) {
    if (tellsWarnings) log({ event: "warning", message });
  }
  const reloads = createReloads(core, { listeners, load, revoke, tellsWarnings });

  /** Hands over what another replica can go on with, and ends the rest. */
  async function endGenerations(error: GatewayError): Promise<void> {
    const handedOver = streams.log.handOffAll();
    runs.abortAll(error);
    await handedOver;
  }

  function refuseCalls(error: GatewayError): void {
    calls.draining.startDraining();
    dispatcher.arrivals.endOf(() => true, error);
  }

  return {
    readMetrics: core.readMetrics,
    reload: () => reloads.request("signal"),
    async stop(hurry) {
      const reloaded = reloads.stop();
      streams.stopAdopting();
      activity.startDraining();
      await drain({
        clock,
        settings: inForce.config.drain,
        ...listeners,
        running: [dispatcher.arrivals, calls.draining.running, runs],
        refuseCalls,
        endGenerations,
        endWatches: activity.endWatches,
        hurry,
      });
      // Metrics can be read until the last call has ended.
      await listeners.metrics?.close();
      calls.lines.close();
      activity.stop();
      await callers.stop();
      await streams.close(() => core.ledger.close());
      await reloaded;
      ending.abort();
      await core.close();
    },
  };
}
