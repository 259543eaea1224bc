import { GatewayError } from "../domain/gateway-error.ts";
import type { Capability, Model, ModelRecord, Parameter } from "../domain/model.ts";
import { didYouMean, nearNames } from "../domain/near-names.ts";

/** A provider instance as the registry sees it. */
export interface RegistryInstance {
  readonly id: string;
  readonly type: string;
  /** Dialects of its type, with the parameters that each can carry. */
  readonly dialects: Readonly<Record<string, readonly Parameter[]>>;
  /** Dialect of a model that asks for none. */
  readonly dialect: string;
  /** An operator's choice for the instance goes before the record's. */
  readonly dialectForced: boolean;
  /** Built-in records that it offers. */
  readonly models: readonly ModelRecord[];
}

/** A model that the operator configured; what it leaves out is taken from a built-in record of the same id, else assumed. */
export interface RegistryEntry extends Partial<ModelRecord> {
  readonly id: string;
  readonly provider: string;
  readonly enabled: boolean;
}

export interface ModelRegistry {
  /** Every instance's offer of this name, in configuration order. Throws NOT_FOUND with near names. */
  lookup(name: string): readonly Model[];
  /** All models, by provider in configuration order. */
  readonly list: readonly Model[];
}

/** What a compatible server is taken to do until its operator says otherwise. */
const ASSUMED_CAPABILITIES: readonly Capability[] = [
  "generate",
  "stream",
  "image-input",
  "file-input",
  "tools",
  "parallel-tools",
  "json-object",
  "json-schema",
];

function toModel(record: ModelRecord, instance: RegistryInstance): Model {
  const dialect = instance.dialectForced ? instance.dialect : (record.dialect ?? instance.dialect);
  const carried = new Set(instance.dialects[dialect]);
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
    parameters: new Set(record.parameters.filter((parameter) => carried.has(parameter))),
    rules: (record.rules ?? []).filter(
      (rule) => rule.dialect === undefined || rule.dialect === dialect,
    ),
    efforts: record.efforts ?? [],
    defaultEffort: record.defaultEffort,
    defaultSampling: record.defaultSampling ?? {},
    deterministicSampling: record.deterministicSampling ?? { temperature: 0 },
    wire: record.wire ?? {},
    pricing: record.pricing,
    deprecated: record.endDate !== undefined,
  };
}

/** A configured model over the built-in record of the same id, if there is one. */
function configuredRecord(entry: RegistryEntry, instance: RegistryInstance): ModelRecord {
  const { provider, enabled, ...own } = entry;
  const base = instance.models.find(({ id }) => id === entry.id);
  const dialect = own.dialect ?? base?.dialect ?? instance.dialect;
  const reasons = (own.efforts ?? base?.efforts ?? []).length > 0;
  return {
    capabilities: reasons ? [...ASSUMED_CAPABILITIES, "reasoning"] : ASSUMED_CAPABILITIES,
    parameters: instance.dialects[dialect] ?? [],
    ...base,
    ...own,
    ...(own.dialect !== undefined && { dialect: own.dialect }),
  };
}

function recordsOf(
  instance: RegistryInstance,
  entries: readonly RegistryEntry[],
): readonly Model[] {
  const own = entries.filter(({ provider }) => provider === instance.id);
  const replaced = new Set(own.map(({ id }) => id));
  const configured = own
    .filter(({ enabled }) => enabled)
    .map((entry) => {
      const model = toModel(configuredRecord(entry, instance), instance);
      return entry.dialect === undefined
        ? model
        : toModel(configuredRecord(entry, instance), { ...instance, dialect: entry.dialect });
    });
  const builtIn = instance.models
    .filter(({ id }) => !replaced.has(id))
    .map((record) => toModel(record, instance));
  return [...configured, ...builtIn];
}

/** All names of a model: its id, display name, the provider's own id, aliases. */
function namesOf(model: Model): string[] {
  return [model.id, model.displayName, model.providerModel, ...model.aliases];
}

function notFound(name: string, known: Iterable<string>): GatewayError {
  const names = [...known];
  return new GatewayError("not-found", `no model "${name}"${didYouMean(name, names)}`, {
    reason: "MODEL_NOT_FOUND",
    metadata: {
      resource_type: "model",
      resource_name: name,
      suggestions: nearNames(name, names).join(", "),
    },
  });
}

export function createModelRegistry(
  instances: readonly RegistryInstance[],
  entries: readonly RegistryEntry[],
): ModelRegistry {
  const list = instances.flatMap((instance) => recordsOf(instance, entries));
  const byName = new Map<string, Model[]>();
  for (const model of list) {
    for (const name of new Set(namesOf(model).map((each) => each.toLowerCase()))) {
      const offers = byName.get(name);
      if (offers === undefined) byName.set(name, [model]);
      else offers.push(model);
    }
  }

  /** `provider/model`, where the provider is an instance or a type. */
  function qualified(name: string): readonly Model[] {
    const slash = name.indexOf("/");
    if (slash < 0) return [];
    const provider = name.slice(0, slash);
    const offers = byName.get(name.slice(slash + 1).toLowerCase()) ?? [];
    const exact = offers.filter((model) => model.provider === provider);
    return exact.length > 0 ? exact : offers.filter((model) => model.providerType === provider);
  }

  return {
    list,
    lookup(name) {
      const offers = byName.get(name.toLowerCase()) ?? [];
      // The same name can be one model's id and another's alias: the id wins.
      const byId = offers.filter(({ id }) => id.toLowerCase() === name.toLowerCase());
      const found = byId.length > 0 ? byId : offers.length > 0 ? offers : qualified(name);
      if (found.length === 0) throw notFound(name, new Set(list.flatMap(namesOf)));
      return found;
    },
  };
}
