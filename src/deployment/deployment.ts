import type { Clock } from "../clock.ts";
import type { Config } from "../config/config.ts";
import type { ConfiguredProvider } from "../config/configured-provider.ts";
import { readKeyFile } from "../config/key-file.ts";
import { ConfigError } from "../config/sources.ts";
import { GatewayError } from "../domain/gateway-error.ts";
import type { GenerationSpec } from "../domain/generation-spec.ts";
import type { Model } from "../domain/model.ts";
import type { RoutedTarget } from "../domain/route.ts";
import type { Deployment as GatewayDeployment } from "../gateway/generation-run.ts";
import type { CallerDirectory } from "../ports/caller-directory.ts";
import type { ProviderInstance } from "../ports/provider-instance.ts";
import type { ErrorText, Provider, ProviderContext, ProviderType } from "../providers/provider.ts";
import { accessOf, notAllowed } from "../routing/model-access.ts";
import {
  createModelRegistry,
  type ModelRegistry,
  type RegistryInstance,
} from "../routing/model-registry.ts";
import { createPriceOverrider } from "../routing/price-overrider.ts";
import { recordProblems } from "../routing/record-problems.ts";
import { Router } from "../routing/router.ts";
import type { TokenCounter } from "../usage/token-counter.ts";
import type { AdapterHold, Adapters } from "./adapters.ts";
import { Leases } from "./leases.ts";

export type ProviderTypes = Readonly<Record<string, ProviderType>>;

/** Everything that a configuration determines except the listeners. A reload creates a new one. */
export interface Deployment extends GatewayDeployment {
  readonly providers: readonly ConfiguredProvider[];
  readonly models: readonly Model[];
  /** The models that a caller may use. */
  modelsOf(caller: string): readonly Model[];
  /** Warnings for the operator. */
  readonly warnings: readonly string[];
  lookup(name: string): readonly Model[];
  /** The first offer of a name that a caller may use. Throws NOT_FOUND with near names, or PERMISSION_DENIED. */
  firstOffer(name: string, caller: string): Model;
  isAvailable(model: Model): boolean;
  /** The first target of a request. Throws PERMISSION_DENIED if the caller may use none. */
  firstTarget(spec: GenerationSpec, caller: string): RoutedTarget;
  /** Instances that are missing or different in `next`. */
  replaced(next: Deployment): readonly string[];
  /** Whether the instance uses this adapter. */
  holds(id: string, provider: Provider): boolean;
  /** Called when another deployment has replaced this one. Its adapters are released with the last lease. */
  retire(): void;
}

function instanceOf(configured: ConfiguredProvider): ProviderInstance {
  const { id, type, baseUrl, apiKey, apiVersion, headers, connection } = configured;
  return { id, type, baseUrl, apiKey, apiVersion, headers, connection };
}

/** The keys that an instance has sent so far, and the reader of the next key from its file. */
function keysOf({ apiKey, apiKeyFile }: ConfiguredProvider) {
  const sent = [apiKey];
  if (apiKeyFile === undefined) return { sent };
  const readApiKey = (): string => {
    const key = readKeyFile(apiKeyFile);
    if (!sent.includes(key)) sent.push(key);
    return key;
  };
  return { sent, readApiKey };
}

function registryInstance(configured: ConfiguredProvider, type: ProviderType): RegistryInstance {
  return {
    id: configured.id,
    type: configured.type,
    dialects: type.dialects,
    listedParameters: type.listedParameters,
    takes: type.takes,
    goesBack: type.goesBack,
    dialect: configured.dialect ?? type.defaultDialect(configured.baseUrl),
    prefill: configured.prefill || type.prefill,
    traceContext: configured.traceContext,
    unaryUpstream: (dialect) => {
      const { unaryUpstream, baseUrl } = configured;
      return unaryUpstream === "auto" && !type.reportsUsageInStreams(dialect, baseUrl)
        ? "whole"
        : unaryUpstream;
    },
    limits: (dialect) => type.limits(dialect, configured.baseUrl),
    timeouts: configured.timeouts,
    tokens: type.tokens,
    models: configured.builtinModels ? type.models : [],
    unlistedModels: configured.unlistedModels,
  };
}

function typeOf(types: ProviderTypes, name: string): ProviderType {
  const type = types[name];
  if (type === undefined) throw new Error(`no provider type ${name}`);
  return type;
}

/** Throws if the records of a provider type contradict themselves, which stops the start. */
export function checkRecords(types: ProviderTypes): void {
  const problems = Object.entries(types).flatMap(([name, type]) =>
    recordProblems(type.models, Object.keys(type.dialects)).map(
      (problem) => `${name}/models.json: ${problem}`,
    ),
  );
  if (problems.length > 0) throw new Error(problems.join("\n"));
}

const NO_OVERRIDES = { place: "", version: "", byModel: {} };

/** One adapter for each available instance, by id. */
async function holdAdapters(
  config: Config,
  dependencies: Pick<DeploymentDependencies, "types" | "clock" | "adapters" | "onErrorText">,
): Promise<ReadonlyMap<string, AdapterHold>> {
  const { types, clock, adapters, onErrorText } = dependencies;
  const holds = new Map<string, AdapterHold>();
  try {
    for (const configured of config.providers) {
      if (configured.unavailable !== undefined) continue;
      const instance = instanceOf(configured);
      const { id, errorTexts, apiKeyFile } = configured;
      const { sent, readApiKey } = keysOf(configured);
      const context: ProviderContext = {
        clock,
        allowFaults: config.allowFaults,
        ...(readApiKey !== undefined && { readApiKey }),
        ...(errorTexts && { onErrorText: (error) => onErrorText(id, sent, error) }),
      };
      // An instance that a reload does not change keeps its connections.
      const key = JSON.stringify([instance, apiKeyFile, config.allowFaults, errorTexts]);
      const create = () => typeOf(types, configured.type).create(instance, context);
      holds.set(configured.id, await adapters.hold(key, create));
    }
  } catch (error) {
    for (const { release } of holds.values()) release();
    throw error;
  }
  return holds;
}

/** The models as each caller sees them. */
function offersFor(
  { list, lookup }: ModelRegistry,
  callers: CallerDirectory,
): Pick<Deployment, "modelsOf" | "firstOffer"> {
  return {
    modelsOf(caller) {
      const access = accessOf(callers, caller);
      return access === undefined ? list : list.filter((model) => access(model) === undefined);
    },
    firstOffer(name, caller) {
      const access = accessOf(callers, caller);
      const offers = lookup(name);
      const allowed = offers.find((model) => access?.(model) === undefined);
      if (allowed !== undefined) return allowed;
      const [first] = offers;
      if (first === undefined) throw new GatewayError("not-found", "no such model");
      throw notAllowed(first, access?.(first) ?? "");
    },
  };
}

export interface DeploymentDependencies {
  readonly types: ProviderTypes;
  readonly clock: Clock;
  readonly adapters: Adapters;
  readonly latencyMs: (model: Model) => number | undefined;
  readonly counter: TokenCounter;
  readonly callers: CallerDirectory;
  /** Receives the text of an error of an instance with `error_texts`, and the keys that the text may quote. */
  readonly onErrorText: (instance: string, apiKeys: readonly string[], error: ErrorText) => void;
}

/** Throws `ConfigError` if price overrides contradict their models. */
export async function createDeployment(
  config: Config,
  dependencies: DeploymentDependencies,
): Promise<Deployment> {
  const { types, latencyMs, counter, callers } = dependencies;
  const { providers } = config;
  const byId = new Map(providers.map((provider) => [provider.id, provider]));
  const overrides = config.priceOverrides ?? NO_OVERRIDES;
  const prices = createPriceOverrider(overrides);
  const registry = createModelRegistry(
    providers.map((provider) => registryInstance(provider, typeOf(types, provider.type))),
    config.models,
    prices.reprice,
  );
  const [problem] = prices.problems();
  if (problem !== undefined) throw new ConfigError(`${overrides.place}: ${problem}`);
  const isForUnlisted = (key: string): boolean =>
    providers.some(({ id, unlistedModels }) => unlistedModels && key.startsWith(`${id}/`));
  const warnings = prices
    .unused()
    .filter((key) => !isForUnlisted(key))
    .map((key) => `${overrides.place}: ${key}: no model has this name`);
  const unavailable = (id: string): ConfiguredProvider["unavailable"] => byId.get(id)?.unavailable;
  const router = new Router({
    lookup: registry.lookup,
    unavailable,
    unsupported: (model, spec, options) =>
      typeOf(types, model.providerType).unsupported(spec, model, options),
    providers,
    inputTokens: (model, spec) => counter.estimateInput(model, spec).tokens,
    latencyMs,
  });

  const own = await holdAdapters(config, dependencies);
  const leases = new Leases(() => {
    for (const { release } of own.values()) release();
  });
  return {
    providers,
    models: registry.list,
    ...offersFor(registry, callers),
    warnings,
    timeouts: config.timeouts,
    abort: config.accounting.abort,
    lookup: registry.lookup,
    isAvailable: (model) => unavailable(model.provider) === undefined,
    route: (spec, caller) => {
      const access = caller === undefined ? undefined : accessOf(callers, caller);
      return router.route(spec, access);
    },
    firstTarget(spec, caller) {
      const [target] = router.candidates(spec, accessOf(callers, caller));
      if (target === undefined) throw new GatewayError("internal", "no target was chosen");
      return target;
    },
    provider(id) {
      const adapter = own.get(id);
      if (adapter === undefined) throw new GatewayError("internal", `no adapter for ${id}`);
      return adapter.provider;
    },
    lease: () => leases.take(),
    replaced: (next) =>
      [...own].filter(([id, { provider }]) => !next.holds(id, provider)).map(([id]) => id),
    holds: (id, provider) => own.get(id)?.provider === provider,
    retire: () => leases.retire(),
  };
}
