import { GatewayError } from "../domain/gateway-error.ts";
import type { JsonObject } from "../domain/json.ts";
import type {
  Capability,
  GoesBack,
  Model,
  ModelRecord,
  Parameter,
  TargetTimeouts,
  UnaryUpstream,
  WireLimits,
} from "../domain/model.ts";
import { NameIndex } from "../domain/name-index.ts";
import type { TokenRules } from "../domain/token-rules.ts";
import { UnlistedModels } from "./unlisted-models.ts";

/** A provider instance, as the registry needs it. */
export interface RegistryInstance {
  readonly id: string;
  readonly type: string;
  /** Dialects of its type, with the parameters that each can carry. */
  readonly dialects: Readonly<Record<string, readonly Parameter[]>>;
  /** Parameters that a dialect carries in addition, for models that list them. */
  readonly listedParameters: Readonly<Record<string, readonly Parameter[]>>;
  /** Whether a model with these facts of the wire accepts the parameter. */
  takes(parameter: Parameter, wire: JsonObject): boolean;
  /** Dialect of its models, except models that work in one dialect only. */
  readonly dialect: string;
  /** Whether the instance can continue a last message of the assistant. */
  readonly prefill: boolean;
  /** Whether the instance receives the trace context of calls. */
  readonly traceContext: boolean;
  /** How the provider is asked for the answers of unary calls to models of a dialect. */
  unaryUpstream(dialect: string): UnaryUpstream;
  /** Additions of answers that its models accept in the history of a request. */
  goesBack(dialect: string, wire: JsonObject): GoesBack;
  /** Limits of its address in a dialect. */
  limits(dialect: string): WireLimits;
  /** Time limits of all its models. */
  readonly timeouts: TargetTimeouts | undefined;
  /** How tokens of its models are counted. */
  readonly tokens: TokenRules;
  /** Its built-in records. */
  readonly models: readonly ModelRecord[];
  /** Whether `INSTANCE/NAME` is a model for any name. */
  readonly unlistedModels: boolean;
}

/** A configured model. Missing fields come from a built-in record of the same id, otherwise from assumptions. */
export interface RegistryEntry extends Partial<ModelRecord> {
  readonly id: string;
  readonly provider: string;
  readonly enabled: boolean;
}

export interface ModelRegistry {
  /** Each instance's offer of this name, in configuration order. Throws NOT_FOUND with near names. */
  lookup(name: string): readonly Model[];
  /** All models, by provider in configuration order. */
  readonly list: readonly Model[];
}

/**
 * Capabilities of a configured model that lists none. Images and files are left out: most self-hosted servers accept
 * none, and many answer them with a 500 that looks like a failure of the server.
 */
const ASSUMED_CAPABILITIES: readonly Capability[] = [
  "generate",
  "stream",
  "tools",
  "parallel-tools",
  "json-object",
  "json-schema",
];

function toModel(record: ModelRecord, instance: RegistryInstance, isUnlisted = false): Model {
  const dialect = record.dialect ?? instance.dialect;
  const carried = new Set([
    ...(instance.dialects[dialect] ?? []),
    ...(instance.listedParameters[dialect] ?? []),
  ]);
  return {
    id: record.id,
    provider: instance.id,
    providerType: instance.type,
    providerModel: record.providerModel ?? record.id,
    displayName: record.displayName ?? record.id,
    aliases: record.aliases ?? [],
    contextWindow: record.contextWindow,
    maxInputTokens: record.maxInputTokens,
    maxOutputTokens: record.maxOutputTokens,
    capabilities: new Set(record.capabilities),
    dialect,
    parameters: new Set(
      record.parameters.filter(
        (parameter) => carried.has(parameter) && instance.takes(parameter, record.wire ?? {}),
      ),
    ),
    rules: (record.rules ?? []).filter(
      (rule) => rule.dialect === undefined || rule.dialect === dialect,
    ),
    efforts: record.dialectEfforts?.[dialect] ?? record.efforts ?? [],
    defaultEffort: record.defaultEffort,
    defaultSampling: record.defaultSampling ?? {},
    deterministicSampling: record.deterministicSampling ?? { temperature: 0 },
    limits: { ...instance.limits(dialect), ...record.limits?.[dialect] },
    wire: record.wire ?? {},
    goesBack: instance.goesBack(dialect, record.wire ?? {}),
    pricing: record.pricing,
    tokens: instance.tokens,
    deprecated: record.endDate !== undefined,
    isUnlisted,
    fallbacks: record.fallbacks ?? [],
    failoverOnContentFilter: record.failoverOnContentFilter ?? false,
    prefill: instance.prefill,
    traceContext: instance.traceContext,
    unaryUpstream: instance.unaryUpstream(dialect),
    timeouts:
      instance.timeouts === undefined || record.timeouts === undefined
        ? (record.timeouts ?? instance.timeouts)
        : { ...instance.timeouts, ...record.timeouts },
  };
}

function configuredRecord(entry: RegistryEntry, instance: RegistryInstance): ModelRecord {
  const { provider, enabled, ...own } = entry;
  const base = instance.models.find(({ id }) => id === entry.id);
  if (base !== undefined) return { ...base, ...own, wire: { ...base.wire, ...own.wire } };
  const reasons = own.efforts !== undefined && own.efforts.length > 0;
  return {
    capabilities: reasons ? [...ASSUMED_CAPABILITIES, "reasoning"] : ASSUMED_CAPABILITIES,
    parameters: instance.dialects[own.dialect ?? instance.dialect] ?? [],
    ...own,
  };
}

/** Models of an instance: the operator's, then the built-in ones that those do not replace. */
function modelsOf(instance: RegistryInstance, entries: readonly RegistryEntry[]): Model[] {
  const own = entries.filter(({ provider }) => provider === instance.id);
  const replaced = new Set(own.map(({ id }) => id));
  const configured = own.filter(({ enabled }) => enabled);
  return [
    ...configured.map((entry) => configuredRecord(entry, instance)),
    ...instance.models.filter(({ id }) => !replaced.has(id)),
  ].map((record) => toModel(record, instance));
}

/** Names of a model by precedence: its id, then its aliases, then the provider's own id. */
const NAMES: readonly ((model: Model) => readonly string[])[] = [
  ({ id }) => [id],
  ({ displayName, aliases }) => [displayName, ...aliases],
  ({ providerModel }) => [providerModel],
];

/** The models of one instance by name. A name means one model. */
function namesOf(models: readonly Model[], fold: (name: string) => string): Map<string, Model> {
  const named = new Map<string, Model>();
  for (const names of NAMES) {
    for (const model of models) {
      for (const name of names(model)) {
        if (!named.has(fold(name))) named.set(fold(name), model);
      }
    }
  }
  return named;
}

/** All names of models without regard to case. Of names that differ in case alone, the first counts. */
function knownNames(models: readonly Model[]): Iterable<string> {
  const known = NAMES.flatMap((names) => models.flatMap(names));
  return new Map(known.toReversed().map((each) => [each.toLowerCase(), each])).values();
}

function notFound(
  name: string,
  providers: ReadonlySet<string>,
  known: Pick<NameIndex, "near">,
): GatewayError {
  const slash = name.indexOf("/");
  const wanted = providers.has(name.slice(0, slash)) ? name.slice(slash + 1) : name;
  const suggestions = known.near(wanted).join(", ");
  const hint = suggestions === "" ? "" : `; did you mean ${suggestions}?`;
  return new GatewayError("not-found", `no model "${name}"${hint}`, {
    reason: "MODEL_NOT_FOUND",
    metadata: { resource_type: "model", resource_name: name, suggestions },
  });
}

export function createModelRegistry(
  instances: readonly RegistryInstance[],
  entries: readonly RegistryEntry[],
  /** The operator's prices. */
  reprice: (models: readonly Model[]) => readonly Model[] = (models) => models,
): ModelRegistry {
  const offers = instances.map((instance) => reprice(modelsOf(instance, entries)));
  const exact = offers.map((models) => namesOf(models, (name) => name));
  const folded = offers.map((models) => namesOf(models, (name) => name.toLowerCase()));
  const list = offers.flat();
  const providers = new Set(list.flatMap(({ provider, providerType }) => [provider, providerType]));
  const known = new NameIndex(() => knownNames(list));

  function find(indexes: readonly ReadonlyMap<string, Model>[], name: string): readonly Model[] {
    const found = indexes.flatMap((index) => index.get(name) ?? []);
    // A name can be one model's id and another's alias. The id wins.
    const byId = found.filter(({ id }) => id === name);
    return byId.length > 0 ? byId : found;
  }

  const names = new Set(exact.flatMap((index) => [...index.keys()]));
  const byName = new Map(Array.from(names, (name) => [name, find(exact, name)]));

  function named(name: string): readonly Model[] {
    return byName.get(name) ?? find(folded, name.toLowerCase());
  }

  /** Models for `provider/model`, with an instance or a type as provider. */
  function qualified(name: string): readonly Model[] {
    const slash = name.indexOf("/");
    if (slash < 0) return [];
    const provider = name.slice(0, slash);
    const found = named(name.slice(slash + 1));
    const pinned = found.filter((model) => model.provider === provider);
    return pinned.length > 0 ? pinned : found.filter((model) => model.providerType === provider);
  }

  const unlisted = new UnlistedModels(instances, (id, instance) => {
    const entry = { id, provider: instance.id, enabled: true };
    return reprice([toModel(configuredRecord(entry, instance), instance, true)]);
  });

  return {
    list,
    lookup(name) {
      const found = named(name);
      const listed = found.length > 0 ? found : qualified(name);
      const models = listed.length > 0 ? listed : unlisted.lookup(name);
      if (models.length === 0) throw notFound(name, providers, known);
      return models;
    },
  };
}
