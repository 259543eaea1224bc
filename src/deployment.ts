import type { Clock } from "./clock.ts";
import type { ConfiguredProvider } from "./config/instances.ts";
import { ConfigError } from "./config/sources.ts";
import type { Config } from "./config.ts";
import { GatewayError } from "./domain/gateway-error.ts";
import type { GenerationSpec } from "./domain/generation-spec.ts";
import type { Model } from "./domain/model.ts";
import type { FittedTarget } from "./gateway/attempt-run.ts";
import type { Deployment as GatewayDeployment } from "./gateway/generation-run.ts";
import type { Provider, ProviderInstance, ProviderType } from "./providers/provider.ts";
import { createModelRegistry, type RegistryInstance } from "./routing/model-registry.ts";
import { createPriceOverrider } from "./routing/override-prices.ts";
import { recordProblems } from "./routing/record-problems.ts";
import { createRouter } from "./routing/router.ts";
import type { TokenCounter } from "./usage/token-counter.ts";

export type ProviderTypes = Readonly<Record<string, ProviderType>>;

/** Everything that a configuration determines beside the listeners; a reload makes a new one. */
export interface Deployment extends GatewayDeployment {
  readonly providers: readonly ConfiguredProvider[];
  readonly models: readonly Model[];
  /** What an operator should know of it. */
  readonly warnings: readonly string[];
  lookup(name: string): readonly Model[];
  isAvailable(model: Model): boolean;
  /** The target that a request would go to first. */
  firstTarget(spec: GenerationSpec): FittedTarget;
  /** Instances that are not there, or not the same, in `next`. */
  replaced(next: Deployment): readonly string[];
  /** Closes the adapters that `next` has not taken over; running calls end first. */
  retire(next: Deployment | undefined): Promise<void>;
}

/** An adapter with what it was made of, so that a reload can tell whether it still fits. */
interface Adapter {
  readonly key: string;
  readonly provider: Provider;
}

const adapters = new WeakMap<Deployment, ReadonlyMap<string, Adapter>>();

function instanceOf(configured: ConfiguredProvider): ProviderInstance {
  const { id, type, baseUrl, apiKey, doneOptional, headers } = configured;
  return { id, type, baseUrl, apiKey, doneOptional, headers };
}

function registryInstance(configured: ConfiguredProvider, type: ProviderType): RegistryInstance {
  return {
    id: configured.id,
    type: configured.type,
    dialects: type.dialects,
    dialect: configured.dialect ?? type.defaultDialect(configured.baseUrl),
    prefill: configured.prefill || type.prefill,
    tokens: type.tokens,
    models: configured.builtinModels ? type.models : [],
  };
}

function typeOf(types: ProviderTypes, name: string): ProviderType {
  const type = types[name];
  if (type === undefined) throw new Error(`no provider type ${name}`);
  return type;
}

/** Stops the start where the records of a provider type contradict themselves. */
export function checkRecords(types: ProviderTypes): void {
  const problems = Object.entries(types).flatMap(([name, type]) =>
    recordProblems(type.models, Object.keys(type.dialects)).map(
      (problem) => `${name}/models.json: ${problem}`,
    ),
  );
  if (problems.length > 0) throw new Error(problems.join("\n"));
}

const NO_OVERRIDES = { place: "", version: "", byModel: {} };

export async function createDeployment(
  config: Config,
  types: ProviderTypes,
  clock: Clock,
  latencyMs: (model: Model) => number | undefined,
  counter: TokenCounter,
  previous?: Deployment,
): Promise<Deployment> {
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
  const warnings = prices
    .unused()
    .map((key) => `${overrides.place}: ${key}: no model has this name`);
  const unavailable = (id: string): ConfiguredProvider["unavailable"] => byId.get(id)?.unavailable;
  const router = createRouter({
    lookup: registry.lookup,
    unavailable,
    providers,
    inputTokens: (model, spec) => counter.estimateInput(model, spec).tokens,
    latencyMs,
  });

  const before = previous === undefined ? undefined : adapters.get(previous);
  const own = new Map<string, Adapter>();
  for (const configured of providers) {
    if (configured.unavailable !== undefined) continue;
    const instance = instanceOf(configured);
    const key = JSON.stringify([instance, config.allowFaults]);
    const kept = before?.get(configured.id);
    const context = { clock, allowFaults: config.allowFaults };
    own.set(
      configured.id,
      kept?.key === key
        ? kept
        : { key, provider: await typeOf(types, configured.type).create(instance, context) },
    );
  }

  const deployment: Deployment = {
    providers,
    models: registry.list,
    warnings,
    timeouts: config.timeouts,
    abort: config.accounting.abort,
    lookup: registry.lookup,
    isAvailable: (model) => unavailable(model.provider) === undefined,
    route: (spec) => router.route(spec),
    firstTarget(spec) {
      const [target] = router.candidates(spec);
      if (target === undefined) throw new GatewayError("internal", "no target was chosen");
      return target;
    },
    provider(id) {
      const adapter = own.get(id);
      if (adapter === undefined) throw new GatewayError("internal", `no adapter for ${id}`);
      return adapter.provider;
    },
    replaced(next) {
      const after = adapters.get(next);
      return [...own.keys()].filter((id) => after?.get(id)?.provider !== own.get(id)?.provider);
    },
    async retire(next) {
      const taken = new Set(
        next === undefined ? [] : Array.from(adapters.get(next)?.values() ?? [], (a) => a.provider),
      );
      const left = Array.from(own.values(), (adapter) => adapter.provider);
      await Promise.all(left.filter((each) => !taken.has(each)).map((each) => each.close()));
    },
  };
  adapters.set(deployment, own);
  return deployment;
}
