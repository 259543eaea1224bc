import type { Sampling } from "../domain/generation-spec.ts";
import type { Model } from "../domain/model.ts";

const DETERMINISTIC_SEED = 42;

function isEmpty(value: object): boolean {
  return Object.keys(value).length === 0;
}

/**
 * The caller's sampling over the model's defaults, and `deterministic` over both. The same object if the model adds
 * nothing.
 */
export function effectiveSampling(asked: Sampling, model: Model): Sampling {
  if (asked.deterministic !== true) {
    return isEmpty(model.defaultSampling) ? asked : { ...model.defaultSampling, ...asked };
  }
  const { deterministic: _, temperature, topP, ...rest } = { ...model.defaultSampling, ...asked };
  const seed = model.parameters.has("sampling.seed") ? { seed: DETERMINISTIC_SEED } : {};
  return { ...seed, ...rest, ...model.deterministicSampling };
}

/** Whether a setting that makes answers repeatable is left. */
export function isRepeatable({ temperature, topP, seed }: Sampling): boolean {
  return temperature !== undefined || topP !== undefined || seed !== undefined;
}
