import type { FieldPass } from "../domain/field-pass.ts";
import type { CallerGroup } from "../ports/caller-directory.ts";
import type { TypeTable } from "../ports/type-facts.ts";
import type { DefaultTimeouts } from "../reliability/attempt-limits.ts";
import type { ReliabilitySettings } from "../reliability/reliability-settings.ts";
import type { DrainSettings } from "../rpc/drain.ts";
import type { AgeLimit } from "../rpc/http2-sessions.ts";
import type { StoreAddress } from "../store/store-address.ts";
import type { StreamSettings } from "../streams/stream-settings.ts";
import type { EstimatorChoice } from "../usage/token-counter.ts";
import { type AccountingSettings, accountingSettings } from "./accounting.ts";
import {
  type CallerStoreSettings,
  type ConfiguredCaller,
  callerStoreSettings,
  checkCallers,
  checkExposure,
  checkGroups,
} from "./callers.ts";
import { checkModels } from "./check-models.ts";
import { type ConfiguredProvider, configureProviders } from "./configured-provider.ts";
import { ageLimit, drainSettings } from "./drain.ts";
import { checkModelFallbacks } from "./fallbacks.ts";
import { type LimitSettings, limitSettings } from "./limits.ts";
import type { ModelEntry } from "./model-entry.ts";
import { type PriceOverrides, readPriceOverrides } from "./price-overrides.ts";
import type { Address } from "./readers.ts";
import { reliabilitySettings } from "./reliability.ts";
import { type RoutingSettings, routingSettings } from "./routing.ts";
import type { schema } from "./schema.ts";
import type { Environment } from "./sources.ts";
import { storeAddress, streamSettings } from "./streams.ts";
import { type TelemetrySettings, telemetrySettings } from "./telemetry.ts";
import { defaultTimeouts } from "./timeouts.ts";
import type { TlsFiles } from "./tls-files.ts";

/** All settings of the service: file and environment, with defaults. */
export interface Config {
  /** Processes that serve calls. If there are several, a primary is above them. */
  readonly workers: number;
  /** A worker that does not answer its primary for this long is replaced. */
  readonly workerTimeoutMs: number;
  /** How long a process warms up before its start; 0: it does not. */
  readonly warmUpMs: number;
  readonly grpc: {
    readonly address: Address;
    readonly tls: TlsFiles | undefined;
    readonly ageLimit: AgeLimit | undefined;
  };
  readonly http: {
    readonly address: Address;
    readonly tls: TlsFiles | undefined;
    readonly corsOrigins: readonly string[];
  };
  /** The page for operators at the HTTP address. */
  readonly console: { readonly enabled: boolean };
  /** The vendors' APIs to serve. */
  readonly doors: {
    readonly openai: boolean;
    readonly anthropic: boolean;
    /** Responses can be retrieved after their end. */
    readonly store: boolean;
    /** For how long after their end. */
    readonly retentionMs: number;
    /** Which fields go to providers; unset: all, and of callers with a spend limit those that are known or listed. */
    readonly pass?: FieldPass;
    /** Fields, tools and betas that pass under `listed`. */
    readonly passFields: readonly string[];
  };
  readonly limits: LimitSettings;
  /** How the service ends. */
  readonly drain: DrainSettings;
  readonly callers: readonly ConfiguredCaller[];
  readonly groups: readonly CallerGroup[];
  readonly callerStore: CallerStoreSettings;
  readonly allowUnauthenticated: boolean;
  /** Names beside the loopback ones by which this machine may be called if there are no callers. */
  readonly hosts: readonly string[];
  /** Instances in the order in which they are tried. */
  readonly providers: readonly ConfiguredProvider[];
  readonly models: readonly ModelEntry[];
  /** The operator's prices, which replace listed ones. */
  readonly priceOverrides: PriceOverrides | undefined;
  readonly accounting: AccountingSettings;
  readonly allowFaults: boolean;
  readonly timeouts: DefaultTimeouts;
  /** The counter for tokens that no provider reports. */
  readonly estimator: EstimatorChoice;
  readonly reliability: ReliabilitySettings;
  /** The file gives no `limit.caller_share`, so that the number of callers decides. */
  readonly isCallerShareOpen: boolean;
  readonly routing: RoutingSettings;
  /** The store of streams. Changes need a restart. */
  readonly store: StoreAddress;
  readonly streams: StreamSettings;
  /** Undefined: telemetry is off. */
  readonly telemetry: TelemetrySettings | undefined;
  /** Warnings for the operator at start. */
  readonly warnings: readonly string[];
}

const DEFAULT_GRPC_ADDRESS: Address = { host: "127.0.0.1", port: 50051 };
const DEFAULT_HTTP_ADDRESS: Address = { host: "127.0.0.1", port: 8080 };
/** Longer than any step of a worker, a collection of garbage included. */
const DEFAULT_WORKER_TIMEOUT_MS = 30_000;
const DEFAULT_DOORS = {
  openai: true,
  anthropic: true,
  store: true,
  retentionMs: 3_600_000,
  passFields: [],
};

type ConfigFields = ReturnType<typeof schema>;

/** Warnings for the operator at start. */
function startWarnings({ allowUnauthenticated, providers = [] }: ConfigFields): string[] {
  const unused = providers.flatMap(({ doneOptional }, index) =>
    doneOptional === undefined
      ? []
      : [`providers[${index}].done_optional: not needed, a finish reason ends every answer`],
  );
  if (!allowUnauthenticated) return unused;
  return ["allow_unauthenticated: calls without credentials are served as `anonymous`", ...unused];
}

function freeze<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  for (const inner of Object.values(value)) freeze(inner);
  return Object.freeze(value);
}

function addressesOf({ grpc, http }: ConfigFields) {
  return {
    grpc: grpc?.address ?? DEFAULT_GRPC_ADDRESS,
    http: http?.address ?? DEFAULT_HTTP_ADDRESS,
  };
}

function processSettings({
  workers = 1,
  workerTimeoutMs = DEFAULT_WORKER_TIMEOUT_MS,
  warmUpMs = 0,
}: ConfigFields) {
  return { workers, workerTimeoutMs, warmUpMs };
}

/** Checks the sections against each other and fills in defaults. Throws `ConfigProblem`. */
export function createConfig(
  fields: ConfigFields,
  types: TypeTable,
  environment: Environment,
): Config {
  const {
    grpc,
    http,
    callers = [],
    groups = [],
    models = [],
    allowUnauthenticated = false,
  } = fields;
  const store = storeAddress(fields.stream);
  const addresses = addressesOf(fields);
  const verifiesClients = [grpc, http].some((door) => door?.tls?.clientCaFile !== undefined);
  checkCallers(callers, verifiesClients);
  checkGroups(callers, groups);
  if (callers.length === 0 && !allowUnauthenticated) checkExposure(addresses);
  const providers = configureProviders(fields.providers ?? [], types, environment);
  checkModels(models, providers, types);
  checkModelFallbacks(models, providers, types);
  // All clients without a key are one caller.
  const hasSeveralCallers = callers.length + (allowUnauthenticated ? 1 : 0) > 1;
  return freeze<Config>({
    ...processSettings(fields),
    grpc: { address: addresses.grpc, tls: grpc?.tls, ageLimit: ageLimit(grpc) },
    http: { address: addresses.http, tls: http?.tls, corsOrigins: http?.corsOrigins ?? [] },
    console: { enabled: fields.console?.enabled ?? true },
    doors: { ...DEFAULT_DOORS, ...fields.doors },
    limits: limitSettings(fields.limits),
    drain: drainSettings(fields.drain),
    callers,
    groups,
    callerStore: callerStoreSettings(fields.callerStore),
    allowUnauthenticated,
    hosts: http?.hosts ?? [],
    providers,
    models,
    priceOverrides: readPriceOverrides(environment),
    accounting: accountingSettings(fields.accounting),
    allowFaults: fields.faults?.allow ?? false,
    timeouts: defaultTimeouts(fields.timeouts),
    estimator: fields.accounting?.estimator ?? "auto",
    reliability: reliabilitySettings(fields, {
      providers: fields.providers,
      models,
      hasSeveralCallers,
    }),
    isCallerShareOpen: fields.limit?.callerShare === undefined,
    routing: routingSettings(fields.routing),
    store,
    streams: streamSettings(fields.stream),
    telemetry: telemetrySettings(fields.telemetry, environment),
    warnings: startWarnings(fields),
  });
}
