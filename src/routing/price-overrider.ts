import type { Model, PriceOverride, Pricing } from "../domain/model.ts";

export interface PriceOverrides {
  readonly version: string;
  /** Prices by model, or by `instance/model`, which takes precedence. */
  readonly byModel: Readonly<Record<string, PriceOverride>>;
}

function repriced(
  listed: Pricing | undefined,
  { prices, currency, tiers }: PriceOverride,
  version: string,
): Pricing | undefined {
  const { inputPicos, outputPicos } = prices;
  if (inputPicos !== undefined && outputPicos !== undefined) {
    const inForce = currency ?? listed?.currency ?? "USD";
    return { ...prices, inputPicos, outputPicos, currency: inForce, date: version, tiers };
  }
  return listed === undefined ? undefined : { ...listed, ...prices, date: version };
}

/** Replaces listed prices by the operator's, and reports operator's prices that match no model. */
export function createPriceOverrider({ byModel, version }: PriceOverrides) {
  const unused = new Set(Object.keys(byModel));
  const problems: string[] = [];

  function priced(model: Model): Model {
    const own = `${model.provider}/${model.id}`;
    const key = [own, model.id].find((each) => Object.hasOwn(byModel, each));
    const override = key === undefined ? undefined : byModel[key];
    if (key === undefined || override === undefined) return model;
    unused.delete(key);
    const pricing = repriced(model.pricing, override, version);
    if (pricing !== undefined) return { ...model, pricing };
    problems.push(`${key}: ${own} has no listed price: set input and output`);
    return model;
  }

  return {
    reprice: (models: readonly Model[]): readonly Model[] => models.map(priced),
    /** Keys that match no model. Complete only after every model was priced. */
    unused: (): readonly string[] => [...unused],
    problems: (): readonly string[] => problems,
  };
}
